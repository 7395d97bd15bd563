package bootstrap_test

import (
	"go/token"
	"path"
	"strings"
	"testing"
)

// plantedFile is Go text in a package of an imagined tree; a name ending in _test.go makes it a test.
type plantedFile struct{ name, text string }

// goodHouse uses every liberty that the rules give.
var goodHouse = []plantedFile{
	{"main.go", `package main; import ("go.uber.org/fx"; "lovesaijo/bootstrap")`},
	{"bootstrap/run.go", `package bootstrap; import ("go.uber.org/fx"; "lovesaijo/adapter/postgres"; "lovesaijo/adapter/rest")`},
	{"domain/lot/draw.go", `package lot; import ("math"; "time"; "github.com/samber/lo"; "lovesaijo/domain/money")
		const most = math.MaxInt64
		func live(until, now time.Time) bool { return now.Before(until.Add(24 * time.Hour)) }`},
	{"domain/lot/draw_test.go", `package lot; import ("testing"; "github.com/stretchr/testify/require"; "pgregory.net/rapid")`},
	{"domain/wallettest/ledger.go", `package wallettest; import ("testing"; "github.com/stretchr/testify/require"; "lovesaijo/domain/wallet")`},
	{"usecase/unit.go", `package usecase; import ("context"; "golang.org/x/sync/errgroup"; "lovesaijo/domain/fault")`},
	{"usecase/paying/pay.go", `package paying; import ("encoding/json"; "lovesaijo/usecase"; "lovesaijo/domain/wallet")`},
	{"usecase/paying/pay_test.go", `package paying_test; import ("lovesaijo/adapter/memory"; "github.com/stretchr/testify/require")`},
	{"adapter/postgres/ledger.go", `package postgres; import ("github.com/jackc/pgx/v5"; "lovesaijo/adapter/postgres/rows"; "lovesaijo/usecase")`},
	{"adapter/postgres/rows/scan.go", `package rows; import "lovesaijo/domain/wallet"`},
	{"adapter/postgres/ledger_test.go", `package postgres_test; import ("lovesaijo/adapter/pgcluster"; "lovesaijo/domain/wallettest"; "lovesaijo/migrations")`},
	{"adapter/rest/payments.go", `package rest; import ("github.com/gofiber/fiber/v2"; "lovesaijo/usecase/paying")`},
	{"migrations/embed.go", `package migrations; import "embed"`},
	{"e2e/journey_test.go", `package e2e_test; import "lovesaijo/adapter/pgcluster"`},
}

// plantedBreaches hold one breach each, and the words that must name it.
var plantedBreaches = []struct {
	rule, breach string
	tree         []plantedFile
}{
	{
		"domain imports only the standard library, lo and domain", "domain/lot imports github.com/google/uuid",
		[]plantedFile{{"domain/lot/lot.go", `package lot; import "github.com/google/uuid"`}},
	},
	{
		"domain imports only the standard library, lo and domain", "domain/lot imports lovesaijo/usecase",
		[]plantedFile{{"domain/lot/lot.go", `package lot; import "lovesaijo/usecase"`}},
	},
	{
		"domain imports only the standard library, lo and domain", "domain/lot imports github.com/samber/lopsided",
		[]plantedFile{{"domain/lot/lot.go", `package lot; import "github.com/samber/lopsided"`}},
	},
	{
		"domain imports only the standard library, lo and domain", "domain/lot imports github.com/stretchr/testify/require",
		[]plantedFile{{"domain/lot/lot.go", `package lot; import "github.com/stretchr/testify/require"`}},
	},
	{
		"domain imports only the standard library, lo and domain", "a test of domain/lot imports lovesaijo/adapter/memory",
		[]plantedFile{{"domain/lot/lot_test.go", `package lot_test; import "lovesaijo/adapter/memory"`}},
	},
	{
		"domain imports only the standard library, lo and domain", "domain/wallettest imports lovesaijo/adapter/memory",
		[]plantedFile{{"domain/wallettest/ledger.go", `package wallettest; import "lovesaijo/adapter/memory"`}},
	},

	{
		"domain does no SQL, HTTP, JSON, files or network", "domain/fund imports database/sql/driver",
		[]plantedFile{{"domain/fund/fund.go", `package fund; import "database/sql/driver"`}},
	},
	{
		"domain does no SQL, HTTP, JSON, files or network", "domain/fund imports net/http",
		[]plantedFile{{"domain/fund/fund.go", `package fund; import "net/http"`}},
	},
	{
		"domain does no SQL, HTTP, JSON, files or network", "domain/fund imports encoding/json",
		[]plantedFile{{"domain/fund/fund.go", `package fund; import "encoding/json"`}},
	},
	{
		"domain does no SQL, HTTP, JSON, files or network", "domain/fund imports os",
		[]plantedFile{{"domain/fund/fund.go", `package fund; import ("net/netip"; "os")`}},
	},

	{
		"domain reads no clock", "fund.go:1 uses time.Now",
		[]plantedFile{{"domain/fund/fund.go", `package fund; import "time"; var clock = time.Now`}},
	},
	{
		"domain reads no clock", "uses time.Until",
		[]plantedFile{{"domain/fund/fund.go", `package fund; import t "time"; func f(at t.Time) t.Duration { return t.Until(at) }`}},
	},

	{
		"domain counts in whole numbers", "uses float64",
		[]plantedFile{{"domain/money/money.go", `package money; type Points float64`}},
	},
	{
		"domain counts in whole numbers", "has the literal 0.5",
		[]plantedFile{{"domain/money/money.go", `package money; const half = 0.5`}},
	},
	{
		"domain counts in whole numbers", "uses math.Round",
		[]plantedFile{{"domain/money/money.go", `package money; import "math"; var round = math.Round`}},
	},
	{
		"domain counts in whole numbers", "uses strconv.ParseFloat",
		[]plantedFile{{"domain/money/money.go", `package money; import "strconv"; var parse = strconv.ParseFloat`}},
	},

	{
		"domain types carry no tags of a format or a store", `has the tag`,
		[]plantedFile{{"domain/fund/fund.go", "package fund; type Fund struct { Name string `json:\"name\"` }"}},
	},

	{
		"use cases import only the standard library, lo, x/sync, domain and usecase", "usecase/paying imports lovesaijo/adapter/postgres",
		[]plantedFile{{"usecase/paying/pay.go", `package paying; import "lovesaijo/adapter/postgres"`}},
	},
	{
		"use cases import only the standard library, lo, x/sync, domain and usecase", "a test of usecase/paying imports lovesaijo/adapter/postgres",
		[]plantedFile{{"usecase/paying/pay_test.go", `package paying; import "lovesaijo/adapter/postgres"`}},
	},
	{
		"use cases import only the standard library, lo, x/sync, domain and usecase", "usecase/paying imports github.com/jackc/pgx/v5",
		[]plantedFile{{"usecase/paying/pay.go", `package paying; import "github.com/jackc/pgx/v5"`}},
	},
	{
		"use cases import only the standard library, lo, x/sync, domain and usecase", "usecase/paying imports net/http",
		[]plantedFile{{"usecase/paying/pay.go", `package paying; import "net/http"`}},
	},
	{
		"use cases import only the standard library, lo, x/sync, domain and usecase", "usecase/paying imports lovesaijo/adapter/memory",
		[]plantedFile{{"usecase/paying/pay.go", `package paying; import "lovesaijo/adapter/memory"`}},
	},

	{
		"an adapter imports domain, usecase and itself, never another adapter", "adapter/rest imports lovesaijo/adapter/postgres",
		[]plantedFile{{"adapter/rest/payments.go", `package rest; import "lovesaijo/adapter/postgres"`}},
	},
	{
		"an adapter imports domain, usecase and itself, never another adapter", "adapter/rest/view imports lovesaijo/adapter/site",
		[]plantedFile{{"adapter/rest/view/view.go", `package view; import ("lovesaijo/adapter/rest"; "lovesaijo/adapter/site")`}},
	},
	{
		"an adapter imports domain, usecase and itself, never another adapter", "a test of adapter/rest imports lovesaijo/adapter/postgres",
		[]plantedFile{{"adapter/rest/payments_test.go", `package rest_test; import "lovesaijo/adapter/postgres"`}},
	},
	{
		"an adapter imports domain, usecase and itself, never another adapter", "adapter/rest imports lovesaijo/adapter/restful",
		[]plantedFile{{"adapter/rest/payments.go", `package rest; import "lovesaijo/adapter/restful"`}},
	},
	{
		"an adapter imports domain, usecase and itself, never another adapter", "adapter/rest imports lovesaijo/bootstrap",
		[]plantedFile{{"adapter/rest/payments.go", `package rest; import "lovesaijo/bootstrap"`}},
	},

	{
		"migrations know nothing of the program", "migrations imports lovesaijo/adapter/postgres",
		[]plantedFile{{"migrations/embed.go", `package migrations; import "lovesaijo/adapter/postgres"`}},
	},

	{
		"fx stays in bootstrap and main", "adapter/rest imports go.uber.org/fx",
		[]plantedFile{{"adapter/rest/module.go", `package rest; import "go.uber.org/fx"`}},
	},

	{
		"test support is imported by tests only", "adapter/rest imports lovesaijo/domain/wallettest",
		[]plantedFile{{"adapter/rest/payments.go", `package rest; import "lovesaijo/domain/wallettest"`}},
	},
	{
		"test support is imported by tests only", "bootstrap imports github.com/stretchr/testify/require",
		[]plantedFile{{"bootstrap/run.go", `package bootstrap; import "github.com/stretchr/testify/require"`}},
	},

	{
		"use case packages are activities", "usecase/payment is not named for an activity",
		[]plantedFile{{"usecase/payment/pay.go", `package payment`}},
	},

	{
		"no package is a drawer", "adapter/rest/util is a drawer",
		[]plantedFile{{"adapter/rest/util/strings.go", `package util`}},
	},
	{
		"no package is a drawer", "domain/municipal is a drawer",
		[]plantedFile{{"domain/municipal/municipal.go", `package service`}},
	},

	{
		"package names never collide", "domain/wallet and adapter/postgres/wallet are both named wallet",
		[]plantedFile{{"domain/wallet/book.go", `package wallet`}, {"adapter/postgres/wallet/rows.go", `package wallet`}},
	},
}

// parsePlanted builds the tree of packages as the go command would list it, in the order of the files.
func parsePlanted(t *testing.T, planted []plantedFile) []source {
	t.Helper()
	var tree []source
	for _, f := range planted {
		folder := strings.TrimPrefix(path.Dir(f.name), ".")
		at := -1
		for i := range tree {
			if tree[i].path == folder {
				at = i
			}
		}
		if at < 0 {
			tree = append(tree, source{path: folder, fset: token.NewFileSet()})
			at = len(tree) - 1
		}
		p := &tree[at]
		file := parseFile(t, p.fset, f.name, f.text)
		p.name = strings.TrimSuffix(file.Name.Name, "_test")
		if strings.HasSuffix(f.name, "_test.go") {
			p.testImports = append(p.testImports, importsOf(t, file)...)
			continue
		}
		p.imports = append(p.imports, importsOf(t, file)...)
		p.files = append(p.files, file)
	}
	return tree
}

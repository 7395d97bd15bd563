package rest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lovesaijo/domain/fault"
)

// Faults gives docs/faults.md: every code that an answer can carry, with its status and what people are told.
func Faults() string {
	var b strings.Builder
	b.WriteString(`# Refusals

Every refusal of the HTTP interface is problem+json (RFC 9457) with one of these codes. A code never changes its meaning; the
texts may. The list is written by a test from the code: ` + "`go tool task golden:update -- ./adapter/rest`" + `.

## Of the platform

| Code | Status | Told to the person |
|---|---|---|
`)
	for _, f := range fault.All() {
		row(&b, string(f.Code), statusOf[f.Kind], f.Message)
	}
	b.WriteString("\n## Of HTTP\n\n| Code | Status | Told to the person |\n|---|---|---|\n")
	for _, p := range slices.SortedFunc(slices.Values(protocolProblems), func(a, b Problem) int { return cmp.Compare(a.Code, b.Code) }) {
		row(&b, p.Code, p.Status, p.Title)
	}
	b.WriteString("\n## Of single fields\n\nIn `errors[].code` stands the code of a fault above, or, where a value breaks the contract:\n\n| Code | Told to the person |\n|---|---|\n")
	codes := make([]string, 0, len(breaches))
	for code := range breaches {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		fmt.Fprintf(&b, "| `%s` | %s |\n", code, strings.ReplaceAll(breaches[code], "#", "…"))
	}
	return b.String()
}

func row(b *strings.Builder, code string, status int, message string) {
	fmt.Fprintf(b, "| `%s` | %d | %s |\n", code, status, message)
}

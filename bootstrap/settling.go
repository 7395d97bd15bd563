package bootstrap

import (
	"time"

	"go.uber.org/fx"

	"lovesaijo/adapter/postgres"
	"lovesaijo/adapter/zedi"
	"lovesaijo/adapter/zengin"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

// settlements are closed, claimed and paid.
var settlements = fx.Provide(
	unitOf(func(s *postgres.Session) settling.Stores {
		return settling.Stores{
			Ledger: s.Ledger(), Periods: s.Periods(), Claims: s.Claims(), Decisions: s.Decisions(), Trail: s.Trail(), Outbox: s.Outbox(),
		}
	}),
	func(db *postgres.DB) settlement.Horizon { return db.Horizon() },
	func() settling.Formats {
		return settling.Formats{
			settlement.FormatZengin: zenginFormat{}, settlement.FormatZEDI: zediFormat{}, settlement.FormatCSV: settling.Accounting{},
		}
	},
	settling.NewPeriods, settling.NewStatements, settling.NewClaims, settling.NewAccounts, settling.NewDecisions, settling.NewFiles, settling.NewPayouts,
)

// zenginFormat makes package zengin a format of bank files.
type zenginFormat struct{}

func (zenginFormat) Name() string { return settlement.FormatZengin }

func (zenginFormat) Extension() string { return "txt" }

func (zenginFormat) Write(file bank.TransferFile, p bank.Profile, _ time.Time) ([]byte, error) {
	return zengin.Write(file, p)
}

func (zenginFormat) Read(content []byte, p bank.Profile, near calendar.Day) (bank.TransferFile, []bank.Violation) {
	return zengin.Read(content, p, near)
}

// zediFormat makes package zedi one.
type zediFormat struct{}

func (zediFormat) Name() string { return settlement.FormatZEDI }

func (zediFormat) Extension() string { return "xml" }

func (zediFormat) Write(file bank.TransferFile, p bank.Profile, now time.Time) ([]byte, error) {
	return zedi.Write(file, p, now)
}

func (zediFormat) Read(content []byte, p bank.Profile, _ calendar.Day) (bank.TransferFile, []bank.Violation) {
	return zedi.Read(content, p)
}

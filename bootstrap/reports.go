package bootstrap

import (
	"io"
	"time"

	"go.uber.org/fx"

	"lovesaijo/adapter/postgres"
	"lovesaijo/adapter/print"
	"lovesaijo/adapter/rest"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/report"
	"lovesaijo/usecase"
	"lovesaijo/usecase/reporting"
	"lovesaijo/usecase/settling"
)

// freezeEvery is how often the worker looks for half-year reports that can be frozen.
const freezeEvery = time.Hour

// reports are what the city shows of its books.
var reports = fx.Provide(
	unitOf(func(s *postgres.Session) reporting.Stores {
		return reporting.Stores{Archive: s.Archive(), Trail: s.Trail()}
	}),
	func(db *postgres.DB) report.Journal { return db.Reports() },
	func(db *postgres.DB) report.Shelf { return db.Reports() },
	reporting.New, newFreezing,
)

// newFreezing freezes up to where seals know the journal to be certain.
func newFreezing(reading *reporting.Reporting, unit usecase.Unit[reporting.Stores], seals proof.Seals, clock usecase.Clock) *reporting.Freezing {
	return reporting.NewFreezing(reading, unit, seals, clock)
}

// newPrints lets the HTTP interface write documents on paper.
func newPrints(config Config) (rest.Prints, error) {
	printer, err := print.New(config.BaseURL)
	if err != nil {
		return rest.Prints{}, err
	}
	return rest.Prints{
		Passbook: func(book reporting.Passbook) ([]byte, error) {
			return inMemory(func(w io.Writer) error { return printer.Passbook(w, book) })
		},
		Statement: func(sheet settling.Sheet) ([]byte, error) {
			return inMemory(func(w io.Writer) error { return printer.Statement(w, sheet) })
		},
		Unused: func(u reporting.Unused, printed time.Time) ([]byte, error) {
			return inMemory(func(w io.Writer) error { return printer.Unused(w, u, printed) })
		},
	}, nil
}

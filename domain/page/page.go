// Package page bounds every list: a list is read from a key onwards, never by counting rows.
package page

import "lovesaijo/domain/fault"

// LimitMax and LimitDefault bound the rows of one page.
const (
	LimitMax     = 100
	LimitDefault = 20
)

// ErrLimit refuses a page size outside 1..LimitMax.
var ErrLimit = fault.Define(fault.Invalid, "limit_out_of_range", "1ページの件数は1から100までです。")

// ErrCursor refuses a cursor that this list did not give out.
var ErrCursor = fault.Define(fault.Invalid, "cursor_malformed", "ページの位置が正しくありません。最初から読み直してください。")

// Of is a page of rows. Next is empty on the last page.
type Of[Row any] struct {
	Rows []Row
	Next string
}

// Cut makes a page of rows that were read one beyond limit; cursor names a row's place in the list.
func Cut[Row any](rows []Row, limit int, cursor func(Row) string) Of[Row] {
	if len(rows) <= limit {
		return Of[Row]{Rows: rows}
	}
	return Of[Row]{Rows: rows[:limit], Next: cursor(rows[limit-1])}
}

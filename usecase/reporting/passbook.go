package reporting

import (
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
)

// Passbook is a person's history as a document (clause 4.3.4).
type Passbook struct {
	Holder  string
	Role    user.Role
	From    calendar.Day // first day that was asked for; zero for all
	Until   calendar.Day // last day; zero for all
	Chosen  []string     // what else narrows it, in words
	Lines   []PassbookLine
	Cut     bool // there are older lines that did not find room
	Printed time.Time
}

// PassbookLine is one line with the name of the other side. Lines stand in the order in which things happened.
type PassbookLine struct {
	ledger.Line
	Type string
	With string
}

// PassbookLinesMax bounds a passbook.
const PassbookLinesMax = 2_000

package journey_test

import "lovesaijo/e2e/harness"

type lack struct {
	Wallet  harness.Party `json:"wallet"`
	Fund    string        `json:"fund"`
	Needed  int64         `json:"needed"`
	Missing int64         `json:"missing"`
}

// undoing is everything that a correction would do.
type undoing struct {
	Original struct {
		EntryID string        `json:"entry_id"`
		Type    string        `json:"type"`
		From    harness.Party `json:"from"`
		To      harness.Party `json:"to"`
		Amount  int64         `json:"amount"`
		Undone  int64         `json:"undone"`
	} `json:"original"`
	Type    string `json:"type"`
	Amount  int64  `json:"amount"`
	Left    int64  `json:"left"`
	Refused bool   `json:"refused"`
	Moves   []struct {
		Part   string        `json:"part"`
		From   harness.Party `json:"from"`
		To     harness.Party `json:"to"`
		Kind   string        `json:"kind"`
		Hops   int           `json:"hops"`
		Amount int64         `json:"amount"`
		Lapsed bool          `json:"lapsed"`
	} `json:"moves"`
	Lapsed   int64 `json:"lapsed"`
	Cashback struct {
		Returned int64 `json:"returned"`
		Taken    int64 `json:"taken"`
		Netted   int64 `json:"netted"`
	} `json:"cashback"`
	Awards []struct {
		OfferID string `json:"offer_id"`
		Amount  int64  `json:"amount"`
		How     string `json:"how"`
	} `json:"awards"`
	Statements []struct {
		Merchant harness.Party `json:"merchant"`
		PeriodID string        `json:"period_id"`
	} `json:"statements"`
	Owed         []lack `json:"owed"`
	Shortages    []lack `json:"shortages"`
	Limit        int64  `json:"limit"`
	SecondPerson bool   `json:"second_person"`
	Waiting      []struct {
		ID string `json:"id"`
	} `json:"waiting"`
}

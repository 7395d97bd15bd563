// Package lot knows what points are made of: kinds, lots, the order in which they are used, and when they lapse.
//
// A wallet does not hold one number but lots. Points in one lot share a kind, the fund that backs them, the last
// day they are good for, how often they have changed hands, and whether somebody paid cash for them. Received
// points with the same key join the lot that is there, so a merchant's wallet stays small however many people
// pay. Draw is the only place that decides which lots go first (clauses 4.3.1 and 4.3.5).
package lot

import (
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/money"
)

// ID identifies a lot.
type ID = ident.ID[Lot]

// FundCode names a fund. It is declared here because a lot names its backing; fund.Code is the same type.
type FundCode string

// Key is what makes points the same: two amounts with one key in one wallet are one lot.
type Key struct {
	Kind    KindCode
	Fund    FundCode
	Expires calendar.Day // the last day the points can be used; calendar.Never where they do not lapse
	Hops    int32        // how often these points went from one owner to another
	Paid    bool         // bought with cash, as against given
}

// Lot is an amount of like points in one wallet.
type Lot struct {
	ID ID
	Key
	Remaining money.Points
	Since     time.Time // when the first of these points came into this wallet
}

// LiveOn tells whether the lot can be used on day: it is good until the end of its last day.
func (l Lot) LiveOn(day calendar.Day) bool { return l.Expires >= day }

// Passed gives the key that points of l have once they are handed on, under the rules of their kind: one hop
// more and, where a merchant receives them and the kind says so, without an expiry.
func (l Lot) Passed(kind Kind, toMerchant bool) Key {
	key := l.Key
	key.Hops++
	if toMerchant && kind.ClearedAtMerchant {
		key.Expires = calendar.Never
	}
	return key
}

package lot

import (
	"cmp"
	"slices"

	"lovesaijo/domain/fault"
)

// Criterion is one question by which lots are put in order.
type Criterion string

// The criteria. Whatever the list says, lots that are alike in all of it go by age, then hops, fund and
// kind, and last by identifier, so the order is never left to chance.
const (
	ByRank      Criterion = "kind_rank"    // the kind with the lower rank first
	ByExpiry    Criterion = "expiry"       // the one that lapses sooner first
	ByFreeFirst Criterion = "free_first"   // given before bought
	ByAge       Criterion = "oldest_first" // the one that came earlier first
	byRest      Criterion = "none"         // hops, fund, kind: nothing that a person would ask about
)

// Precedence is the order in which lots are used: the first criterion that tells two lots apart decides.
type Precedence []Criterion

// DefaultPrecedence is in force until administrators decide otherwise.
var DefaultPrecedence = Precedence{ByRank, ByExpiry, ByFreeFirst, ByAge}

// ErrPrecedence refuses a list of criteria.
var ErrPrecedence = fault.Define(fault.Invalid, "precedence_invalid", "優先順位は kind_rank、expiry、free_first、oldest_first を重複なく並べてください。")

// Valid refuses an empty list, an unknown criterion and a criterion named twice.
func (p Precedence) Valid() error {
	known := []Criterion{ByRank, ByExpiry, ByFreeFirst, ByAge}
	for i, c := range p {
		if !slices.Contains(known, c) || slices.Contains(p[:i], c) {
			return ErrPrecedence.At("precedence")
		}
	}
	if len(p) == 0 {
		return ErrPrecedence.At("precedence")
	}
	return nil
}

// compare tells which of two lots goes first (negative: a) and which criterion decided it.
func (p Precedence) compare(a, b *Lot, kinds map[KindCode]Kind) (int, Criterion) {
	for _, c := range p {
		order := 0
		switch c {
		case ByRank:
			order = cmp.Compare(kinds[a.Kind].Rank, kinds[b.Kind].Rank)
		case ByExpiry:
			order = cmp.Compare(a.Expires, b.Expires)
		case ByFreeFirst:
			if a.Paid != b.Paid {
				order = 1
				if b.Paid {
					order = -1
				}
			}
		case ByAge:
			order = a.Since.Compare(b.Since)
		}
		if order != 0 {
			return order, c
		}
	}
	if order := a.Since.Compare(b.Since); order != 0 {
		return order, ByAge
	}
	order := cmp.Or(cmp.Compare(a.Hops, b.Hops), cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.ID[:], b.ID[:]))
	return order, byRest
}

package memory

import (
	"context"
	"slices"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
)

// Claims is settlement.Claims on a session. Its payouts, files and accounts are in payouts.go.
type Claims struct{ session *Session }

// Claims gives the session's claims.
func (s *Session) Claims() *Claims { return &Claims{s} }

var _ settlement.Claims = (*Claims)(nil)

// AddClaims is settlement.Claims'.
func (c *Claims) AddClaims(_ context.Context, claims []settlement.Claim) error {
	var no int64
	for _, other := range c.session.claims.all() {
		no = max(no, other.No)
	}
	for _, claim := range claims {
		switch {
		case c.session.claims.has(claim.ID):
			return c.session.fail(violation("claims_pkey", "claim %s is there", claim.ID))
		case !c.session.periods.has(claim.Period):
			return c.session.fail(violation("claims_period_fkey", "period %s", claim.Period))
		}
		no++
		claim.No, claim.Version = no, 1
		if err := c.put(claim); err != nil {
			return err
		}
	}
	return nil
}

func (c *Claims) put(claim settlement.Claim) error {
	unmoved := claim.State == settlement.Drafted || claim.State == settlement.Superseded
	switch {
	case claim.Amount <= 0:
		return c.session.fail(violation("claims_amount_positive", "%d", claim.Amount))
	case unmoved != claim.Entry.IsZero():
		return c.session.fail(violation("claims_moved_points", "claim %s is %s", claim.ID, claim.State))
	case !claim.ApprovedBy.IsZero() && claim.ApprovedBy == claim.ConfirmedBy:
		return c.session.fail(violation("claims_two_people", "claim %s", claim.ID))
	}
	if claim.State == settlement.Drafted {
		for id, other := range c.session.claims.all() {
			if id != claim.ID && other.State == settlement.Drafted && other.Merchant == claim.Merchant {
				return c.session.fail(violation("claims_one_draft", "wallet %s", claim.Merchant))
			}
		}
	}
	claim.Parts, claim.Offset = slices.Clone(claim.Parts), slices.Clone(claim.Offset)
	c.session.claims.put(claim.ID, claim)
	return nil
}

// LockClaims is settlement.Claims'. The unit has the whole store for itself.
func (c *Claims) LockClaims(_ context.Context, ids []settlement.ClaimID) ([]settlement.Claim, error) {
	return pick(c.session.claims, ids, func(c settlement.Claim) settlement.ClaimID { return c.ID }), nil
}

// LockState is settlement.Claims'.
func (c *Claims) LockState(_ context.Context, merchant ledger.WalletID, states []settlement.ClaimState, limit int) ([]settlement.Claim, error) {
	claims := chosen(c.session.claims, func(c settlement.Claim) bool {
		return slices.Contains(states, c.State) && (merchant.IsZero() || c.Merchant == merchant)
	}, func(c settlement.Claim) settlement.ClaimID { return c.ID })
	return claims[:min(len(claims), limit)], nil
}

// SaveClaims is settlement.Claims'.
func (c *Claims) SaveClaims(_ context.Context, claims []settlement.Claim) error {
	for _, claim := range claims {
		was, known := c.session.claims.get(claim.ID)
		if !known || was.Version != claim.Version {
			return settlement.ErrClaimChanged
		}
		claim.No, claim.Period, claim.Merchant, claim.CreatedAt = was.No, was.Period, was.Merchant, was.CreatedAt
		claim.Version++
		if err := c.put(claim); err != nil {
			return err
		}
	}
	return nil
}

// ClaimedSince is settlement.Claims'.
func (c *Claims) ClaimedSince(_ context.Context, merchants []ledger.WalletID, seq int64) (map[ledger.WalletID]money.Points, error) {
	claimed := map[ledger.WalletID]money.Points{}
	for _, merchant := range unique(merchants) {
		lines, _ := c.session.lines.get(merchant)
		for _, line := range lines {
			if line.Type != ledger.Claim && line.Type != ledger.ClaimReturn {
				continue
			}
			if e, _ := c.session.entries.get(line.Entry); e.Seq > seq {
				claimed[merchant] -= line.Delta
			}
		}
	}
	return claimed, nil
}

// chosen gives the rows that a condition holds for, by identifier.
func chosen[K, V any](rows *table[ident.ID[K], V], holds func(V) bool, id func(V) ident.ID[K]) []V {
	var found []V
	for _, row := range rows.all() {
		if holds(row) {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, func(a, b V) int {
		x, y := id(a), id(b)
		return slices.Compare(x[:], y[:])
	})
	return found
}

// pick gives the rows that have one of the identifiers, by identifier.
func pick[K, V any](rows *table[ident.ID[K], V], ids []ident.ID[K], id func(V) ident.ID[K]) []V {
	return chosen(rows, func(row V) bool { return slices.Contains(ids, id(row)) }, id)
}

package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
)

// Treasury is fund.Treasury on a session.
type Treasury struct{ session *Session }

// Treasury gives the session's funds.
func (s *Session) Treasury() *Treasury { return &Treasury{s} }

// FundReader is fund.Reader on a store.
type FundReader struct{ store *Store }

// Funds gives the reader of funds.
func (s *Store) Funds() *FundReader { return &FundReader{s} }

var (
	_ fund.Treasury = (*Treasury)(nil)
	_ fund.Reader   = (*FundReader)(nil)
)

// Add is fund.Treasury's.
func (t *Treasury) Add(_ context.Context, f fund.Fund) error {
	if t.session.funds.has(f.Code) {
		return t.session.fail(fund.ErrTaken)
	}
	if err := f.Valid(); err != nil {
		return t.session.fail(violation("funds_code_well_formed", "fund %q: %s", f.Code, err))
	}
	f.Version = 1
	t.session.funds.put(f.Code, f)
	return nil
}

// Get is fund.Treasury's.
func (t *Treasury) Get(_ context.Context, code fund.Code) (fund.Fund, error) {
	return t.session.fundByCode(code)
}

// Save is fund.Treasury's.
func (t *Treasury) Save(_ context.Context, f fund.Fund) error {
	was, err := t.session.fundByCode(f.Code)
	switch {
	case err != nil:
		return err
	case was.Version != f.Version:
		return fund.ErrChanged
	}
	was.Name, was.Note, was.ClosedAt = f.Name, f.Note, f.ClosedAt
	was.Version++
	t.session.funds.put(f.Code, was)
	return nil
}

func (t *tables) fundByCode(code fund.Code) (fund.Fund, error) {
	if f, found := t.funds.get(code); found {
		return f, nil
	}
	return fund.Fund{}, ledger.ErrFundUnknown
}

// Funds is fund.Reader's.
func (r *FundReader) Funds(context.Context) (funds []fund.Fund, err error) {
	r.store.read(func(t *tables) { funds = slices.Collect(maps.Values(maps.Collect(t.funds.all()))) })
	slices.SortFunc(funds, func(a, b fund.Fund) int { return cmp.Compare(a.Code, b.Code) })
	return funds, nil
}

// Fund is fund.Reader's.
func (r *FundReader) Fund(_ context.Context, code fund.Code) (f fund.Fund, err error) {
	r.store.read(func(t *tables) { f, err = t.fundByCode(code) })
	return f, err
}

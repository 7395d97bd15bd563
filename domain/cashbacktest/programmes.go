package cashbacktest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

var programmeContracts = []contract{
	{"a programme reads back as entered", func(t *testing.T, p place) {
		want := p.addProgramme(t, Programme(p.restaurant.Wallet))
		read, err := p.Offers.Programme(t.Context(), want.ID)
		require.NoError(t, err)
		equal(t, want, read)
		equal(t, want, lockProgrammes(t, p, p.restaurant.Wallet)[0])
		require.Empty(t, lockProgrammes(t, p, p.bookshop.Wallet))
		labels, err := p.Offers.Labels(t.Context(), []cashback.OfferID{want.ID, cashback.NewOfferID(Now)})
		require.NoError(t, err)
		require.Equal(t, map[cashback.OfferID]cashback.Label{want.ID: want.Label()}, labels)
	}},
	{"an unknown one is not found", func(t *testing.T, p place) {
		stranger := Programme(p.restaurant.Wallet)
		_, err := p.Offers.Programme(t.Context(), stranger.ID)
		require.ErrorIs(t, err, cashback.ErrProgrammeUnknown)
		require.ErrorIs(t, saveProgramme(t, p, stranger), cashback.ErrProgrammeChanged)
		require.ErrorIs(t, withdraw(t, p, stranger.ID), cashback.ErrProgrammeUnknown)
	}},
	{"whatever changes what is in force moves the offers on", func(t *testing.T, p place) {
		first := version(t, p)
		programme := p.addProgramme(t, Programme(p.restaurant.Wallet))
		entered := version(t, p)
		require.Greater(t, entered, first)
		programme.Span.Until = today
		require.NoError(t, saveProgramme(t, p, programme))
		ended := version(t, p)
		require.Greater(t, ended, entered)
		later := p.addProgramme(t, Programme(p.restaurant.Wallet, func(c *cashback.Programme) { c.Span.From = today + 1 }))
		before := version(t, p)
		require.NoError(t, withdraw(t, p, later.ID))
		require.Greater(t, version(t, p), before)
		left := lockProgrammes(t, p, p.restaurant.Wallet)
		require.Len(t, left, 1)
		programme.Version = 2
		equal(t, programme, left[0])
	}},
	{"of many who change one version, one does", func(t *testing.T, p place) {
		programme := p.addProgramme(t, Programme(p.restaurant.Wallet))
		won := 0
		for range 4 {
			if err := saveProgramme(t, p, programme); err == nil {
				won++
			} else {
				require.ErrorIs(t, err, cashback.ErrProgrammeChanged)
			}
		}
		require.Equal(t, 1, won)
	}},
	{"whoever locks a shop's programmes has them alone", func(t *testing.T, p place) {
		entered := make(chan error, 8)
		for range cap(entered) {
			go func() {
				entered <- p.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
					there, err := s.Programmes.Lock(ctx, p.restaurant.Wallet)
					if err != nil || len(there) > 0 {
						return err
					}
					return s.Programmes.Add(ctx, Programme(p.restaurant.Wallet))
				})
			}()
		}
		for range cap(entered) {
			require.NoError(t, <-entered)
		}
		require.Len(t, lockProgrammes(t, p, p.restaurant.Wallet), 1)
	}},
	{"a unit that ends in an error enters nothing", func(t *testing.T, p place) {
		programme, before := Programme(p.restaurant.Wallet), version(t, p)
		require.ErrorIs(t, p.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			if err := s.Programmes.Add(ctx, programme); err != nil {
				return err
			}
			return errTurnedBack
		}), errTurnedBack)
		require.Empty(t, lockProgrammes(t, p, p.restaurant.Wallet))
		require.Equal(t, before, version(t, p))
	}},
	{"they are listed newest first, a page at a time", func(t *testing.T, p place) {
		var want []cashback.OfferID
		for i := range 3 {
			programme := p.addProgramme(t, Programme(p.restaurant.Wallet, func(c *cashback.Programme) { c.CreatedAt = Now.Add(time.Duration(i) * time.Second) }))
			want = append([]cashback.OfferID{programme.ID}, want...)
		}
		p.addProgramme(t, Programme(p.bookshop.Wallet))
		require.Equal(t, want, listProgrammes(t, p, p.restaurant.Wallet))
		require.Len(t, listProgrammes(t, p, user.WalletID{}), 4)
		_, err := p.Offers.Programmes(t.Context(), p.restaurant.Wallet, "nonsense", 2)
		require.ErrorIs(t, err, page.ErrCursor)
	}},
}

func lockProgrammes(t *testing.T, p place, merchant user.WalletID) (programmes []cashback.Programme) {
	t.Helper()
	p.do(t, func(ctx context.Context, s Stores) (err error) {
		programmes, err = s.Programmes.Lock(ctx, merchant)
		return err
	})
	return programmes
}

func saveProgramme(t *testing.T, p place, programme cashback.Programme) error {
	t.Helper()
	return p.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Programmes.Save(ctx, programme) })
}

func withdraw(t *testing.T, p place, id cashback.OfferID) error {
	t.Helper()
	return p.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Programmes.Withdraw(ctx, id) })
}

// version gives the version of the offers as a unit's book has it.
func version(t *testing.T, p place) (version int64) {
	t.Helper()
	want := bookOf(p.hana, p.restaurant.Wallet)
	p.do(t, func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Peek(ctx, Now, want)
		if err == nil {
			version = book.Rewards().Offers.Version
		}
		return err
	})
	return version
}

func listProgrammes(t *testing.T, p place, merchant user.WalletID) (listed []cashback.OfferID) {
	t.Helper()
	for after := ""; ; {
		found, err := p.Offers.Programmes(t.Context(), merchant, after, 2)
		require.NoError(t, err)
		require.LessOrEqual(t, len(found.Rows), 2)
		for _, programme := range found.Rows {
			listed = append(listed, programme.ID)
		}
		if after = found.Next; after == "" {
			return listed
		}
	}
}

// equal compares two programmes; an instant may come back in another zone.
func equal(t *testing.T, want, got cashback.Programme) {
	t.Helper()
	require.True(t, want.CreatedAt.Equal(got.CreatedAt), "%s, not %s", got.CreatedAt, want.CreatedAt)
	got.CreatedAt = want.CreatedAt
	require.Equal(t, want, got)
}

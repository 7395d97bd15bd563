package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
	"lovesaijo/usecase/proving"
)

// hall is a town's books in a database of their own, with the sealer and the heads outside.
type hall struct {
	*postgres.DB
	url    string
	town   *prooftest.Town // for its people and rules
	unit   *postgres.Unit[ledger.Ledger]
	shelf  *prooftest.Shelf
	seal   *proving.Seal
	verify *proving.Verify
}

func newHall(t *testing.T) *hall {
	t.Helper()
	url := pgtest.Open(t)
	h := &hall{DB: openAt(t, url), url: url, town: prooftest.NewTown(), shelf: &prooftest.Shelf{}}
	key := prooftest.NewKey(1)
	h.unit = postgres.NewUnit(h.DB, func(s *postgres.Session) ledger.Ledger { return s.Ledger() })
	h.seal = proving.NewSeal(h.Seals(), h.shelf, key, time.Now)
	h.verify = proving.NewVerify(h.Books(), h.shelf, key, h.DB, time.Now)
	h.exec(t, `INSERT INTO funds (code, name, created_at) VALUES ('city', '一般', now()), ('health', '健康', now())`)
	for _, w := range h.town.Wallets {
		h.exec(t, `INSERT INTO wallets (id, owner_id, role, opened_at) VALUES ($1, $1, $2, now())`, [16]byte(w.ID), int16(w.Role))
	}
	rulebook := postgres.NewUnit(h.DB, func(s *postgres.Session) ledger.Rulebook { return s.Rulebook() })
	require.NoError(t, rulebook.Do(t.Context(), func(ctx context.Context, rules ledger.Rulebook) error {
		for _, kind := range h.town.Rules.Kinds {
			if err := rules.SaveKind(ctx, kind, h.town.Now); err != nil {
				return err
			}
		}
		_, err := rules.Amend(ctx, ledger.RulesVersion{Rules: h.town.Rules, At: h.town.Now})
		return err
	}))
	offers := postgres.NewUnit(h.DB, func(s *postgres.Session) *postgres.Session { return s })
	require.NoError(t, offers.Do(t.Context(), func(ctx context.Context, s *postgres.Session) error {
		return errors.Join(s.Programmes().Add(ctx, h.town.Offers.Programmes[prooftest.Shop][0]), s.Campaigns().Add(ctx, h.town.Offers.Campaigns[0]))
	}))
	return h
}

// act does one act in a unit of its own.
func (h *hall) act(ctx context.Context, now time.Time, act func(*ledger.Book) error) error {
	return h.actOn(ctx, now, nil, act)
}

// actOn does one act that may undo entries of the past.
func (h *hall) actOn(ctx context.Context, now time.Time, past []ledger.EntryID, act func(*ledger.Book) error) error {
	want := ledger.Want{Past: past}
	for _, w := range h.town.Wallets {
		want.Wallets = append(want.Wallets, w.ID)
		want.Payments = append(want.Payments, ledger.Parties{Payer: ledger.Party{Wallet: prooftest.Hana}, Payee: ledger.Party{Wallet: w.ID}},
			ledger.Parties{Payer: ledger.Party{Wallet: prooftest.Taro}, Payee: ledger.Party{Wallet: w.ID}})
	}
	for pot := range h.town.Pots {
		want.Pots = append(want.Pots, pot)
	}
	slices.SortFunc(want.Pots, func(a, b ledger.Pot) int {
		return slices.Compare(append([]byte(a.Fund), append(a.Owner[:], byte(a.Kind))...), append([]byte(b.Fund), append(b.Owner[:], byte(b.Kind))...))
	})
	return h.unit.Do(ctx, func(ctx context.Context, l ledger.Ledger) error {
		book, err := l.Open(ctx, now, want)
		if err != nil {
			return err
		}
		return errors.Join(act(book), l.Append(ctx, book))
	})
}

// live puts the story's acts from number from up to before number to on the books.
func (h *hall) live(t *testing.T, from, to int) {
	t.Helper()
	i := 0
	for now, act := range prooftest.Acts() {
		if i >= from && i < to {
			require.NoError(t, h.act(t.Context(), now, act))
		}
		i++
	}
}

// liveOn puts the sequel on the books, on which the story is.
func (h *hall) liveOn(t *testing.T) {
	t.Helper()
	for now, act := range prooftest.Sequel() {
		var entries []ledger.Entry
		reading, err := h.Books().Read(t.Context())
		require.NoError(t, err)
		require.NoError(t, reading.Journal(t.Context(), func(some []ledger.Entry) error {
			entries = append(entries, slices.Clone(some)...)
			return nil
		}))
		reading.Close()
		past := make([]ledger.EntryID, len(entries))
		for i := range entries {
			past[i] = entries[i].ID
		}
		require.NoError(t, h.actOn(t.Context(), now, past, func(b *ledger.Book) error {
			return act(b, func(no int) ledger.Entry { return entries[no-1] })
		}), len(entries)+1)
		// What the campaign grants is its payout.
		h.exec(t, `INSERT INTO batches (id, fund, kind, state, rows, total, done, granted, created_by, created_at)
			SELECT batch_id, 'city', 'return', 'ended', 1, 50, 1, 50, $2, at FROM entries WHERE type = 6 AND batch_id = $1 ON CONFLICT DO NOTHING`,
			[16]byte(prooftest.Campaign), [16]byte(prooftest.Clerk))
		h.exec(t, `INSERT INTO batch_rows (batch_id, no, wallet_id, amount, state, entry_id)
			SELECT batch_id, 1, $2, 50, 'granted', id FROM entries WHERE type = 6 AND batch_id = $1 ON CONFLICT DO NOTHING`,
			[16]byte(prooftest.Campaign), [16]byte(prooftest.Hana))
		h.exec(t, `UPDATE campaigns SET state = 'paying' WHERE id IN (SELECT id FROM batches)`)
	}
}

// exec runs statements as somebody with full rights does: past triggers and foreign keys.
func (h *hall) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	_, err = conn.Exec(t.Context(), `SET session_replication_role = replica`)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// sealTo runs rounds of the sealer until the journal is sealed up to a number. A round seals less when any unit of
// the server is under way, in the databases of other tests as well.
func (h *hall) sealTo(t *testing.T, seq int64) proving.Sealed {
	t.Helper()
	var sum proving.Sealed
	for range 60 {
		sealed, err := h.seal.Do(t.Context())
		require.NoError(t, err)
		sum = proving.Sealed{Blocks: sum.Blocks + sealed.Blocks, Entries: sum.Entries + sealed.Entries, Exported: sum.Exported + sealed.Exported}
		last, _, err := h.Seals().Last(t.Context())
		require.NoError(t, err)
		if last.Last >= seq {
			return sum
		}
	}
	require.Fail(t, "the sealer never came to the number", seq)
	return sum
}

func (h *hall) prove(t *testing.T) proving.Verdict {
	t.Helper()
	verdict, err := h.verify.Do(t.Context())
	require.NoError(t, err)
	return verdict
}

func codesOf(v proving.Verdict) []proof.Code {
	var codes []proof.Code
	for _, f := range v.Findings {
		if code := proof.Code(f.Code); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

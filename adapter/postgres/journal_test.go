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
	"lovesaijo/domain/lot"
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
	h.verify = proving.NewVerify(h.Books(), h.shelf, key, time.Now)
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
	return h
}

// act does one act in a unit of its own.
func (h *hall) act(ctx context.Context, now time.Time, act func(*ledger.Book) error) error {
	want := ledger.Want{}
	for _, w := range h.town.Wallets {
		want.Wallets = append(want.Wallets, w.ID)
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

func TestBooksInPostgreSQLProveThemselves(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 15)
	require.Equal(t, proving.Sealed{Blocks: 1, Entries: 15, Exported: 1}, h.sealTo(t, 15))
	h.live(t, 15, 17)
	verdict := h.prove(t)
	require.True(t, verdict.Clean, verdict)
	require.Equal(t, "verify: clean", verdict.Headline())
	require.EqualValues(t, 17, verdict.Counts.Entries)
	require.EqualValues(t, 1, verdict.Counts.Seals)
	require.EqualValues(t, 1, verdict.Counts.Heads)
	require.EqualValues(t, 2, verdict.Counts.Unsealed)
	require.EqualValues(t, 3, verdict.Counts.Keys)
	require.EqualValues(t, 4, verdict.Counts.Wallets)

	position, err := h.Position(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Len(t, verdict.Funds, len(position.Funds))
	for i, f := range position.Funds {
		require.Equal(t, proving.Fund{
			Fund: string(f.Fund), Bank: int64(f.Bank), Tills: int64(f.Tills), Unissued: int64(f.Unissued),
			Reserved: int64(f.Reserved), Wallets: int64(f.Wallets), Claimed: int64(f.Claimed),
		}, verdict.Funds[i])
	}
}

// planted are the ways in which somebody with full rights on the database may tamper with sealed books.
var planted = map[string]struct {
	sql   string
	codes []proof.Code
	text  string
}{
	"a lot with more in it": {
		`UPDATE lots SET remaining = remaining + 500 WHERE id = (SELECT id FROM lots WHERE open ORDER BY id LIMIT 1)`,
		[]proof.Code{proof.LotDiffers, proof.FundUnbalanced},
		", journal says ",
	},
	"a wallet with more in it, its lot and line to match": {
		`UPDATE lots SET remaining = remaining + 500 WHERE id = (SELECT id FROM lots WHERE open AND wallet_id = 'a0000000-0000-0000-0000-000000000001' LIMIT 1);
		 UPDATE wallets SET balance = balance + 500 WHERE id = 'a0000000-0000-0000-0000-000000000001';
		 UPDATE lines SET balance = balance + 500 WHERE wallet_id = 'a0000000-0000-0000-0000-000000000001' AND no = 5`,
		[]proof.Code{proof.LotDiffers, proof.WalletDiffers, proof.LineDiffers, proof.FundUnbalanced},
		"wallet a0000000-0000-0000-0000-000000000001 has 4000, journal says 3500",
	},
	"a fund with more cash": {
		`UPDATE pots SET balance = balance - 1 WHERE kind = 1 AND fund = 'city'`,
		[]proof.Code{proof.PotDiffers, proof.FundUnbalanced},
		"pot bank:city has 84001, journal says 84000",
	},
	"a pot of nowhere": {
		`INSERT INTO pots (kind, owner, fund, balance) VALUES (6, 'f0000000-0000-0000-0000-000000000004', 'city', 9)`,
		[]proof.Code{proof.PotDiffers, proof.FundUnbalanced},
		"has 9, journal says 0",
	},
	"a deleted entry": {
		`DELETE FROM entries WHERE seq = 8`,
		[]proof.Code{
			proof.SealHash, proof.PostingNoEntry, proof.LotUnknown, proof.LotExtra, proof.WalletDiffers, proof.PotDiffers,
			proof.LineDiffers, proof.LineExtra,
		},
		"covers 17 entries from 1 to 17, the journal has 16",
	},
	"a deleted entry with all that belongs to it": {
		`DELETE FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 17);
		 DELETE FROM lines WHERE entry_id = (SELECT id FROM entries WHERE seq = 17);
		 DELETE FROM idempotency_keys WHERE result = (SELECT id FROM entries WHERE seq = 17);
		 UPDATE wallets SET balance = balance - 300, lines = lines - 1 WHERE id = 'b0000000-0000-0000-0000-000000000002';
		 DELETE FROM lots WHERE wallet_id = 'b0000000-0000-0000-0000-000000000002' AND open AND remaining = 300;
		 UPDATE pots SET balance = balance + 300 WHERE kind = 2 AND owner = '10000000-0000-0000-0000-000000000003' AND fund = 'city';
		 DELETE FROM entries WHERE seq = 17`,
		[]proof.Code{proof.JournalCutShort, proof.SealHash},
		"journal ends at 16, seal 1 says 17",
	},
	"a deleted posting": {
		`DELETE FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 11) AND no = 1`,
		[]proof.Code{proof.SealHash, proof.LotUnknown, proof.WalletOverdrawn, proof.LotDiffers, proof.LotExtra, proof.WalletDiffers, proof.LineDiffers},
		"journal says",
	},
	"an entry whose postings are gone": {
		`DELETE FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 3)`,
		[]proof.Code{proof.SealHash, proof.EntryEmpty, proof.PotDiffers},
		"has no posting",
	},
	"a posting at another moment": {
		`UPDATE postings SET at = at - interval '1 year' WHERE entry_id = (SELECT id FROM entries WHERE seq = 3)`,
		[]proof.Code{proof.PostingMoment},
		"says 2025-",
	},
	"a changed memo": {
		`UPDATE entries SET memo = '別' WHERE seq = 1`,
		[]proof.Code{proof.SealHash},
		"seal 1 says entries 1 to 17 have hash",
	},
	"a changed memo of a payment": {
		`UPDATE entries SET memo = '別' WHERE seq = 11`,
		[]proof.Code{proof.SealHash, proof.LineDiffers},
		"has in line 4 another memo than its entry",
	},
	"another actor": {
		`UPDATE entries SET actor_id = gen_random_uuid() WHERE seq = 1`,
		[]proof.Code{proof.SealHash},
		"seal 1",
	},
	"a swapped order of two deposits": {
		`ALTER TABLE entries ALTER seq DROP IDENTITY;
		 UPDATE entries SET seq = -1 WHERE seq = 1; UPDATE entries SET seq = 1 WHERE seq = 2; UPDATE entries SET seq = 2 WHERE seq = -1`,
		[]proof.Code{proof.SealHash},
		"seal 1",
	},
	"a swapped order of two payments": {
		`ALTER TABLE entries ALTER seq DROP IDENTITY;
		 UPDATE entries SET seq = -1 WHERE seq = 11; UPDATE entries SET seq = 11 WHERE seq = 12; UPDATE entries SET seq = 12 WHERE seq = -1`,
		[]proof.Code{proof.SealHash, proof.LineDiffers},
		"has in line 4 the entry",
	},
	"a lot's key forged": {
		`UPDATE lots SET hops = 5 WHERE hops = 1 AND open AND wallet_id = 'b0000000-0000-0000-0000-000000000002'`,
		[]proof.Code{proof.LotDiffers},
		"/5 hops/paid, journal says",
	},
	"a lot's key forged in the journal as well": {
		`UPDATE postings SET hops = 5 WHERE destination_lot IN (SELECT id FROM lots WHERE hops = 1 AND open AND wallet_id = 'b0000000-0000-0000-0000-000000000002');
		 UPDATE lots SET hops = 5 WHERE hops = 1 AND open AND wallet_id = 'b0000000-0000-0000-0000-000000000002'`,
		[]proof.Code{proof.SealHash, proof.PostingPassed},
		"/5 hops/",
	},
	"a prolonged expiry": {
		`UPDATE lots SET expires_on = expires_on + 365 WHERE open AND expires_on < '9999-01-01' AND hops = 0`,
		[]proof.Code{proof.LotDiffers},
		"journal says",
	},
	"a deleted line": {
		`DELETE FROM lines WHERE wallet_id = 'a0000000-0000-0000-0000-000000000001' AND no = 2`,
		[]proof.Code{proof.LineMissing},
		"history of wallet a0000000-0000-0000-0000-000000000001 lacks line 2: grant +1500",
	},
	"a line too many": {
		`INSERT INTO lines SELECT wallet_id, 99, entry_id, type, at, delta, balance, counterpart_kind, counterpart_owner, memo FROM lines WHERE wallet_id = 'a0000000-0000-0000-0000-000000000001' AND no = 2`,
		[]proof.Code{proof.LineExtra},
		"has line 99",
	},
	"a key whose entry is gone": {
		`UPDATE idempotency_keys SET result = gen_random_uuid() WHERE result = (SELECT id FROM entries WHERE seq = 9)`,
		[]proof.Code{proof.KeyWithoutResult},
		"which is gone",
	},
	"a posting without an entry": {
		`INSERT INTO postings SELECT gen_random_uuid(), no, at, fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on, hops, paid, amount
		 FROM postings WHERE entry_id = (SELECT id FROM entries WHERE seq = 1)`,
		[]proof.Code{proof.PostingNoEntry},
		"the journal has no such entry",
	},
	"a deleted wallet": {
		`DELETE FROM wallets WHERE id = 'f0000000-0000-0000-0000-000000000004'`,
		[]proof.Code{proof.WalletMissing},
		"wallet f0000000-0000-0000-0000-000000000004 is missing",
	},
	"a deleted seal": {
		`DELETE FROM seals`,
		[]proof.Code{proof.SealMissing},
		"exported head 1 has no seal in the database",
	},
	"a seal with another signature": {
		`UPDATE seals SET signature = decode(repeat('00', 64), 'hex')`,
		[]proof.Code{proof.SealSignature, proof.HeadDiffers},
		"does not carry the platform's signature",
	},
	"a seal with a hash cut off": {
		`UPDATE seals SET hash = '\x00'`,
		[]proof.Code{proof.SealSignature, proof.SealHash, proof.HeadDiffers},
		"seal 1",
	},
}

func TestVerifyNamesWhatWasPlantedInPostgreSQL(t *testing.T) {
	t.Parallel()
	for name, plant := range planted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			h.live(t, 0, 17)
			h.sealTo(t, 17)
			h.exec(t, plant.sql)
			verdict := h.prove(t)
			require.False(t, verdict.Clean)
			require.ElementsMatch(t, plant.codes, codesOf(verdict), verdict)
			require.Contains(t, verdict.String(), plant.text)
		})
	}
}

// The cut leaves a database that agrees with itself in everything: it is the one of an hour before. Only what was
// kept elsewhere contradicts it.
func TestAJournalCutShortWithAllThatFollowedFromItContradictsTheExportedHead(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 10)
	h.sealTo(t, 10)
	h.exec(t, `CREATE TABLE old_wallets AS TABLE wallets; CREATE TABLE old_pots AS TABLE pots;
		CREATE TABLE old_lots AS SELECT id, wallet_id, kind, fund, expires_on, hops, paid, remaining, since FROM lots`)
	h.live(t, 10, 17)
	h.sealTo(t, 17)
	require.True(t, h.prove(t).Clean)

	h.exec(t, `DELETE FROM lines WHERE entry_id IN (SELECT id FROM entries WHERE seq > 10);
		DELETE FROM postings WHERE entry_id IN (SELECT id FROM entries WHERE seq > 10);
		DELETE FROM idempotency_keys WHERE result IN (SELECT id FROM entries WHERE seq > 10);
		DELETE FROM entries WHERE seq > 10; DELETE FROM seals WHERE last_seq > 10;
		DELETE FROM wallets; INSERT INTO wallets TABLE old_wallets;
		DELETE FROM pots; INSERT INTO pots TABLE old_pots;
		DELETE FROM lots; INSERT INTO lots (id, wallet_id, kind, fund, expires_on, hops, paid, remaining, since) TABLE old_lots`)
	verdict := h.prove(t)
	require.Len(t, verdict.Findings, 1, verdict)
	require.Equal(t, "journal ends at 10, exported head 2 says 17", verdict.Findings[0].Text)

	_, err := h.seal.Do(t.Context())
	require.ErrorIs(t, err, proving.ErrCutShort, "sealing on would bury the loss")
}

func TestVerifyProvesOneMomentWhilePaymentsGoOn(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 11)
	ctx, stop := context.WithCancel(t.Context())
	paid := make(chan error, 1)
	go func() {
		defer close(paid)
		for ctx.Err() == nil {
			err := errors.Join(
				h.act(t.Context(), h.town.Now.Add(time.Hour), prooftest.Pay(prooftest.Hana, prooftest.Taro, 10, "")),
				h.act(t.Context(), h.town.Now.Add(time.Hour), prooftest.Pay(prooftest.Taro, prooftest.Hana, 10, "")),
			)
			if err != nil {
				paid <- err
				return
			}
		}
	}()
	for range 20 {
		_, err := h.seal.Do(t.Context())
		require.NoError(t, err)
		verdict := h.prove(t)
		require.True(t, verdict.Clean, verdict)
	}
	stop()
	require.NoError(t, <-paid)
	require.Greater(t, h.prove(t).Counts.Entries, int64(11))
}

func TestAJournalWhoseIdentifiersAreInNoOrderIsReadInTheOrderOfItsNumbers(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	const n = 60_000
	h.exec(t, `INSERT INTO entries (id, type, at) SELECT gen_random_uuid(), 1, now() FROM generate_series(1, 60000)`)
	h.exec(t, `INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, destination_kind, destination_owner, amount)
		SELECT id, 0, at, 'city', 1, '00000000-0000-0000-0000-000000000000', 3, '00000000-0000-0000-0000-000000000000', seq FROM entries`)
	h.exec(t, `INSERT INTO pots (kind, owner, fund, balance) VALUES
		(1, '00000000-0000-0000-0000-000000000000', 'city', -60000::bigint * 60001 / 2), (3, '00000000-0000-0000-0000-000000000000', 'city', 60000::bigint * 60001 / 2)`)

	reading, err := h.Books().Read(t.Context())
	require.NoError(t, err)
	defer reading.Close()
	seq := int64(0)
	require.NoError(t, reading.Journal(t.Context(), func(entries []ledger.Entry) error {
		for i := range entries {
			seq++
			require.Equal(t, seq, entries[i].Seq)
			require.Len(t, entries[i].Postings, 1)
			require.EqualValues(t, seq, entries[i].Postings[0].Amount)
		}
		return nil
	}))
	require.EqualValues(t, n, seq)

	require.Equal(t, proving.Sealed{Blocks: 6, Entries: n, Exported: 6}, h.sealTo(t, n))
	verdict := h.prove(t)
	require.True(t, verdict.Clean, verdict)
}

func TestAReaderOfTheJournalMayStopIt(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 17)
	reading, err := h.Books().Read(t.Context())
	require.NoError(t, err)
	defer reading.Close()
	enough := errors.New("enough")
	require.ErrorIs(t, reading.Journal(t.Context(), func([]ledger.Entry) error { return enough }), enough)
}

func TestTheJournalGivesBackEveryFieldThatActsWrote(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 17)
	reading, err := h.Books().Read(t.Context())
	require.NoError(t, err)
	defer reading.Close()
	require.NoError(t, reading.Journal(t.Context(), func(entries []ledger.Entry) error {
		for i := range entries {
			entry, err := h.Entry(t.Context(), entries[i].ID)
			require.NoError(t, err)
			entry.At = entry.At.UTC()
			require.Equal(t, entry, entries[i])
		}
		return nil
	}))
	lots := map[lot.ID]bool{}
	require.NoError(t, reading.Lots(t.Context(), func(holder ledger.WalletID, l *lot.Lot) {
		of, err := h.LotHolder(t.Context(), l.ID)
		require.NoError(t, err)
		require.Equal(t, of, holder)
		lots[l.ID] = true
	}))
	require.NotEmpty(t, lots)
}

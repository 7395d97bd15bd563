package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/prooftest"
	"lovesaijo/usecase/proving"
)

func TestBooksInPostgreSQLProveThemselves(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 15)
	require.Equal(t, proving.Sealed{Blocks: 1, Entries: 15, Exported: 1}, h.sealTo(t, 15))
	h.live(t, 15, 17)
	h.liveOn(t)
	verdict := h.prove(t)
	require.True(t, verdict.Clean, verdict)
	require.Equal(t, "verify: clean", verdict.Headline())
	require.EqualValues(t, 17+prooftest.SequelEntries, verdict.Counts.Entries)
	require.EqualValues(t, 10, verdict.Counts.Corrections)
	require.EqualValues(t, 1, verdict.Counts.Seals)
	require.EqualValues(t, 1, verdict.Counts.Heads)
	require.EqualValues(t, 2+prooftest.SequelEntries, verdict.Counts.Unsealed)
	require.EqualValues(t, 4, verdict.Counts.Keys)
	require.EqualValues(t, 4, verdict.Counts.Wallets)

	position, err := h.Position(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Len(t, verdict.Funds, len(position.Funds))
	for i, f := range position.Funds {
		require.Equal(t, proving.Fund{
			Fund: string(f.Fund), Bank: int64(f.Bank), Tills: int64(f.Tills), Receivables: int64(f.Receivables), Unissued: int64(f.Unissued),
			Reserved: int64(f.Reserved), Wallets: int64(f.Wallets), Claimed: int64(f.Claimed),
		}, verdict.Funds[i])
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
	h.liveOn(t)
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

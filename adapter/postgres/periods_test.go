package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/settlementtest"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/paying"
)

func TestSettlementReadsLittleOfALongJournal(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.Open(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	writeLongJournal(t, conn)
	_, err = conn.Exec(t.Context(), `INSERT INTO lines (wallet_id, no, entry_id, type, at, delta, balance, counterpart_kind, counterpart_owner)
		SELECT wallet_id, 20000 + no, entry_id, 11, at, -1, 1, 6, wallet_id FROM lines WHERE no > 19990; ANALYZE`, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	const shop, nobody = `'10000000-0000-7000-8000-000000000000'`, `'00000000-0000-7000-8000-000000000000'`
	for what, statement := range map[string]struct{ sql, arguments string }{
		"the last entry before a moment of today": {postgres.ReadLastBefore, `('2026-01-01 05:30:00+00')`},
		"what a shop claimed since a closing":     {postgres.SumClaimedSince, `(ARRAY[` + shop + `]::uuid[], 19995)`},
		"a page of a statement's lines":           {postgres.ReadStatementLines, `(` + shop + `, 5000, 9000, 101)`},
		"the period of an entry":                  {postgres.ReadPeriodOf, `(777)`},
		"a short period":                          {postgres.TallyPeriod, `(` + nobody + `, 19800, 20000)`},
	} {
		require.Less(t, rowsRead(t, conn, statement.sql, statement.arguments), 2_000.0, what)
	}
}

// A closing keeps other closings waiting, and nobody else: not payments, not claims of earlier periods.
func TestPaymentsAndClaimsGoOnWhileAPeriodIsClosed(t *testing.T) {
	t.Parallel()
	city := openCity(t, open(t))
	db := city.Statements.(*postgres.DB)
	shop, resident := city.Merchant(t), city.Resident(t)
	city.Give(t, resident, citytest.Gift, 1_000)
	teller := paying.NewTeller(citytest.Narrow(city, func(s citytest.Stores) paying.Stores { return paying.Stores{Ledger: s.Ledger, Outbox: s.Outbox} }), city.Clock)
	teller.Open(1)
	t.Cleanup(teller.Close)
	pay := paying.NewPay(teller, city.Statements, city.Offers)
	period := settlement.Period{ID: ident.New[settlement.Period](time.Now()), Name: "11月", From: 20_000, Until: 20_030, CreatedAt: settlementtest.Now}
	unit := postgres.NewUnit(db, settlementStores)
	require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s settlementtest.Stores) error { return s.Periods.Add(ctx, period) }))

	require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s settlementtest.Stores) error {
		_, err := s.Periods.Lock(ctx)
		require.NoError(t, err)
		statements, err := s.Periods.Tally(ctx, period.ID, 0, 1_000)
		require.NoError(t, err)
		require.Empty(t, statements)

		_, err = pay.Do(t.Context(), citytest.Actor(resident), paying.Command{Key: city.Key(), PayeeWallet: shop.Wallet, Amount: 300})
		require.NoError(t, err)
		require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s settlementtest.Stores) error {
			return s.Claims.AddClaims(ctx, []settlement.Claim{{
				ID: ident.New[settlement.Claim](time.Now()), Period: period.ID, Merchant: shop.Wallet, Amount: 1, State: settlement.Drafted, CreatedAt: settlementtest.Now,
			}})
		}))
		statements, err = s.Periods.Tally(ctx, period.ID, 0, 1_000)
		require.NoError(t, err)
		require.Equal(t, money.Points(300), statements[0].Received)
		period.Closed, period.ClosedAt = true, settlementtest.Now
		return s.Periods.Close(ctx, period, statements)
	}))
}

// A bank file has thousands of records, and what is done to all of them takes a statement, not a statement each.
func TestThousandsOfClaimsAndPayoutsAreWrittenAtOnce(t *testing.T) {
	t.Parallel()
	const n = 10_000
	unit := postgres.NewUnit(open(t), settlementStores)
	do := func(work func(context.Context, settlementtest.Stores) error) {
		t.Helper()
		require.NoError(t, unit.Do(t.Context(), work))
	}
	now := settlementtest.Now
	somebody := ident.New[user.User](now)
	period := settlement.Period{ID: ident.New[settlement.Period](now), Name: "11月", From: 20_000, Until: 20_030, CreatedAt: now}
	file := settlement.File{ID: ident.New[settlement.File](now), No: 1, State: settlement.FileMade, MadeBy: somebody, MadeAt: now, Sealed: []byte{1}, Date: 20_040}
	account := settlement.MerchantAccount{
		ID: ident.New[settlement.MerchantAccount](now), Merchant: ledger.WalletID(ident.New[user.User](now)), Sealed: []byte{1}, State: settlement.Active, ProposedBy: somebody, ProposedAt: now,
	}
	claims, payouts := make([]settlement.Claim, n), make([]settlement.Payout, n)
	ids := make([]settlement.ClaimID, n)
	for i := range claims {
		claims[i] = settlement.Claim{
			ID: ident.New[settlement.Claim](now), Period: period.ID, Merchant: account.Merchant, Amount: 1_000, State: settlement.Approved, Entry: ident.New[ledger.Entry](now),
			Parts: []ledger.Backed{{Fund: "city", Amount: 1_000}}, CreatedAt: now,
		}
		payouts[i] = settlement.Payout{
			ID: ident.New[settlement.Payout](now), Claim: claims[i].ID, Merchant: account.Merchant, Attempt: 1, File: file.ID, Record: i + 1, Account: account.ID,
			Amount: 1_000, Transfer: 1_000, Bearer: settlement.CityBears, New: bank.First, State: settlement.PayoutExported,
		}
		ids[i] = claims[i].ID
	}
	do(func(ctx context.Context, s settlementtest.Stores) error {
		require.NoError(t, s.Periods.Add(ctx, period))
		require.NoError(t, s.Claims.AddFile(ctx, file))
		require.NoError(t, s.Claims.AddAccount(ctx, account))
		require.NoError(t, s.Claims.AddClaims(ctx, claims))
		return s.Claims.AddPayouts(ctx, payouts)
	})
	do(func(ctx context.Context, s settlementtest.Stores) error {
		locked, err := s.Claims.LockClaims(ctx, ids)
		require.NoError(t, err)
		require.Len(t, locked, n)
		sent, err := s.Claims.PayoutsOf(ctx, file.ID, 0, n)
		require.NoError(t, err)
		for i := range sent {
			require.NoError(t, locked[i].Become(settlement.Exported))
			sent[i].State, sent[i].PaidOn = settlement.PayoutPaid, calendar.Day(20_040)
		}
		require.NoError(t, s.Claims.SavePayouts(ctx, sent))
		return s.Claims.SaveClaims(ctx, locked)
	})
	do(func(ctx context.Context, s settlementtest.Stores) error {
		found, err := s.Claims.LockState(ctx, account.Merchant, []settlement.ClaimState{settlement.Exported}, n+1)
		require.Len(t, found, n)
		return err
	})
}

// A unit under way has a smaller number than one that is done. A period that was closed between the two would lose it.
func TestAPeriodWaitsForAPaymentThatIsStillOnItsWay(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	db := openAt(t, url)
	city := openCity(t, db)
	horizon, unit := db.Horizon(), postgres.NewUnit(db, settlementStores)
	last := func(settled int64) (last int64, err error) {
		return last, unit.Do(t.Context(), func(ctx context.Context, s settlementtest.Stores) (err error) {
			last, err = s.Periods.LastBefore(ctx, city.Clock().Add(time.Hour), settled)
			return err
		})
	}
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	underWay, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = underWay.Exec(t.Context(), `INSERT INTO entries (id, type, at) VALUES (gen_random_uuid(), 4, $1)`, city.Clock())
	require.NoError(t, err)
	city.Give(t, city.Resident(t), citytest.Gift, 100)

	settled, err := horizon.Settled(t.Context())
	require.NoError(t, err)
	_, err = last(settled)
	require.ErrorIs(t, err, settlement.ErrPeriodUnsettled)
	require.NoError(t, underWay.Commit(t.Context()))
	require.Eventually(t, func() bool {
		settled, err := horizon.Settled(t.Context())
		require.NoError(t, err)
		found, err := last(settled)
		return err == nil && found == settled
	}, 30*time.Second, time.Millisecond)
}

package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/settlementtest"
)

// writePayments writes a million payments of 10,000 residents at 300 merchants, around the ledger. Identifiers carry
// the moment, as the ledger's do, and each payment returned 5 of 100 points.
func writePayments(b *testing.B, conn *pgx.Conn) {
	b.Helper()
	for _, sql := range []string{
		`CREATE FUNCTION pg_temp.entry(i bigint) RETURNS uuid LANGUAGE sql AS $$
			SELECT (lpad(to_hex(1764000000000 + i * 3), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid $$`,
		`CREATE FUNCTION pg_temp.wallet(role text, i bigint) RETURNS uuid LANGUAGE sql AS $$ SELECT md5(role || i)::uuid $$`,
		`INSERT INTO wallets (id, owner_id, role, opened_at) SELECT pg_temp.wallet('shop', i), pg_temp.wallet('shop', i), 2, '2026-01-01' FROM generate_series(0, 299) i`,
		`INSERT INTO wallets (id, owner_id, role, opened_at) SELECT pg_temp.wallet('person', i), pg_temp.wallet('person', i), 1, '2026-01-01' FROM generate_series(0, 9999) i`,
		`INSERT INTO entries (id, type, at) SELECT pg_temp.entry(i), 8, timestamptz '2026-11-01' + i * interval '2 s' FROM generate_series(1, 1000000) i`,
		`INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on, hops, paid, amount)
			SELECT pg_temp.entry(i), 0, timestamptz '2026-11-01' + i * interval '2 s', 'city', 5, pg_temp.wallet('person', i % 10000), pg_temp.wallet('person', i % 10000),
				5, pg_temp.wallet('shop', i % 300), pg_temp.wallet('shop', i % 300), 'gift', '9999-12-31', 1, false, 100 FROM generate_series(1, 1000000) i`,
		`INSERT INTO lines (wallet_id, no, entry_id, type, at, delta, balance, counterpart_kind, counterpart_owner, cashback)
			SELECT CASE side WHEN 0 THEN pg_temp.wallet('shop', i % 300) ELSE pg_temp.wallet('person', i % 10000) END, CASE side WHEN 0 THEN i / 300 ELSE i / 10000 END + 1,
				pg_temp.entry(i), 8, timestamptz '2026-11-01' + i * interval '2 s', CASE side WHEN 0 THEN 95 ELSE -95 END, 100, 5,
				CASE side WHEN 1 THEN pg_temp.wallet('shop', i % 300) ELSE pg_temp.wallet('person', i % 10000) END, 5
			FROM generate_series(1, 1000000) i, generate_series(0, 1) side`,
		`ANALYZE`,
	} {
		_, err := conn.Exec(b.Context(), sql)
		require.NoError(b, err)
	}
}

// BenchmarkClosing closes a period of a million payments over 300 merchants.
func BenchmarkClosing(b *testing.B) {
	url := pgtest.Open(b)
	conn, err := pgx.Connect(b.Context(), url)
	require.NoError(b, err)
	writePayments(b, conn)
	require.NoError(b, conn.Close(b.Context()))
	db, err := postgres.Open(b.Context(), url, postgres.Options{})
	require.NoError(b, err)
	defer db.Close()
	unit := postgres.NewUnit(db, settlementStores)
	for n := 0; b.Loop(); n++ {
		from := calendar.Day(20_000 - 40*n) // each before the one before it, so that nothing is carried over
		period := settlement.Period{ID: ident.New[settlement.Period](time.Now()), Name: "期間", From: from, Until: from + 30, CreatedAt: settlementtest.Now}
		require.NoError(b, unit.Do(b.Context(), func(ctx context.Context, s settlementtest.Stores) error { return s.Periods.Add(ctx, period) }))
		started := time.Now()
		require.NoError(b, unit.Do(b.Context(), func(ctx context.Context, s settlementtest.Stores) (err error) {
			if _, err = s.Periods.Lock(ctx); err != nil {
				return err
			}
			if period.LastSeq, err = s.Periods.LastBefore(ctx, settlementtest.Now.AddDate(1, 0, 0), 1_000_000); err != nil {
				return err
			}
			statements, err := s.Periods.Tally(ctx, period.ID, 0, period.LastSeq)
			require.Len(b, statements, 300)
			for i := range statements {
				statements[i] = statements[i].Sealed()
			}
			period.Closed, period.ClosedAt = true, settlementtest.Now
			return errors.Join(err, s.Periods.Close(ctx, period, statements))
		}))
		b.ReportMetric(time.Since(started).Seconds(), "s/closing")
	}
}

package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/settlement"
)

// closePeriod closes the period with the days and the last entry given, behind what is closed already.
func (h *hall) closePeriod(t *testing.T, from, until calendar.Day, last int64) (closed settlement.Period) {
	t.Helper()
	unit := postgres.NewUnit(h.DB, (*postgres.Session).Periods)
	require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, periods *postgres.Periods) error {
		before, err := periods.Lock(ctx)
		require.NoError(t, err)
		closed = settlement.Period{ID: ident.New[settlement.Period](time.Now()), Name: "期間", From: from, Until: until, CreatedAt: h.town.Now}
		if len(before) > 0 {
			closed.FirstSeq = before[len(before)-1].LastSeq
		}
		require.NoError(t, periods.Add(ctx, closed))
		statements, err := periods.Tally(ctx, closed.ID, closed.FirstSeq, last)
		require.NoError(t, err)
		require.NotEmpty(t, statements)
		for i := range statements {
			statements[i] = statements[i].Sealed()
		}
		closed.LastSeq, closed.Closed, closed.ClosedAt = last, true, h.town.Now
		return periods.Close(ctx, closed, statements)
	}))
	return closed
}

// Clause 4.4.3: whatever is changed in statements behind the platform's back is found.
func TestWhatIsPlantedInStatementsIsFound(t *testing.T) {
	t.Parallel()
	const first, second = `(SELECT id FROM periods ORDER BY from_on LIMIT 1)`, `(SELECT id FROM periods ORDER BY from_on DESC LIMIT 1)`
	for what, c := range map[string]struct {
		plant string
		codes []proof.Code
	}{
		"nothing": {`SELECT`, nil},
		"an amount, with what is due": {
			`UPDATE statements SET received = received + 1, due = due + 1 WHERE merchant_id = (SELECT min(merchant_id::text)::uuid FROM statements) AND period_id = ` + second,
			[]proof.Code{settlement.StatementHash, settlement.StatementDiffers},
		},
		"what is due, and carried into the next": {
			`UPDATE statements SET granted = granted + 5, due = due + 5 WHERE due > 0 AND period_id = ` + first + ` AND merchant_id = (SELECT min(merchant_id::text)::uuid FROM statements)`,
			[]proof.Code{settlement.StatementHash, settlement.StatementDiffers, settlement.StatementCarried},
		},
		"a hash": {
			`UPDATE statements SET hash = decode(repeat('00', 32), 'hex') WHERE period_id = ` + first + ` AND merchant_id = (SELECT min(merchant_id::text)::uuid FROM statements)`,
			[]proof.Code{settlement.StatementHash},
		},
		"a hash of another length": {
			`UPDATE statements SET hash = '' WHERE period_id = ` + first + ` AND merchant_id = (SELECT min(merchant_id::text)::uuid FROM statements)`,
			[]proof.Code{settlement.StatementHash},
		},
		"a statement that is gone": {
			`DELETE FROM statements WHERE period_id = ` + second + ` AND merchant_id = (SELECT min(merchant_id::text)::uuid FROM statements)`,
			[]proof.Code{settlement.StatementMissing},
		},
		"a statement of somebody else": {
			`INSERT INTO statements SELECT ` + second + `, gen_random_uuid(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ''`,
			[]proof.Code{settlement.StatementHash, settlement.StatementExtra},
		},
		"an end before the last payments": {
			`UPDATE periods SET last_seq = last_seq - 6 WHERE id = ` + second, []proof.Code{settlement.StatementDiffers},
		},
		"an end behind the journal": {
			`UPDATE periods SET last_seq = last_seq + 1000 WHERE id = ` + second, []proof.Code{settlement.PeriodBeyond},
		},
		"an end that was moved with the beginning of the next": {
			`UPDATE periods SET last_seq = 13 WHERE id = ` + first + `; UPDATE periods SET first_seq = 13 WHERE id = ` + second,
			[]proof.Code{settlement.StatementDiffers},
		},
		"a period opened again": {
			`UPDATE periods SET closed = false, closed_at = NULL WHERE id = ` + second, []proof.Code{settlement.StatementExtra},
		},
		"days taken out": {
			`UPDATE periods SET from_on = from_on + 1 WHERE id = ` + second, []proof.Code{settlement.PeriodOrder},
		},
		"a payment's cashback": {
			`UPDATE lines SET cashback = cashback + 1 WHERE type = 8 AND delta > 0`, []proof.Code{proof.LineDiffers, settlement.StatementDiffers},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			h.live(t, 0, 15)
			h.closePeriod(t, 20_000, 20_029, 12)
			h.live(t, 15, 17)
			h.closePeriod(t, 20_030, 20_059, 17)
			h.exec(t, c.plant)
			verdict := h.prove(t)
			require.Equal(t, c.codes == nil, verdict.Clean, verdict)
			var codes []proof.Code
			for _, f := range verdict.Findings {
				codes = append(codes, proof.Code(f.Code))
			}
			require.Subset(t, codes, c.codes, verdict.String())
		})
	}
}

package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/domain/ledger"
)

func TestRulesDecidedBeforeThereWasALimitTakeItsDefault(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	db := openAt(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	_, err = conn.Exec(t.Context(), `INSERT INTO rules (version, precedence, settings, decided_at, reason)
		VALUES (1, '{expiry}', '{"payment_max": 500, "charge_max": 400}', now(), 'as it was')`)
	require.NoError(t, err)
	rules, err := db.Rules(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 400, rules.ChargeMax)
	require.Equal(t, ledger.DefaultRules().TillCashMax, rules.TillCashMax)
	require.Equal(t, ledger.DefaultRules().CorrectAlone, rules.CorrectAlone)
}

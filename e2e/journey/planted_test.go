package journey_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// plant changes a database behind the platform's back, past every trigger and constraint that would forbid it.
func plant(t *testing.T, city *harness.City, statement string) {
	t.Helper()
	conn, err := city.SQL.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `SET session_replication_role = replica; `+statement+`; SET session_replication_role = DEFAULT`)
	require.NoError(t, err)
}

// The proof of issue and design §4: whatever is changed, taken out or cut off behind the platform's back is found.
func TestAFaultThatIsPlantedInTheBooksIsFound(t *testing.T) {
	t.Parallel()
	city := ownCity(t, "planted")
	_, err := city.Work(t.Context())
	require.NoError(t, err)
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 1_000)
	for range 3 {
		hana.Pay(t, shop, 100)
		hana.Pay(t, jiro, 50)
	}
	harness.Await(t, "everything to be sealed", func() bool {
		var open int
		err := city.SQL.QueryRow(t.Context(), `SELECT count(*) FROM entries WHERE seq > (SELECT coalesce(max(last_seq), 0) FROM seals)`).Scan(&open)
		require.NoError(t, err)
		return open == 0
	})
	proven(t, city)
	require.NoError(t, city.Close())

	const victims = `(SELECT id FROM entries ORDER BY seq DESC LIMIT 2)`
	for _, c := range []struct{ what, statement, code string }{
		{"a balance and its lot", `UPDATE lots SET remaining = remaining + 1 WHERE open; UPDATE wallets SET balance = balance + 1 WHERE balance > 0`, "lot_differs"},
		{"a fund", `UPDATE pots SET balance = balance - 1 WHERE kind = 1 AND balance < 0`, "pot_differs"},
		{"a forgotten hop", `UPDATE postings SET hops = 0 WHERE hops = 1; UPDATE lots SET hops = 0 WHERE hops = 1`, "posting_passed"},
		{"another amount in the journal", `UPDATE postings SET amount = amount + 1 WHERE source_kind = 5`, "seal_hash"},
		{"another memo", `UPDATE entries SET memo = 'altered' WHERE seq = 1`, "seal_hash"},
		{"an entry taken out of the middle", `DELETE FROM postings WHERE entry_id IN (SELECT id FROM entries WHERE type = 8 ORDER BY seq LIMIT 1);
			DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE type = 8 ORDER BY seq LIMIT 1)`, "seal_hash"},
		{"the tail cut off with its seals", `DELETE FROM postings WHERE entry_id IN ` + victims + `; DELETE FROM lines WHERE entry_id IN ` + victims + `;
			DELETE FROM idempotency_keys WHERE result IN ` + victims + `; DELETE FROM seals WHERE last_seq >= (SELECT min(seq) FROM entries WHERE id IN ` + victims + `);
			DELETE FROM entries WHERE id IN ` + victims, "journal_cut_short"},
		{"a line of a history", `UPDATE lines SET balance = balance + 1 WHERE no = 1`, "line_differs"},
	} {
		t.Log(c.what)
		clone, err := city.Clone(t.Context())
		require.NoError(t, err)
		plant(t, clone, c.statement)
		said, err := clone.Run(t.Context(), "verify", "--json")
		require.NoError(t, err)
		require.Equal(t, 1, said.Code, "%s", said.Stdout)
		var found struct {
			Clean    bool `json:"clean"`
			Findings []struct {
				Code string `json:"code"`
			} `json:"findings"`
		}
		require.NoError(t, json.Unmarshal([]byte(said.Stdout), &found), "%s", said.Stderr)
		require.False(t, found.Clean)
		codes := []string{}
		for _, f := range found.Findings {
			codes = append(codes, f.Code)
		}
		require.Contains(t, codes, c.code, c.what)
	}
	clone, err := city.Clone(t.Context())
	require.NoError(t, err)
	said, err := clone.Run(t.Context(), "verify")
	require.NoError(t, err)
	require.Zero(t, said.Code, "%s: without a plant the copy is clean", said.Stdout)
}

package chaos_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// The steps of a claim's way to the bank and back, in their order.
var (
	fileBegins  = gate{name: "before the file", on: "INSERT ON bank_files"}
	fileCommits = gate{name: "at the commit of the file", on: "INSERT ON bank_files", atCommit: true}

	exportGates = []gate{
		fileBegins,
		{name: "before the payouts", on: "INSERT ON payouts"},
		{name: "in the middle of the claims", on: "UPDATE ON claims", when: "NEW.state = 'exported'"},
		{name: "before the trail", on: "INSERT ON audit_acts", when: "NEW.action = 'bank_file.export'"},
		fileCommits,
	}
	reexportGates = []gate{
		{name: "before the old payouts are void", on: "UPDATE ON payouts", when: "NEW.state = 'voided'"},
		{name: "before the claims are free again", on: "UPDATE ON claims", when: "OLD.state = 'exported' AND NEW.state = 'approved'"},
		{name: "before the old file is void", on: "UPDATE ON bank_files", when: "NEW.state = 'voided'"},
		fileBegins,
		fileCommits,
	}
	// A unit pays 500 of a file; the last ones have a unit to themselves, which keeps the key.
	payGates = []gate{
		{name: "before the first payment", on: "INSERT ON entries", when: "NEW.type = 13"},
		{name: "in the middle of the first chunk", on: "UPDATE ON payouts", when: "NEW.state = 'paid' AND NEW.record = 250"},
		{name: "at the commit of the first chunk", on: "UPDATE ON payouts", when: "NEW.state = 'paid' AND NEW.record = 1", atCommit: true},
		{name: "between the chunks", on: "UPDATE ON payouts", when: "NEW.state = 'paid' AND NEW.record = 501"},
		{name: "before the key is kept", on: "INSERT ON idempotency_keys"},
		{name: "at the commit of the last chunk", on: "UPDATE ON payouts", when: "NEW.state = 'paid' AND NEW.record = 501", atCommit: true},
	}
	returnGates = []gate{
		{name: "before the return is booked", on: "INSERT ON entries", when: "NEW.type = 14"},
		{name: "before the payout comes back", on: "UPDATE ON payouts", when: "NEW.state = 'returned'"},
		{name: "before the claim comes back", on: "UPDATE ON claims", when: "NEW.state = 'returned'"},
		{name: "at the commit of the return", on: "UPDATE ON payouts", when: "NEW.state = 'returned'", atCommit: true},
	}
	accountGates = []gate{
		{name: "before the old account goes", on: "UPDATE ON bank_accounts", when: "NEW.state = 'replaced'"},
		{name: "before the claim can be paid again", on: "UPDATE ON claims", when: "NEW.state = 'corrected'"},
		{name: "before the new account counts", on: "UPDATE ON bank_accounts", when: "NEW.state = 'active'"},
		{name: "at the commit of the account", on: "UPDATE ON bank_accounts", when: "NEW.state = 'active'", atCommit: true},
	}
	retransferGates = []gate{
		{name: "before the second attempt", on: "INSERT ON payouts", when: "NEW.attempt > 1"},
		{name: "at the commit of the second attempt", on: "INSERT ON payouts", when: "NEW.attempt > 1", atCommit: true},
	}
)

const (
	oneClaim   = 10
	manyClaims = 501
)

// transfers is a market whose only period is closed, so that shops can be paid.
type transfers struct {
	market
	opening int64             // cash at the bank before anybody was paid
	hashes  map[string]string // of files, as they were first seen
	account int               // of the accounts that were made
}

// Clauses 4.4.1 and 8.3エ and the proof under faults: whatever is killed on the way from a claim to the bank and back,
// each claim is paid once, and nothing is missing.
func TestClaimsWhoseServerDiesAnywhereArePaidOnce(t *testing.T) {
	t.Parallel()
	m := &transfers{market: *openMarket(t, "transfers", 1), hashes: map[string]string{}}
	m.closeNext(t)
	m.opening, _ = m.bank(t)
	m.gates = install(t, m.City, exportGates, reexportGates, payGates, returnGates, accountGates, retransferGates)

	claims := m.ready(t, oneClaim)
	for i, g := range exportGates {
		if m.fileOf(t, claims) != "" {
			m.payAll(t, claims)
			claims = m.ready(t, oneClaim+int64(i))
		}
		request := m.book(m.Office, "/v1/admin/bank-files", map[string]any{})
		m.interrupt(t, g, request)
		done := m.looked(t, g, func() bool { return m.fileOf(t, claims) != "" })
		require.True(t, done || !g.atCommit, "%s: what was sent is done", g.name)
		m.exports(t, m.comesBack(t, request, done, ""), request, claims)
	}
	for _, g := range reexportGates {
		former := m.fileOf(t, claims)
		request := m.book(m.second, "/v1/admin/bank-files/"+former+"/re-export", map[string]any{"reason": "日付の変更", "not_sent": true})
		m.interrupt(t, g, request)
		done := m.looked(t, g, func() bool { return m.fileOf(t, claims) != former })
		require.True(t, done || !g.atCommit, "%s: what was sent is done", g.name)
		made := m.exports(t, m.comesBack(t, request, done, ""), request, claims)
		require.Equal(t, former, made.Replaces)
		require.Equal(t, "voided", query[string](t, m.City, `SELECT state FROM bank_files WHERE id = $1`, former))
	}
	m.payAll(t, claims)

	payout := m.payoutOf(t, claims[0])
	request := m.book(m.Office, "/v1/admin/payouts/"+payout.ID+"/return", map[string]any{"reason": "口座番号相違"})
	m.dies(t, returnGates, request, "", func() bool { return m.stateOf(t, payout.ClaimID) == "returned" })

	proposed := m.propose(t, m.shops[0])
	request = m.ask(m.second, "/v1/admin/bank-accounts/"+proposed.ID+"/approval", map[string]any{})
	m.dies(t, accountGates, request, "bank_account_state", func() bool {
		active := query[string](t, m.City, `SELECT id::text FROM bank_accounts WHERE merchant_id = $1 AND state = 'active'`, m.shops[0].WalletID)
		require.Equal(t, active == proposed.ID, m.stateOf(t, payout.ClaimID) == "corrected")
		return active == proposed.ID
	})
	request = m.book(m.Office, "/v1/admin/bank-files", map[string]any{})
	m.dies(t, retransferGates, request, "", func() bool { return m.stateOf(t, payout.ClaimID) == "exported" })
	m.exports(t, insist(t, request), request, claims[:1])
	again := m.payoutOf(t, claims[0])
	require.Equal(t, []any{2, 2, payout.Reference, payout.Amount}, []any{again.Attempt, again.NewCode, again.Reference, again.Amount}, "a changed account")
	m.payAll(t, claims)

	m.readyMany(t, manyClaims)
	file := harness.Book[harness.Exported](t, m.Office, "/v1/admin/bank-files", map[string]any{}).File
	require.Equal(t, manyClaims, file.Count)
	m.send(t, file.ID)
	request = m.book(m.Office, "/v1/admin/bank-files/"+file.ID+"/payment", map[string]any{})
	m.dies(t, payGates, request, "", func() bool {
		return query[int](t, m.City, `SELECT count(*) FROM payouts WHERE file_id = $1 AND state <> 'paid'`, file.ID) == 0
	})
	m.everyClaimIsPaid(t)
}

// The same at moments that nobody chose.
func TestClaimsWhoseServerDiesAtAnyMomentArePaidOnce(t *testing.T) {
	t.Parallel()
	m := &transfers{market: *openMarket(t, "surprised", 1), hashes: map[string]string{}}
	m.closeNext(t)
	m.opening, _ = m.bank(t)
	took := make([]time.Duration, 4) // undisturbed, by act
	for lap := range 1 + surprises {
		claims := m.ready(t, oneClaim+int64(lap))
		act := 0
		do := func(r harness.Request, done func() bool) harness.Answer {
			defer func() { act++ }()
			if lap == 0 {
				began := time.Now()
				answer := insist(t, r)
				took[act] = time.Since(began)
				require.True(t, done(), "%s: %s", r.Path, answer.Body)
				return answer
			}
			moment := momentOf(lap-1, took[act])
			m.surprise(t, moment, r)
			before := done()
			t.Logf("kill -9 after %s of %s of %s: done %t", moment, took[act], r.Path, before)
			m.balanced(t)
			answer := m.comesBack(t, r, before, "")
			require.True(t, done())
			m.balanced(t)
			return answer
		}
		export := m.book(m.Office, "/v1/admin/bank-files", map[string]any{})
		file := m.exports(t, do(export, func() bool { return m.fileOf(t, claims) != "" }), export, claims)
		m.send(t, file.ID)
		do(m.book(m.second, "/v1/admin/bank-files/"+file.ID+"/payment", map[string]any{}), func() bool { return m.stateOf(t, claims[0].ID) == "paid" })
		back := m.payoutOf(t, claims[lap%marketShops])
		do(m.book(m.Office, "/v1/admin/payouts/"+back.ID+"/return", map[string]any{"reason": "口座なし"}), func() bool { return m.stateOf(t, back.ClaimID) == "returned" })
		proposed := m.propose(t, m.shops[lap%marketShops])
		harness.Post[harness.BankAccount](t, m.second, "/v1/admin/bank-accounts/"+proposed.ID+"/approval", map[string]any{})
		export = m.book(m.Office, "/v1/admin/bank-files", map[string]any{})
		file = m.exports(t, do(export, func() bool { return m.stateOf(t, back.ClaimID) == "exported" }), export, claims[lap%marketShops:lap%marketShops+1])
		m.payAll(t, claims)
	}
	m.everyClaimIsPaid(t)
}

// ready lets every shop claim an amount, and two people look at the claims.
func (m *transfers) ready(t *testing.T, amount int64) []harness.Claim {
	t.Helper()
	claims := make([]harness.Claim, len(m.shops))
	for i, shop := range m.shops {
		claims[i] = shop.Claim(t, amount)
	}
	m.Approve(t, m.second, claims...)
	return claims
}

// readyMany lets the shops make so many claims of a point.
func (m *transfers) readyMany(t *testing.T, many int) {
	t.Helper()
	claims := make([]harness.Claim, many)
	for i := range claims {
		claims[i] = m.shops[i%marketShops].Claim(t, 1)
	}
	m.Approve(t, m.second, claims...)
}

// dies kills the server at every gate of an act, and asks again at the end. done tells whether the act is done: it is
// behind the commit of the last gate, and not before.
func (m *transfers) dies(t *testing.T, gates []gate, r harness.Request, refusal string, done func() bool) {
	t.Helper()
	for i, g := range gates {
		m.interrupt(t, g, r)
		require.Equal(t, i == len(gates)-1, m.looked(t, g, done), "%s: it is done behind the last gate", g.name)
		if i < len(gates)-1 {
			require.NoError(t, m.Front().Restart(t.Context()))
		}
	}
	m.comesBack(t, r, true, refusal)
	m.balanced(t)
}

// looked looks at what a kill has left.
func (m *transfers) looked(t *testing.T, g gate, done func() bool) bool {
	t.Helper()
	m.balanced(t)
	isDone := done()
	t.Logf("kill -9 of the server %s: done %t", g.name, isDone)
	return isDone
}

// fileOf gives the file on which the claims stand: all of them on one that is not void, or none.
func (m *transfers) fileOf(t *testing.T, claims []harness.Claim) string {
	t.Helper()
	on := tally(t, m.City, `SELECT p.file_id::text, count(*) FROM payouts p JOIN bank_files f ON f.id = p.file_id
		WHERE p.claim_id = ANY($1) AND p.state = 'exported' AND f.state <> 'voided' GROUP BY 1`, idsOf(claims))
	if len(on) == 0 {
		return ""
	}
	require.Len(t, on, 1)
	for file, count := range on {
		require.EqualValues(t, len(claims), count)
		return file
	}
	return ""
}

func idsOf(claims []harness.Claim) []string {
	ids := make([]string, len(claims))
	for i, claim := range claims {
		ids[i] = claim.ID
	}
	return ids
}

// exports reads the answer to an export, and asks once more with the same key: the file is the one on which the claims
// stand, and its bytes are those of its hash.
func (m *transfers) exports(t *testing.T, answer harness.Answer, r harness.Request, claims []harness.Claim) harness.BankFile {
	t.Helper()
	var made, again harness.Exported
	require.NoError(t, answer.Into(&made))
	require.Equal(t, m.fileOf(t, claims), made.File.ID)
	repeated := insist(t, r)
	require.Equal(t, http.StatusOK, repeated.Status)
	require.NoError(t, repeated.Into(&again))
	require.Equal(t, made.File, again.File)
	require.Equal(t, made.File.SHA256, m.hashOf(t, made.File.ID))
	m.hashes[made.File.ID] = made.File.SHA256
	return made.File
}

// hashOf gives the hash of a file's bytes.
func (m *transfers) hashOf(t *testing.T, id string) string {
	t.Helper()
	content := m.Office.Call(t, harness.Request{Method: http.MethodGet, Path: "/v1/admin/bank-files/" + id + "/content"})
	require.Equal(t, http.StatusOK, content.Status)
	hash := sha256.Sum256(content.Body)
	return hex.EncodeToString(hash[:])
}

// payoutOf gives the latest attempt to pay a claim.
func (m *transfers) payoutOf(t *testing.T, claim harness.Claim) harness.Payout {
	t.Helper()
	found := harness.Get[struct {
		Payouts []harness.Payout `json:"payouts"`
	}](t, m.Office, "/v1/admin/payouts?claim="+claim.ID)
	require.NotEmpty(t, found.Payouts)
	return found.Payouts[0]
}

func (m *transfers) stateOf(t *testing.T, claim string) string {
	t.Helper()
	return query[string](t, m.City, `SELECT state FROM claims WHERE id = $1`, claim)
}

// send notes that the bank has a file.
func (m *transfers) send(t *testing.T, file string) {
	t.Helper()
	require.Equal(t, "sent", harness.Post[harness.BankFile](t, m.Office, "/v1/admin/bank-files/"+file+"/sending", map[string]any{}).State)
}

// payAll notes that the bank has the file of what is on its way of the claims, and has paid it.
func (m *transfers) payAll(t *testing.T, claims []harness.Claim) {
	t.Helper()
	file := query[string](t, m.City, `SELECT file_id::text FROM payouts WHERE claim_id = ANY($1) AND state = 'exported' LIMIT 1`, idsOf(claims))
	m.send(t, file)
	harness.Book[struct{}](t, m.Office, "/v1/admin/bank-files/"+file+"/payment", map[string]any{})
	require.Equal(t, map[string]int64{"paid": int64(len(claims))}, tally(t, m.City, `SELECT state, count(*) FROM claims WHERE id = ANY($1) GROUP BY 1`, idsOf(claims)))
}

// propose enters another account of a shop.
func (m *transfers) propose(t *testing.T, shop *harness.Person) harness.BankAccount {
	t.Helper()
	m.account++
	return shop.ProposeAccount(t, fmt.Sprintf("%07d", 2_000_000+m.account))
}

// balanced looks at everything at once, at any moment: claims, payouts, files and books say the same.
func (m *transfers) balanced(t *testing.T) {
	t.Helper()
	paid := query[int64](t, m.City, `SELECT coalesce(sum(amount), 0)::bigint FROM payouts WHERE state = 'paid'`)
	require.Equal(t, m.opening-paid, query[int64](t, m.City, `SELECT -sum(balance)::bigint FROM pots WHERE kind = 1`), "cash at the bank")
	owed := query[int64](t, m.City, `SELECT coalesce(sum(amount), 0)::bigint FROM claims WHERE state NOT IN ('draft', 'superseded', 'refused', 'paid')`)
	require.Equal(t, owed, query[int64](t, m.City, `SELECT coalesce(sum(balance), 0)::bigint FROM pots WHERE kind = 6`), "claimed points")
	require.Zero(t, query[int](t, m.City, `SELECT count(*) FROM claims c WHERE (c.state = 'paid')::int <>
		(SELECT count(*) FILTER (WHERE e.type = 13) - count(*) FILTER (WHERE e.type = 14) FROM entries e WHERE e.batch_id = c.id)`), "claims that the books have not paid once")
	require.Zero(t, query[int](t, m.City, `SELECT count(*) FROM claims c WHERE
		(c.state = 'exported')::int <> (SELECT count(*) FROM payouts p WHERE p.claim_id = c.id AND p.state = 'exported') OR
		(c.state = 'paid')::int <> (SELECT count(*) FROM payouts p WHERE p.claim_id = c.id AND p.state = 'paid')`), "claims without the one payout of their state")
	require.Zero(t, query[int](t, m.City, `SELECT count(*) FROM bank_files f CROSS JOIN LATERAL (SELECT count(*), sum(p.transfer) FROM payouts p
		WHERE p.file_id = f.id AND (p.state = 'voided') = (f.state = 'voided')) AS p(count, total) WHERE f.count <> p.count OR f.total <> p.total`), "files that are not the sum of their payouts")
	require.Len(t, tally(t, m.City, `SELECT merchant_id::text, 1 FROM bank_accounts WHERE state = 'active'`), marketShops, "accounts that can be paid to")
}

// everyClaimIsPaid looks at the whole when all is over.
func (m *transfers) everyClaimIsPaid(t *testing.T) {
	t.Helper()
	m.balanced(t)
	require.Zero(t, query[int](t, m.City, `SELECT count(*) FROM claims WHERE state NOT IN ('draft', 'superseded', 'refused', 'paid')`))
	claimed := query[int64](t, m.City, `SELECT sum(amount)::bigint FROM claims WHERE state = 'paid'`)
	cash, rest := m.bank(t)
	require.Equal(t, []int64{m.opening - claimed, 0}, []int64{cash, rest})
	for id, hash := range m.hashes {
		file := harness.Get[harness.BankFile](t, m.Office, "/v1/admin/bank-files/"+id)
		require.Equal(t, hash, file.SHA256)
		if file.State == "voided" || query[bool](t, m.City, `SELECT EXISTS (SELECT FROM payouts WHERE file_id = $1 AND state = 'returned')`, id) {
			m.Office.Refused(t, http.StatusConflict, "bank_file_state", harness.Request{Method: http.MethodGet, Path: "/v1/admin/bank-files/" + id + "/content"})
			continue // nobody is given it any more
		}
		require.Equal(t, hash, m.hashOf(t, id))
	}
	proven(t, m.City)
}

package journey_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type lapsing struct {
	Until string        `json:"until"`
	Lines []harness.Lot `json:"lines"`
	Next  string        `json:"next"`
}

type heldLots struct {
	Lines []struct {
		Holder harness.Party `json:"holder"`
		Lot    harness.Lot   `json:"lot"`
	} `json:"lines"`
}

type sweep struct {
	Wallets int   `json:"wallets"`
	Points  int64 `json:"points"`
	More    bool  `json:"more"`
}

type shopTill struct {
	Shop    harness.Party `json:"shop"`
	Fund    string        `json:"fund"`
	Cash    int64         `json:"cash"`
	DueOn   string        `json:"due_on"`
	Overdue bool          `json:"overdue"`
}

func overdue(t *testing.T, city *harness.City) []shopTill {
	t.Helper()
	return harness.Get[struct {
		Tills []shopTill `json:"tills"`
	}](t, city.Office, "/v1/admin/tills?overdue=true").Tills
}

// Days go by in a city: points lapse and go back to their fund, a shop is late with its cash, and at the end the
// books are proven, here and by hledger and beancount (clauses 4.2.3, 4.3.5, 8.2, +1, +5).
func TestDaysGoByAndTheBooksHold(t *testing.T) {
	t.Parallel()
	city := ownCity(t, "aged")
	charges, _ := acceptCharges(t, city, "charge")
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店; =2+3")
	fund := city.OpenFund(t, "fund", 10_000)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1, ClearedAtMerchant: true, Transferable: true})
	give := func(to *harness.Person, amount int64, expires string) {
		city.Grant(t, to, harness.Grant{Fund: fund, Kind: kind, Amount: amount, ExpiresOn: expires, Memo: `給付 "A"; \ | tag:x`})
	}
	give(hana, 300, harness.Today(0))
	give(hana, 200, harness.Today(10))
	give(hana, 500, "")
	give(jiro, 70, harness.Today(11))
	harness.Book[charge](t, shop, "/v1/charges", map[string]any{"resident_code": jiro.Code, "amount": 1_000})
	hana.Pay(t, shop, 100) // of the points that lapse first
	hana.Pay(t, jiro, 50)
	require.Empty(t, overdue(t, city))

	wallet := hana.Wallet(t)
	require.EqualValues(t, 850, wallet.Balance)
	require.EqualValues(t, 350, wallet.LapsingSoon.Amount)
	require.Equal(t, harness.Today(30), wallet.LapsingSoon.Until)
	soon := harness.Get[lapsing](t, hana, "/v1/wallet/lapsing")
	require.Equal(t, harness.Today(30), soon.Until)
	require.Len(t, soon.Lines, 2)
	require.EqualValues(t, 150, soon.Lines[0].Remaining)
	require.Equal(t, harness.Today(0), *soon.Lines[0].ExpiresOn)
	require.Len(t, harness.Get[lapsing](t, hana, "/v1/wallet/lapsing?until="+harness.Today(9)).Lines, 1)
	first := harness.Get[lapsing](t, hana, "/v1/wallet/lapsing?limit=1")
	second := harness.Get[lapsing](t, hana, "/v1/wallet/lapsing?limit=1&after="+first.Next)
	require.Equal(t, soon.Lines, append(first.Lines, second.Lines...))
	held := harness.Get[heldLots](t, city.Office, "/v1/admin/lapsing?until="+harness.Today(10)+"&wallet_id="+hana.WalletID)
	require.Len(t, held.Lines, 2)
	require.Equal(t, harness.Party{Kind: "resident", Name: "藤田 花", WalletID: hana.WalletID}, held.Lines[0].Holder)
	require.Zero(t, harness.Post[sweep](t, city.Office, "/v1/admin/sweeps", nil).Wallets, "on its last day a point is good")

	city.Age(t, 10)
	wallet = hana.Wallet(t)
	require.EqualValues(t, 850, wallet.Balance)
	require.EqualValues(t, 700, wallet.Usable, "what has lapsed cannot be used, swept or not")
	refusal := hana.Refused(t, http.StatusUnprocessableEntity, "balance_insufficient", harness.Request{
		Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": shop.Code, "amount": 701},
	})
	require.Equal(t, map[string]int64{"balance": 700, "shortfall": 1}, refusal.Figures)
	require.Equal(t, harness.Position{Fund: fund, Bank: 10_000, Cash: 10_000, Unissued: 8_930, Wallets: 1_070, Points: 10_000},
		position(t, city, fund, harness.Today(-1)), "yesterday, as it was")

	late := overdue(t, city)
	require.Len(t, late, 1)
	require.Equal(t, shopTill{
		Shop: late[0].Shop, Fund: charges, Cash: 1_000, DueOn: harness.Today(-3), Overdue: true,
	}, late[0])
	require.Equal(t, shop.WalletID, late[0].Shop.WalletID)
	require.True(t, harness.Get[till](t, shop, "/v1/till").Overdue)
	harness.Book[cash](t, city.Office, "/v1/admin/tills/"+shop.WalletID+"/remittances", map[string]any{"fund": charges, "amount": 1_000})
	require.Empty(t, overdue(t, city))

	// What jiro was sent lapsed with its sender's: being passed on gives no new life.
	require.Equal(t, sweep{Wallets: 2, Points: 200}, harness.Post[sweep](t, city.Office, "/v1/admin/sweeps", nil))
	require.Zero(t, harness.Post[sweep](t, city.Office, "/v1/admin/sweeps", nil).Wallets, "a sweep finds nothing twice")
	last := hana.WholeHistory(t, "type=expiry", 10)
	require.Len(t, last, 1)
	require.EqualValues(t, -150, last[0].Delta)
	require.EqualValues(t, 700, last[0].Balance)
	require.EqualValues(t, 700, hana.Balance(t))
	require.EqualValues(t, 100, shop.Wallet(t).Usable, "what a shop received does not lapse")
	require.EqualValues(t, 9_130, position(t, city, fund, "").Unissued)

	city.Age(t, 1)
	_, err := city.Work(t.Context()) // which sweeps by itself
	require.NoError(t, err)
	harness.Await(t, "the day's sweep", func() bool { return hana.Balance(t) == 500 })
	require.EqualValues(t, 1_070, jiro.Balance(t), "the last day of these is today")
	made := harness.Book[batchMade](t, city.Office, "/v1/admin/batches", map[string]any{
		"fund": fund, "kind": kind, "memo": "全員", "list": []map[string]any{{"email": hana.Email, "amount": 10}, {"email": shop.Email, "amount": 20}},
	})
	awaitEnd(t, city, made.ID)
	harness.Book[cash](t, city.Office, "/v1/admin/funds/"+fund+"/withdrawals", map[string]any{"amount": 30})
	proven(t, city)
	exportsAgree(t, city)
}

type verdict struct {
	Clean    bool              `json:"clean"`
	Findings []json.RawMessage `json:"findings"`
}

// proven holds the books to the proof, by command and by the office's button.
func proven(t *testing.T, city *harness.City) {
	t.Helper()
	said, err := city.Run(t.Context(), "verify", "--json")
	require.NoError(t, err)
	require.Zero(t, said.Code, "%s%s", said.Stdout, said.Stderr)
	var found verdict
	require.NoError(t, json.Unmarshal([]byte(said.Stdout), &found))
	require.True(t, found.Clean)
	require.Empty(t, found.Findings)
	require.True(t, harness.Post[verdict](t, city.Office, "/v1/admin/proofs", nil).Clean)
	require.True(t, harness.Get[verdict](t, city.Office, "/v1/admin/proofs/last").Clean)
}

// exportsAgree lets programs that know nothing of the platform add its journal up.
func exportsAgree(t *testing.T, city *harness.City) {
	t.Helper()
	journal := filepath.Join(t.TempDir(), "saijo.journal")
	exported, err := city.Command(t.Context(), "export", "--format", "hledger")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(journal, []byte(exported), 0o600))
	hledger(t, "-f", journal, "check", "--strict")
	table := hledger(t, "-f", journal, "balance", "--flat", "--empty", "--no-total", "--output-format", "csv")
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	require.NoError(t, err)
	sums := map[string]map[string]int64{}
	for _, row := range rows[1:] {
		parts := strings.Split(row[0], ":")
		amount, err := strconv.ParseInt(strings.TrimSuffix(row[1], " LSP"), 10, 64)
		require.NoError(t, err, row[1])
		if parts[0] == "liabilities" {
			amount = -amount
		}
		if sums[parts[2]] == nil {
			sums[parts[2]] = map[string]int64{}
		}
		sums[parts[2]][parts[1]] += amount
	}
	ours := harness.Get[trial](t, city.Office, "/v1/admin/position")
	require.True(t, ours.Balanced)
	require.Len(t, sums, len(ours.Funds))
	for _, f := range ours.Funds {
		theirs := sums[f.Fund]
		require.Equal(t, f, harness.Position{
			Fund: f.Fund, Bank: theirs["bank"], Tills: theirs["till"], Cash: theirs["bank"] + theirs["till"], Receivables: theirs["receivable"], Unissued: theirs["unissued"],
			Reserved: theirs["reserved"], Wallets: theirs["wallet"], Claimed: theirs["claimed"],
			Points: theirs["unissued"] + theirs["reserved"] + theirs["wallet"] + theirs["claimed"],
		}, "hledger and the trial balance agree to the point")
	}

	exported, err = city.Command(t.Context(), "export", "--format", "beancount")
	require.NoError(t, err)
	beans := filepath.Join(t.TempDir(), "saijo.beancount")
	require.NoError(t, os.WriteFile(beans, []byte(exported), 0o600))
	checker, err := exec.LookPath("bean-check")
	require.NoError(t, err, "beancount must be installed")
	said, err := exec.CommandContext(t.Context(), checker, beans).CombinedOutput()
	require.NoError(t, err, "%s", said)
}

func hledger(t *testing.T, args ...string) string {
	t.Helper()
	binary, err := exec.LookPath("hledger")
	require.NoError(t, err, "hledger must be installed")
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
	said, err := cmd.Output()
	require.NoError(t, err, "%s", said)
	return string(said)
}

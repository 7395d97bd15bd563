package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type lack struct {
	Wallet  harness.Party `json:"wallet"`
	Fund    string        `json:"fund"`
	Needed  int64         `json:"needed"`
	Missing int64         `json:"missing"`
}

// undoing is everything that a correction would do.
type undoing struct {
	Original struct {
		EntryID string        `json:"entry_id"`
		Type    string        `json:"type"`
		From    harness.Party `json:"from"`
		To      harness.Party `json:"to"`
		Amount  int64         `json:"amount"`
		Undone  int64         `json:"undone"`
	} `json:"original"`
	Type    string `json:"type"`
	Amount  int64  `json:"amount"`
	Left    int64  `json:"left"`
	Refused bool   `json:"refused"`
	Moves   []struct {
		Part   string        `json:"part"`
		From   harness.Party `json:"from"`
		To     harness.Party `json:"to"`
		Kind   string        `json:"kind"`
		Hops   int           `json:"hops"`
		Amount int64         `json:"amount"`
		Lapsed bool          `json:"lapsed"`
	} `json:"moves"`
	Lapsed   int64 `json:"lapsed"`
	Cashback struct {
		Returned int64 `json:"returned"`
		Taken    int64 `json:"taken"`
		Netted   int64 `json:"netted"`
	} `json:"cashback"`
	Awards []struct {
		OfferID string `json:"offer_id"`
		Amount  int64  `json:"amount"`
		How     string `json:"how"`
	} `json:"awards"`
	Statements []struct {
		Merchant harness.Party `json:"merchant"`
		PeriodID string        `json:"period_id"`
	} `json:"statements"`
	Owed         []lack `json:"owed"`
	Shortages    []lack `json:"shortages"`
	Limit        int64  `json:"limit"`
	SecondPerson bool   `json:"second_person"`
	Waiting      []struct {
		ID string `json:"id"`
	} `json:"waiting"`
}

func correctionOf(entry string, how fields) harness.Request {
	return harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/corrections", Key: harness.Key(), Body: with(fields{"entry_id": entry, "reason": "金額の誤り"}, how),
	}
}

// correct undoes an entry at once.
func correct(t *testing.T, by *harness.Person, entry string, how fields) harness.Correction {
	t.Helper()
	answer := by.Call(t, correctionOf(entry, how))
	require.Equal(t, http.StatusCreated, answer.Status, "%s", answer.Body)
	var done harness.Correction
	require.NoError(t, answer.Into(&done))
	require.Equal(t, "done", done.State)
	return done
}

// like is a lot apart from its name: what comes back is of the same kind, fund and expiry, and has gone as far.
func like(lots []harness.Lot) []harness.Lot {
	var nameless []harness.Lot
	for _, l := range lots {
		l.ID = ""
		nameless = append(nameless, l)
	}
	return nameless
}

// Clause 4.6.1, over 4.5.1–4.5.4: a part, and then the rest, with cashback and what a campaign promised.
func TestAPaymentIsUndoneWithAllThatFollowedFromIt(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	fund := city.OpenFund(t, "city", 10_000)
	kind := city.MakeKind(t, "plain", harness.Kind{Rank: 1, Validity: harness.Validity{Days: 30}, ClearedAtMerchant: true})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: kind, Amount: 5_000})
	before := hana.Wallet(t)
	bonus := returning(t, city)
	programme := enterProgramme(t, shop, fields{"name": "いつでも10%", "rate": 1_000, "kind": bonus})
	festival := openCampaign(t, city, fields{
		"name": "秋の還元祭", "rate": 2_000, "kind": bonus, "merchants": []string{shop.WalletID},
		"from": harness.Today(0), "until": harness.Today(6), "fund": fund, "budget": 1_000,
	})
	paid := hana.Pay(t, shop, 1_000)
	require.EqualValues(t, 100, paid.Cashback)
	require.EqualValues(t, 200, currentCampaign(t, hana, festival.ID).Promised)

	wish := fields{"entry_id": paid.EntryID, "amount": 400}
	seen := harness.Post[undoing](t, city.Office, "/v1/admin/corrections/preview", wish)
	require.Equal(t, [3]any{"partial_correction", int64(400), int64(600)}, [3]any{seen.Type, seen.Amount, seen.Left})
	require.Equal(t, [2]string{"藤田 花", "うちぬき商店"}, [2]string{seen.Original.From.Name, seen.Original.To.Name})
	require.False(t, seen.Refused)
	require.False(t, seen.SecondPerson)
	require.Equal(t, [3]int64{100, 40, 0}, [3]int64{seen.Cashback.Returned, seen.Cashback.Taken, seen.Cashback.Netted})
	taken := map[string][2]any{}
	for _, a := range seen.Awards {
		taken[a.OfferID] = [2]any{a.Amount, a.How}
	}
	require.Equal(t, map[string][2]any{programme.ID: {int64(40), "cashback"}, festival.ID: {int64(80), "accrual"}}, taken)
	moves := map[string][3]any{}
	for _, m := range seen.Moves {
		moves[m.Part] = [3]any{m.To.Name, m.Kind, m.Amount}
	}
	require.Equal(t, map[string][3]any{"cashback": {"うちぬき商店", kind, int64(40)}, "entry": {"藤田 花", kind, int64(400)}}, moves)
	require.EqualValues(t, 4_100, hana.Balance(t), "a preview moves nothing")

	city.Office.Refused(t, http.StatusUnprocessableEntity, "correction_too_much", correctionOf(paid.EntryID, fields{"amount": 1_001}))
	request := correctionOf(paid.EntryID, fields{"amount": 400})
	first := city.Office.Call(t, request)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	again := city.Office.Call(t, request)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, string(first.Body), string(again.Body))
	require.EqualValues(t, 4_460, hana.Balance(t))
	require.EqualValues(t, 540, shop.Balance(t))
	require.EqualValues(t, 120, currentCampaign(t, hana, festival.ID).Promised)

	rest := correct(t, city.Office, paid.EntryID, nil)
	require.EqualValues(t, 600, rest.Amount)
	require.Equal(t, like(before.Lots), like(hana.Wallet(t).Lots), "every point came back as it was")
	require.Zero(t, shop.Balance(t))
	require.Zero(t, currentCampaign(t, hana, festival.ID).Promised)
	require.Zero(t, campaignNow(t, city, festival.ID).Accrued)
	city.Office.Refused(t, http.StatusConflict, "entry_already_reversed", correctionOf(paid.EntryID, nil))
	city.Office.Refused(t, http.StatusUnprocessableEntity, "correction_of_correction", correctionOf(rest.EntryID, nil))
	shop.Refused(t, http.StatusForbidden, "not_allowed", correctionOf(paid.EntryID, nil))

	receipt := harness.Get[rewarded](t, hana, "/v1/entries/"+paid.EntryID)
	require.Equal(t, [2]int64{400, 600}, [2]int64{receipt.CorrectedBy[0].Amount, receipt.CorrectedBy[1].Amount})
	undone := harness.Get[rewarded](t, hana, "/v1/entries/"+rest.EntryID)
	require.Equal(t, &otherEnd{EntryID: paid.EntryID, Type: "payment", Amount: 600}, undone.Corrects)
	require.Equal(t, [2]int64{540, 5_000}, [2]int64{undone.Delta, undone.Balance})
	line := shop.WholeHistory(t, "", 10)[0]
	require.Equal(t, [3]any{"reversal", int64(-540), "金額の誤り"}, [3]any{line.Type, line.Delta, line.Memo})
}

// Clause 4.6.1: above a limit a second administrator looks at it, also where it comes in slices.
func TestALargeCorrectionTakesTwoPeople(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	one, two := city.Administrator(t, "市役所 一郎"), city.Administrator(t, "市役所 二葉")
	city.Endow(t, hana, 50_000)
	paid := hana.Pay(t, shop, 30_000)
	correct(t, one, paid.EntryID, fields{"amount": 6_000})

	request := correctionOf(paid.EntryID, fields{"amount": 4_001})
	answer := one.Call(t, request)
	require.Equal(t, http.StatusAccepted, answer.Status, "%s", answer.Body)
	var waiting harness.Correction
	require.NoError(t, answer.Into(&waiting))
	require.Equal(t, [2]string{"waiting", ""}, [2]string{waiting.State, waiting.EntryID})
	seen := harness.Post[undoing](t, two, "/v1/admin/corrections/preview", fields{"entry_id": paid.EntryID, "amount": 4_001})
	require.True(t, seen.SecondPerson)
	require.EqualValues(t, 10_000, seen.Limit)
	require.Equal(t, waiting.ApprovalID, seen.Waiting[0].ID)

	path := "/v1/admin/approvals/" + waiting.ApprovalID
	approving := harness.Request{Method: http.MethodPost, Path: path + "/approval", Body: fields{"note": "レシートを確認"}}
	one.Refused(t, http.StatusUnprocessableEntity, "approval_same_person", approving)
	require.EqualValues(t, 26_000, hana.Balance(t), "nothing has moved yet")
	type decided struct {
		State       string `json:"state"`
		RequestedBy string `json:"requested_by"`
		DecidedBy   string `json:"decided_by"`
		Result      string `json:"result"`
	}
	approved := harness.Post[decided](t, two, path+"/approval", approving.Body)
	require.Equal(t, decided{"approved", one.ID, two.ID, approved.Result}, approved)
	require.Equal(t, approved, harness.Post[decided](t, two, path+"/approval", approving.Body), "said twice, done once")
	city.Office.Refused(t, http.StatusConflict, "approval_decided", approving)
	require.EqualValues(t, 30_001, hana.Balance(t))
	var done harness.Correction
	require.NoError(t, one.Call(t, request).Into(&done))
	require.Equal(t, harness.Correction{State: "done", ApprovalID: waiting.ApprovalID, EntryID: approved.Result, Amount: 4_001}, done)
	require.Equal(t, paid.EntryID, harness.Get[rewarded](t, hana, "/v1/entries/"+approved.Result).Corrects.EntryID)

	require.NoError(t, one.Call(t, correctionOf(paid.EntryID, nil)).Into(&waiting))
	refused := harness.Post[decided](t, two, "/v1/admin/approvals/"+waiting.ApprovalID+"/refusal", fields{"note": "根拠がありません"})
	require.Equal(t, "refused", refused.State)
	require.NoError(t, one.Call(t, correctionOf(paid.EntryID, nil)).Into(&waiting))
	two.Refused(t, http.StatusForbidden, "approval_not_own", harness.Request{Method: http.MethodPost, Path: "/v1/admin/approvals/" + waiting.ApprovalID + "/withdrawal", Body: fields{}})
	require.Equal(t, "withdrawn", harness.Post[decided](t, one, "/v1/admin/approvals/"+waiting.ApprovalID+"/withdrawal", fields{}).State)
	require.EqualValues(t, 30_001, hana.Balance(t))
}

type receivable struct {
	Debtor harness.Party `json:"debtor"`
	Fund   string        `json:"fund"`
	Amount int64         `json:"amount"`
}

// owedTo gives what is owed to a fund.
func owedTo(t *testing.T, city *harness.City, fund string) (owed []receivable) {
	t.Helper()
	for _, r := range harness.Get[struct {
		Receivables []receivable `json:"receivables"`
	}](t, city.Office, "/v1/admin/receivables").Receivables {
		if r.Fund == fund {
			owed = append(owed, r)
		}
	}
	return owed
}

// Clause 4.6.1: what cannot be taken back is told, or owed by who may say so, until it is paid.
func TestPointsThatWereSpentAreOwedUntilTheyComeBack(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop, other := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂")
	fund, _ := city.Endow(t, hana, 5_000)
	paid := hana.Pay(t, shop, 1_000)
	shop.Pay(t, other, 700)

	seen := harness.Post[undoing](t, city.Office, "/v1/admin/corrections/preview", fields{"entry_id": paid.EntryID})
	require.True(t, seen.Refused)
	require.Len(t, seen.Shortages, 1)
	require.Equal(t, lack{seen.Shortages[0].Wallet, fund, 1_000, 700}, seen.Shortages[0])
	require.Equal(t, shop.WalletID, seen.Shortages[0].Wallet.WalletID)
	require.Empty(t, seen.Owed)
	refusal := city.Office.Refused(t, http.StatusUnprocessableEntity, "correction_short", correctionOf(paid.EntryID, nil))
	require.NotEmpty(t, refusal.Errors, "with the list of what is missing")
	correct(t, city.Office, paid.EntryID, fields{"amount": 100}) // as far as the points are there

	seen = harness.Post[undoing](t, city.Office, "/v1/admin/corrections/preview", fields{"entry_id": paid.EntryID, "receivable": true})
	require.False(t, seen.Refused)
	require.Equal(t, []lack{{seen.Owed[0].Wallet, fund, 900, 700}}, seen.Owed)
	correct(t, city.Office, paid.EntryID, fields{"receivable": true})
	require.EqualValues(t, 5_000, hana.Balance(t))
	require.Zero(t, shop.Balance(t))
	owed := owedTo(t, city, fund)
	require.Equal(t, []receivable{{owed[0].Debtor, fund, 700}}, owed)
	require.Equal(t, shop.WalletID, owed[0].Debtor.WalletID)
	require.Equal(t, harness.Position{Fund: fund, Bank: 5_000, Cash: 5_000, Receivables: 700, Wallets: 5_700, Points: 5_700}, position(t, city, fund, ""))

	hana.Pay(t, shop, 300)
	recovery := func(amount int, from string) harness.Request {
		return harness.Request{
			Method: http.MethodPost, Path: "/v1/admin/receivables/" + shop.WalletID + "/recoveries", Key: harness.Key(),
			Body: fields{"fund": fund, "amount": amount, "from": from, "memo": "分割で返済"},
		}
	}
	require.Equal(t, http.StatusCreated, city.Office.Call(t, recovery(300, "points")).Status)
	require.Zero(t, shop.Balance(t))
	refusal = city.Office.Refused(t, http.StatusUnprocessableEntity, "receivable_exceeded", recovery(401, "bank"))
	require.Equal(t, map[string]int64{"owed": 400}, refusal.Figures)
	require.Equal(t, http.StatusCreated, city.Office.Call(t, recovery(400, "bank")).Status)
	require.Empty(t, owedTo(t, city, fund))
	require.Equal(t, harness.Position{Fund: fund, Bank: 5_400, Cash: 5_400, Wallets: 5_400, Points: 5_400}, position(t, city, fund, ""))
}

// Clauses 4.5.3 and 4.6.1: what a campaign has paid for a payment comes back when that is undone, and only then.
func TestWhatACampaignHasPaidComesBackWithThePayment(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 5_000)
	bonus := returning(t, city)
	fund := city.OpenFund(t, "campaign", 1_000)
	id := openCampaign(t, city, fields{
		"name": "秋の還元祭", "rate": 2_000, "kind": bonus, "merchants": []string{shop.WalletID},
		"from": harness.Today(0), "until": harness.Today(6), "fund": fund, "budget": 1_000,
	}).ID
	paid := hana.Pay(t, shop, 1_000)
	harness.Post[campaign](t, city.Office, "/v1/admin/campaigns/"+id+"/end", fields{})
	awaitPaid(t, city, id)
	require.EqualValues(t, 4_200, hana.Balance(t))
	payout := hana.WholeHistory(t, "type=grant", 10)[0]
	city.Office.Refused(t, http.StatusUnprocessableEntity, "correction_of_campaign_payout", correctionOf(payout.EntryID, nil))

	seen := harness.Post[undoing](t, city.Office, "/v1/admin/corrections/preview", fields{"entry_id": paid.EntryID})
	require.Equal(t, [3]any{id, int64(200), "payout"}, [3]any{seen.Awards[0].OfferID, seen.Awards[0].Amount, seen.Awards[0].How})
	correct(t, city.Office, paid.EntryID, nil)
	require.EqualValues(t, 5_000, hana.Balance(t))
	require.Equal(t, harness.Position{Fund: fund, Bank: 1_000, Cash: 1_000, Unissued: 1_000, Points: 1_000}, position(t, city, fund, ""))
}

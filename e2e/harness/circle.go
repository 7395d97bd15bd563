package harness

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Campaign is cashback limited in time and budget, as administrators see it.
type Campaign struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Budget  int64  `json:"budget"`
	Accrued int64  `json:"accrued"`
	Version int64  `json:"version"`
}

// CampaignDraft is what an administrator enters for a campaign.
type CampaignDraft struct {
	Name      string `json:"name"`
	Rate      int    `json:"rate"` // basis points
	Kind      string `json:"kind"`
	PersonMax int64  `json:"person_max,omitempty"`
	From      string `json:"from"`
	Until     string `json:"until"`
	Fund      string `json:"fund"`
	Budget    int64  `json:"budget"`
}

// Period is a span of the journal for which merchants are paid.
type Period struct {
	ID      string `json:"id"`
	From    string `json:"from"`
	Until   string `json:"until"`
	Closed  bool   `json:"closed"`
	LastSeq int64  `json:"last_seq"`
}

// Claim is a merchant's demand to be paid for points.
type Claim struct {
	ID     string `json:"id"`
	No     string `json:"no"`
	Amount int64  `json:"amount"`
	State  string `json:"state"`
}

// BankFile is a file for the bank.
type BankFile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Count    int    `json:"count"`
	Total    int64  `json:"total"`
	SHA256   string `json:"sha256"`
	State    string `json:"state"`
	Replaces string `json:"replaces"`
}

// Exported is the answer to an export.
type Exported struct {
	File    BankFile `json:"file"`
	LeftOut []struct {
		ClaimID string `json:"claim_id"`
		Code    string `json:"code"`
	} `json:"left_out"`
}

// Payout is one attempt to pay a claim by bank transfer.
type Payout struct {
	ID        string `json:"id"`
	ClaimID   string `json:"claim_id"`
	FileID    string `json:"file_id"`
	Attempt   int    `json:"attempt"`
	Amount    int64  `json:"amount"`
	Transfer  int64  `json:"transfer"`
	Reference string `json:"reference"`
	NewCode   int    `json:"new_code"`
	State     string `json:"state"`
}

// BankAccount is where a merchant is paid to.
type BankAccount struct {
	ID      string `json:"id"`
	Account string `json:"account"` // masked
	State   string `json:"state"`
}

// Correction is the answer to one.
type Correction struct {
	State      string `json:"state"`
	ApprovalID string `json:"approval_id"`
	EntryID    string `json:"entry_id"`
	Amount     int64  `json:"amount"`
}

// TestBank is a bank that nobody has: see LOVESAIJO_TEST_BANK.
const TestBank = "9999"

// Administrator registers one more administrator and signs in.
func (c *City) Administrator(t testing.TB, name string) *Person {
	t.Helper()
	return c.Register(t, Registration{Role: "administrator", Profile: Profile{Name: name, Kana: "シヤクショ ハナコ"}})
}

// DraftCampaign drafts a campaign that holds today, and tomorrow should midnight come meanwhile, at every shop.
func (c *City) DraftCampaign(t testing.TB, d CampaignDraft) Campaign {
	t.Helper()
	d.From, d.Until = Today(0), Today(1)
	return Post[struct {
		Campaign Campaign `json:"campaign"`
	}](t, c.Office, "/v1/admin/campaigns", d).Campaign
}

// OpenCampaign drafts a campaign, and opens it.
func (c *City) OpenCampaign(t testing.TB, d CampaignDraft) Campaign {
	t.Helper()
	draft := c.DraftCampaign(t, d)
	Book[struct{}](t, c.Office, "/v1/admin/campaigns/"+draft.ID+"/opening", map[string]any{})
	return Get[Campaign](t, c.Office, "/v1/admin/campaigns/"+draft.ID)
}

// EndCampaign ends a campaign before its time is over.
func (c *City) EndCampaign(t testing.TB, id string) {
	t.Helper()
	require.Equal(t, "ended", Post[Campaign](t, c.Office, "/v1/admin/campaigns/"+id+"/end", map[string]any{}).State)
}

// Settle lets the city settle: its bank has issued the originator's code, and periods are entered and closed by people.
func (c *City) Settle(t testing.TB) {
	t.Helper()
	c.AmendSettlement(t, func(settings map[string]any) {
		settings["cycle"], settings["auto_close"], settings["bank_days"] = "custom", false, 0
		settings["originator"] = map[string]any{
			"code": "9990000001", "name": "ｻｲｼﾞﾖｳｼ", "bank": TestBank, "branch": "001", "type": "ordinary", "number": "1234567",
		}
	})
}

// AmendSettlement changes the settings of settlement. An originator that stays keeps its number.
func (c *City) AmendSettlement(t testing.TB, change func(map[string]any)) {
	t.Helper()
	const path = "/v1/admin/settlement/settings"
	settings := Get[map[string]any](t, c.Office, path)
	version := fmt.Sprintf(`"%.0f"`, settings["version"])
	delete(settings, "version")
	if originator, has := settings["originator"].(map[string]any); has {
		delete(originator, "account") // masked: it is shown, and not taken
	} else {
		delete(settings, "originator")
	}
	settings["reason"] = "試験の設定"
	change(settings)
	Put[struct{}](t, c.Office, path, version, settings)
}

// EnterPeriod enters the period that follows the last one.
func (c *City) EnterPeriod(t testing.TB, from, until string) Period {
	t.Helper()
	return Post[Period](t, c.Office, "/v1/admin/periods", map[string]string{"from": from, "until": until})
}

// ProposeAccount enters an account of the merchant at the test bank, for an administrator to look at.
func (p *Person) ProposeAccount(t testing.TB, number string) BankAccount {
	t.Helper()
	return Post[BankAccount](t, p, "/v1/bank-accounts", map[string]any{
		"bank": TestBank, "branch": "002", "type": "ordinary", "number": number, "holder": "ウチヌキシヨウテン", "confirmed": true,
	})
}

// Account gives a merchant an account at the test bank that can be paid to.
func (c *City) Account(t testing.TB, merchant *Person, number string) BankAccount {
	t.Helper()
	proposed := merchant.ProposeAccount(t, number)
	return Post[BankAccount](t, c.Office, "/v1/admin/bank-accounts/"+proposed.ID+"/approval", map[string]any{})
}

// Claim claims an amount for the merchant.
func (p *Person) Claim(t testing.TB, amount int64) Claim {
	t.Helper()
	return Book[Claim](t, p, "/v1/claims", map[string]any{"amount": amount})
}

// verdictsMax is how many claims are judged at once.
const verdictsMax = 500

// Judge confirms or approves claims: by is the path of the act.
func (p *Person) Judge(t testing.TB, by string, claims ...Claim) {
	t.Helper()
	for first := 0; first < len(claims); first += verdictsMax {
		var ids []string
		for _, claim := range claims[first:min(first+verdictsMax, len(claims))] {
			ids = append(ids, claim.ID)
		}
		judged := Post[struct {
			Done int `json:"done"`
		}](t, p, "/v1/admin/claims/"+by, map[string]any{"claims": ids})
		require.Equal(t, len(ids), judged.Done)
	}
}

// Approve lets two administrators look at claims, so that they can be exported.
func (c *City) Approve(t testing.TB, second *Person, claims ...Claim) {
	t.Helper()
	c.Office.Judge(t, "confirmations", claims...)
	second.Judge(t, "approvals", claims...)
}

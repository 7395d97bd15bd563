package harness

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Lot is an amount of like points in a wallet.
type Lot struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind"`
	KindName  string  `json:"kind_name"`
	Fund      string  `json:"fund"`
	ExpiresOn *string `json:"expires_on"`
	Hops      int     `json:"hops"`
	Paid      bool    `json:"paid"`
	Remaining int64   `json:"remaining"`
}

// Wallet is a balance with its lots.
type Wallet struct {
	ID          string `json:"id"`
	Balance     int64  `json:"balance"`
	Usable      int64  `json:"usable"`
	Lots        []Lot  `json:"lots"`
	LapsingSoon struct {
		Until  string `json:"until"`
		Amount int64  `json:"amount"`
		Lots   int    `json:"lots"`
	} `json:"lapsing_soon"`
}

// Party is the other side of an entry.
type Party struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	WalletID string `json:"wallet_id"`
}

// Line is one line of a history.
type Line struct {
	No          int64  `json:"no"`
	EntryID     string `json:"entry_id"`
	Type        string `json:"type"`
	At          string `json:"at"`
	Delta       int64  `json:"delta"` // cashback included
	Cashback    int64  `json:"cashback"`
	Balance     int64  `json:"balance"`
	Counterpart Party  `json:"counterpart"`
	Memo        string `json:"memo"`
}

// History is one page of lines.
type History struct {
	Lines []Line `json:"lines"`
	Next  string `json:"next"`
}

// Slice is what a payment took from one lot.
type Slice struct {
	Kind      string  `json:"kind"`
	Fund      string  `json:"fund"`
	ExpiresOn *string `json:"expires_on"`
	Hops      int     `json:"hops"`
	Paid      bool    `json:"paid"`
	Amount    int64   `json:"amount"`
	Why       string  `json:"why"`
}

// Payment is the answer to one, and with Replayed what its header said.
type Payment struct {
	EntryID string `json:"entry_id"`
	Type    string `json:"type"`
	Amount  int64  `json:"amount"`
	Balance int64  `json:"balance"`
	At      string `json:"at"`
	Payee   struct {
		WalletID string `json:"wallet_id"`
	} `json:"payee"`
	Slices   []Slice `json:"slices"`
	Cashback int64   `json:"cashback"`
	Awards   []Award `json:"awards"`
}

// Award is what one offer gave for a payment.
type Award struct {
	OfferID   string  `json:"offer_id"`
	Name      string  `json:"name"`
	Campaign  bool    `json:"campaign"`
	Rate      int     `json:"rate"` // basis points
	Kind      string  `json:"kind"`
	Base      int64   `json:"base"`
	Earned    int64   `json:"earned"`
	Amount    int64   `json:"amount"`
	Cut       string  `json:"cut"` // the cap that left less than was earned
	PaidAfter *string `json:"paid_after"`
	State     string  `json:"state"` // of the campaign
}

// Preview is what a payment would do.
type Preview struct {
	Type         string  `json:"type"`
	Amount       int64   `json:"amount"`
	BalanceAfter int64   `json:"balance_after"`
	Payee        Party   `json:"payee"`
	Slices       []Slice `json:"slices"`
	Cashback     int64   `json:"cashback"`
	Awards       []Award `json:"awards"`
}

// Position is what a fund has and owes.
type Position struct {
	Fund        string `json:"fund"`
	Bank        int64  `json:"bank"`
	Tills       int64  `json:"tills"`
	Cash        int64  `json:"cash"` // bank + tills
	Receivables int64  `json:"receivables"`
	Unissued    int64  `json:"unissued"`
	Reserved    int64  `json:"reserved"`
	Wallets     int64  `json:"wallets"`
	Claimed     int64  `json:"claimed"`
	Points      int64  `json:"points"`
}

// Fund is a fund with its position.
type Fund struct {
	Code     string   `json:"code"`
	Name     string   `json:"name"`
	Version  int64    `json:"version"`
	Position Position `json:"position"`
}

// Kind is a kind of points, as an administrator enters it.
type Kind struct {
	Name              string   `json:"name"`
	Rank              int      `json:"rank"`
	Validity          Validity `json:"validity"`
	ClearedAtMerchant bool     `json:"cleared_at_merchant"`
	Transferable      bool     `json:"transferable"`
	RetiredFrom       string   `json:"retired_from,omitempty"`
}

// Validity is a kind's default expiry; at most one part is set.
type Validity struct {
	Months   int    `json:"months,omitempty"`
	Days     int    `json:"days,omitempty"`
	Until    string `json:"until,omitempty"`
	YearEnds int    `json:"year_ends,omitempty"`
}

// Grant is one grant.
type Grant struct {
	UserID    string `json:"user_id,omitempty"`
	Email     string `json:"email,omitempty"`
	Fund      string `json:"fund"`
	Kind      string `json:"kind"`
	Amount    int64  `json:"amount"`
	ExpiresOn string `json:"expires_on,omitempty"`
	Memo      string `json:"memo,omitempty"`
}

// OpenFund opens a fund under a code of its own and pays cash in; none where cash is zero.
func (c *City) OpenFund(t testing.TB, prefix string, cash int64) string {
	t.Helper()
	code := fmt.Sprintf("%s-%d", prefix, serial.Add(1))
	Post[Fund](t, c.Office, "/v1/admin/funds", map[string]string{"code": code, "name": "原資 " + code})
	if cash > 0 {
		Book[struct{}](t, c.Office, "/v1/admin/funds/"+code+"/deposits", map[string]any{"amount": cash, "memo": "繰入"})
	}
	return code
}

// MakeKind makes a kind under a code of its own.
func (c *City) MakeKind(t testing.TB, prefix string, kind Kind) string {
	t.Helper()
	code := fmt.Sprintf("%s-%d", prefix, serial.Add(1))
	if kind.Name == "" {
		kind.Name = "種別 " + code
	}
	c.SaveKind(t, code, kind)
	return code
}

// SaveKind makes a kind or changes it.
func (c *City) SaveKind(t testing.TB, code string, kind Kind) {
	t.Helper()
	Put[struct{}](t, c.Office, "/v1/admin/kinds/"+code, "", kind)
}

// Grant gives points to somebody.
func (c *City) Grant(t testing.TB, to *Person, g Grant) {
	t.Helper()
	g.UserID = to.ID
	Book[struct{}](t, c.Office, "/v1/admin/grants", g)
}

// Endow gives somebody points of a new fund and a new kind that do not lapse, which anybody may pass on.
func (c *City) Endow(t testing.TB, to *Person, amount int64) (fund, kind string) {
	t.Helper()
	fund = c.OpenFund(t, "endow", amount)
	kind = c.MakeKind(t, "plain", Kind{Rank: 10, ClearedAtMerchant: true, Transferable: true})
	c.Grant(t, to, Grant{Fund: fund, Kind: kind, Amount: amount})
	return fund, kind
}

// Wallet shows the person's wallet.
func (p *Person) Wallet(t testing.TB) Wallet {
	t.Helper()
	return Get[Wallet](t, p, "/v1/wallet")
}

// Balance is what the person has.
func (p *Person) Balance(t testing.TB) int64 {
	t.Helper()
	return p.Wallet(t).Balance
}

// Pay pays somebody by their standing code.
func (p *Person) Pay(t testing.TB, to *Person, amount int64) Payment {
	t.Helper()
	return Book[Payment](t, p, "/v1/payments", map[string]any{"payee_code": to.Code, "amount": amount})
}

// WholeHistory reads every page of a filtered history and checks that pages neither repeat nor leave out a line.
func (p *Person) WholeHistory(t testing.TB, filter string, limit int) []Line {
	t.Helper()
	var lines []Line
	for after := ""; ; {
		path := fmt.Sprintf("/v1/wallet/history?limit=%d&after=%s&%s", limit, after, filter)
		page := Get[History](t, p, path)
		for _, line := range page.Lines {
			require.True(t, len(lines) == 0 || line.No < lines[len(lines)-1].No, "line %d after line before", line.No)
			lines = append(lines, line)
		}
		require.LessOrEqual(t, len(page.Lines), limit)
		if page.Next == "" {
			return lines
		}
		require.Len(t, page.Lines, limit, "only the last page is short")
		after = page.Next
	}
}

// Today is the day in Japan, moved by a number of days.
func Today(days int) string {
	return time.Now().In(time.FixedZone("JST", 9*60*60)).AddDate(0, 0, days).Format(time.DateOnly)
}

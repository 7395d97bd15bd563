package chaos_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// market is a city whose shops have received points on days that are over, and are to be paid for them.
type market struct {
	desk
	second  *harness.Person // the other administrator
	shops   []*harness.Person
	payers  []*harness.Person
	fund    string
	spans   []span             // of two days each, one after the other, the last of them over
	due     []map[string]int64 // by the end of each span, by wallet of the shop
	periods []harness.Period   // those that were entered, in their order
}

type span struct{ from, until string }

const (
	marketShops  = 4
	marketPayers = 2
	fairPrice    = 1_000
)

// openMarket founds a city and lets it trade for so many spans. Its database server is its own: the end of the journal
// is certain only when every older transaction of a server has ended, and others keep theirs waiting at gates.
func openMarket(t *testing.T, name string, spans int) *market {
	t.Helper()
	city, err := world.FoundApart(t.Context(), name)
	require.NoError(t, err)
	require.NoError(t, city.Open(t.Context()))
	today := time.Now().In(time.FixedZone("JST", 9*60*60)) // of which midnight may come at any moment: so spans have two days
	m := &market{desk: desk{City: city}, second: city.Administrator(t, "市役所 次郎"), fund: city.OpenFund(t, "market", 100_000_000)}
	city.Settle(t)
	kind := city.MakeKind(t, "market", harness.Kind{Rank: 1, ClearedAtMerchant: true})
	for i := range marketShops {
		m.shops = append(m.shops, city.Merchant(t, fmt.Sprint("市場の店 ", i)))
		city.Account(t, m.shops[i], fmt.Sprintf("%07d", 1_000_001+i))
	}
	for i := range marketPayers {
		m.payers = append(m.payers, city.Resident(t, fmt.Sprint("市場の客 ", i)))
		city.Grant(t, m.payers[i], harness.Grant{Fund: m.fund, Kind: kind, Amount: 10_000_000})
	}
	sum := map[string]int64{}
	for k := range spans {
		due := map[string]int64{}
		for s, shop := range m.shops {
			for p, payer := range m.payers {
				amount := int64(fairPrice + 100*k + 10*s + p)
				payer.Pay(t, shop, amount)
				sum[shop.WalletID] += amount
			}
			due[shop.WalletID] = sum[shop.WalletID]
		}
		m.due = append(m.due, due)
		first := today.AddDate(0, 0, -2*(spans-k))
		m.spans = append(m.spans, span{first.Format(time.DateOnly), first.AddDate(0, 0, 1).Format(time.DateOnly)})
		city.Age(t, 2)
	}
	return m
}

// nextPeriod enters the period of the next span.
func (m *market) nextPeriod(t *testing.T) harness.Period {
	t.Helper()
	next := m.spans[len(m.periods)]
	period := m.EnterPeriod(t, next.from, next.until)
	m.periods = append(m.periods, period)
	return period
}

// bank gives what the fund has at the bank, and what it has promised to shops that have claimed.
func (m *market) bank(t *testing.T) (cash, claimed int64) {
	t.Helper()
	position := harness.Get[harness.Fund](t, m.Office, "/v1/admin/funds/"+m.fund).Position
	return position.Bank, position.Claimed
}

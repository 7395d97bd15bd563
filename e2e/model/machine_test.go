package model_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/ledgertest"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

// town is who lives one life, under names that no other life has.
type town struct {
	people []user.User // residents first
	funds  []lot.FundCode
	kinds  []lot.KindCode
	mayor  user.User
}

func (t *town) owner(wallet ledger.WalletID) user.User {
	return t.people[slices.IndexFunc(t.people, func(u user.User) bool { return u.Wallet == wallet })]
}

const residents, merchants = 3, 3

// lives numbers lives and streams the acts' streams of randomness, over all lives of the process.
var lives, streams atomic.Uint64

// tally counts what the acts came to, to show that lives are eventful.
type tally map[string]int

func (t *tally) count(what string) {
	if *t == nil {
		*t = tally{}
	}
	(*t)[what]++
}

func (t *tally) String() string {
	var text strings.Builder
	for _, what := range slices.Sorted(maps.Keys(*t)) {
		fmt.Fprintf(&text, "%s %d, ", what, (*t)[what])
	}
	return strings.TrimSuffix(text.String(), ", ")
}

// machine leads one life on both sides.
type machine struct {
	t      *testing.T
	rt     *rapid.T
	sides  [2]side
	town   *town
	oracle *oracle
	now    time.Time    // the instant of the next act
	rules  ledger.Rules // as they must be; version and former lives' kinds apart
	last   view
	codes  []user.Token
	orders []ledger.Order // that went through under a key
	cashes []ledger.Cash
	made   map[idem.Claim]ledger.EntryID
	keys   int
	batch  []ledger.CashMove // what was reserved for batches
	tally  *tally

	journal   []ledger.EntryID    // every entry, oldest first
	fixes     []ledger.Correction // that went through under a key
	campaigns []*campaign
	claims    []*claimed
}

func newMachine(t *testing.T, rt *rapid.T, db *postgres.DB, acts *tally) *machine {
	life := lives.Add(1)
	town := &town{mayor: usertest.Administrator()}
	for range residents {
		town.people = append(town.people, usertest.Resident())
	}
	for range merchants {
		town.people = append(town.people, usertest.Merchant())
	}
	for _, name := range []string{"city", "park"} {
		town.funds = append(town.funds, lot.FundCode(fmt.Sprintf("%s-%d", name, life)))
	}
	rules := ledger.DefaultRules()
	rules.Transfers = ledger.TransferLimits{Allowed: true, PerTimeMax: 800, PerMonthMax: 1_500}
	for i, k := range []lot.Kind{
		{Code: "gift", Name: "給付", Rank: 1, Transferable: true, Earns: true, Validity: lot.Validity{Days: 20}},
		{Code: "care", Name: "健康", Rank: 2, Earns: true, Validity: lot.Validity{Days: 3}},
		{Code: "cash", Name: "チャージ", Rank: 2, Transferable: true, ClearedAtMerchant: true, Earns: true, Validity: lot.Validity{Months: 2}},
		{Code: "back", Name: "還元", Rank: 3, Transferable: true, Validity: lot.Validity{Days: 9}}, // of offers: the last one
	} {
		k.Code, k.Retired = lot.KindCode(fmt.Sprintf("%s-%d", k.Code, life)), calendar.Never
		town.kinds = append(town.kinds, k.Code)
		rules.Kinds[k.Code] = k
		if i == 2 {
			rules.ChargeKind, rules.ChargeFund = k.Code, town.funds[0]
		}
	}
	m := &machine{
		t: t, rt: rt, sides: [2]side{inMemory(), inPostgreSQL(db)}, town: town, oracle: newOracle(town),
		now: ledgertest.Now, rules: rules, made: map[idem.Claim]ledger.EntryID{}, tally: acts,
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error {
		if err := s.Directory.Add(ctx, append([]user.User{town.mayor}, town.people...)...); err != nil {
			return err
		}
		for _, u := range town.people {
			if err := s.Wallets.Open(ctx, u.Wallet, u.ID, u.Role, u.Profile.Category, m.now); err != nil {
				return err
			}
		}
		for _, code := range town.funds {
			if err := s.Treasury.Add(ctx, fund.Fund{Code: code, Name: "原資", OpenedAt: m.now.Add(-time.Hour)}); err != nil {
				return err
			}
		}
		for _, code := range town.kinds {
			if err := s.Rulebook.SaveKind(ctx, rules.Kinds[code], m.now); err != nil {
				return err
			}
		}
		_, err := s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: m.now})
		return err
	})
	for _, u := range town.people {
		m.issue(usertest.StandingCode(u))
	}
	for _, code := range town.funds {
		m.treasury(ledger.Deposit, ledger.CashMove{Fund: code, Amount: 20_000})
	}
	m.compare()
	m.endow()
	return m
}

// endow gives everybody something to begin with, so that lives are not spent in poverty.
func (m *machine) endow() {
	for i, u := range m.town.people {
		for n, kind := range m.town.kinds[:2] {
			code := m.town.funds[(i+n)%2]
			a := ledger.Award{Actor: m.town.mayor.ID, Wallet: u.Wallet, Fund: code, Kind: kind, Amount: 200}
			want := ledger.Want{Wallets: []ledger.WalletID{u.Wallet}, Pots: []ledger.Pot{{Account: ledger.Account{Kind: ledger.Unissued}, Fund: code}}}
			m.post(want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Grant(a) })
		}
		if u.Role == user.Resident {
			at := m.town.people[residents]
			m.postCharge(ledger.Cash{
				Claim: idem.Claim{Actor: at.ID, Key: m.newKey()}, Actor: at.ID, Merchant: at.Wallet, Resident: ledger.Party{Wallet: u.Wallet}, Amount: 300,
			})
		}
	}
}

// both runs one unit on each side, with the same randomness; both must succeed.
func (m *machine) both(work func(context.Context, ledgertest.Stores) error) {
	m.rt.Helper()
	stream := streams.Add(1)
	for _, s := range m.sides {
		cryptotest.SetGlobalRandom(m.t, stream)
		require.NoError(m.rt, s.unit.Do(m.rt.Context(), work), s.name)
	}
}

// post runs acts as one unit on each side, compares what came of them and tells the oracle.
func (m *machine) post(want ledger.Want, acts ...act) []outcome {
	return m.postOr(want, false, acts...)
}

func (m *machine) postOr(want ledger.Want, spoilt bool, acts ...act) []outcome {
	m.rt.Helper()
	stream := streams.Add(1)
	var results [2]result
	for i, s := range m.sides {
		cryptotest.SetGlobalRandom(m.t, stream)
		r, err := s.run(m.rt.Context(), m.now, want, acts, spoilt)
		require.NoError(m.rt, err, s.name)
		results[i] = r
	}
	m.now = m.now.Add(time.Second)
	require.Equal(m.rt, results[0].Outcomes, results[1].Outcomes, "both sides come to the same")
	for _, e := range results[0].Entries {
		stored := m.sides[0].entry(m.rt, e.ID)
		require.Equal(m.rt, stored, m.sides[1].entry(m.rt, e.ID), "both sides wrote the same entry")
		m.journal = append(m.journal, e.ID)
		m.oracle.record(m.rt, stored, m.rules, m.told(stored))
		m.tally.count(e.Type.String())
	}
	entries := results[0].Entries
	for _, o := range results[0].Outcomes {
		switch {
		case o.Refusal != "":
			m.tally.count("refused " + string(o.Refusal))
		case o.Receipt.Replayed:
			m.tally.count("replayed")
		case o.Receipt.Amount > 0:
			require.Equal(m.rt, o.Receipt.Amount+o.Receipt.Cashback, sumOf(entries[0].Postings), "an entry moves what was asked for")
			entries = entries[1:]
		}
	}
	require.Empty(m.rt, entries, "every entry belongs to an act that went through")
	return results[0].Outcomes
}

// told reads what both sides tell of an entry beside its postings.
func (m *machine) told(e ledger.Entry) (told story) {
	m.rt.Helper()
	switch e.Type {
	case ledger.Payment:
		told.awards = m.sides[0].awards(m.rt, e.ID)
		require.Equal(m.rt, told.awards, m.sides[1].awards(m.rt, e.ID), "both sides say the same of what a payment earned")
	case ledger.Reversal, ledger.Partial:
		all := m.sides[0].awards(m.rt, e.Corrects)
		require.Equal(m.rt, all, m.sides[1].awards(m.rt, e.Corrects))
		told.awards = slices.DeleteFunc(all, func(a ledger.Awarded) bool { return a.Entry != e.ID })
		itself := m.sides[0].corrections(m.rt, e.ID)
		require.Equal(m.rt, itself, m.sides[1].corrections(m.rt, e.ID), "both sides say the same of what was undone")
		require.Len(m.rt, itself, 1)
		require.Equal(m.rt, []any{e.Corrects, e.Type}, []any{itself[0].Original, itself[0].Type})
		told.undoing = itself[0].Undoing
	}
	return told
}

// treasury moves between pots.
func (m *machine) treasury(entryType ledger.EntryType, move ledger.CashMove) outcome {
	m.rt.Helper()
	move.Actor = m.town.mayor.ID
	return m.post(ledger.Want{Pots: move.TreasuryPots(entryType)}, func(b *ledger.Book) (ledger.Receipt, error) {
		id, err := map[ledger.EntryType]func(ledger.CashMove) (ledger.EntryID, error){
			ledger.Deposit: b.Deposit, ledger.Withdrawal: b.Withdraw, ledger.Remittance: b.Remit, ledger.Reserve: b.Reserve, ledger.Release: b.Release,
		}[entryType](move)
		return ledger.Receipt{Entry: id, Amount: move.Amount}, err
	})[0]
}

// issue enters a code on both sides.
func (m *machine) issue(code user.Code) {
	m.rt.Helper()
	code.IssuedAt = m.now
	if code.Purpose.OneTime() {
		code.ExpiresAt = m.now.Add(user.PresentedLife)
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error { return s.Codes.Add(ctx, code) })
	m.codes = append(m.codes, code.Token)
}

// compare holds both sides to each other and to the oracle. It runs after every act.
func (m *machine) compare() {
	m.rt.Helper()
	views := [2]view{}
	campaigns := make([]cashback.OfferID, len(m.campaigns))
	for i, c := range m.campaigns {
		campaigns[i] = c.offer.id
	}
	for i, s := range m.sides {
		views[i] = s.view(m.rt, m.town, m.codes, campaigns)
	}
	require.Empty(m.rt, views[0].differences(views[1]), "both sides show the same")
	m.oracle.check(m.rt, views[0])
	m.last = views[0]
}

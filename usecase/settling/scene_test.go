package settling_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/settlementtest"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

// scene is a small city that settles, with two administrators, a resident with points, and two shops.
type scene struct {
	*citytest.City
	periods    *settling.Periods
	statements *settling.Statements
	claims     *settling.Claims
	accounts   *settling.Accounts
	decisions  *settling.Decisions
	files      *settling.Files
	payouts    *settling.Payouts

	second     access.Actor // the other administrator
	hana       user.User
	shop, cafe user.User
	format     *strictFormat
	directory  *masters
}

// masters is a directory with one master.
type masters struct{ master *bank.Master }

func (m *masters) Master(context.Context) (*bank.Master, error) { return m.master, nil }

// strictFormat stands for the bank's format: that of the city's accounting under another name, which finds in its files
// what a test tells it to.
type strictFormat struct {
	settling.Accounting
	finds []bank.Violation
}

func (*strictFormat) Name() string { return settlement.FormatZengin }

func (*strictFormat) Extension() string { return "txt" }

func (f *strictFormat) Read(content []byte, p bank.Profile, near calendar.Day) (bank.TransferFile, []bank.Violation) {
	file, found := f.Accounting.Read(content, p, near)
	return file, append(found, f.finds...)
}

func storesOf(s citytest.Stores) settling.Stores {
	return settling.Stores{Ledger: s.Ledger, Periods: s.Periods, Claims: s.Claims, Decisions: s.Decisions, Trail: s.Trail, Outbox: s.Outbox}
}

// setScene lets the city settle, with an originator and, beside what change says, the default settings.
func setScene(t *testing.T, change ...func(*settlement.Settings)) *scene {
	t.Helper()
	city := citytest.OnMemory(t)
	unit, format := citytest.Narrow(city, storesOf), &strictFormat{}
	directory := &masters{banktest.Master(t)}
	vault := settlementtest.Vault{}
	s := &scene{
		City: city, format: format, directory: directory, second: access.Actor{User: ident.New[user.User](citytest.Noon), Role: user.Administrator},
		periods:    settling.NewPeriods(unit, city.Settlement, city.Horizon, city.Clock),
		statements: settling.NewStatements(city.Settlement, city.Clock),
		claims:     settling.NewClaims(unit, city.Settlement, city.Statements, city.Funds, city.Clock),
		accounts:   settling.NewAccounts(unit, city.Settlement, vault, directory, city.Clock),
		decisions:  settling.NewDecisions(unit, city.Settlement, directory, city.Clock),
		files: settling.NewFiles(unit, city.Settlement, vault, directory, settling.Formats{
			settlement.FormatZengin: format, settlement.FormatCSV: settling.Accounting{},
		}, city.Clock),
		payouts: settling.NewPayouts(unit, city.Settlement, city.Clock),
		hana:    city.Resident(t), shop: city.Merchant(t), cafe: city.Merchant(t),
	}
	settings, err := s.decisions.Settings(t.Context(), s.Official)
	require.NoError(t, err)
	settings.Originator = bank.Originator{
		Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", Account: bank.Account{Bank: "9999", Branch: "001", Type: bank.Ordinary, Number: "1234567"},
	}
	for _, c := range change {
		c(&settings)
	}
	_, err = s.decisions.Amend(t.Context(), s.Official, settings, "開始")
	require.NoError(t, err)
	s.Give(t, s.hana, citytest.Gift, 100_000)
	return s
}

func (s *scene) pay(t testing.TB, shop user.User, amount money.Points) (entry ledger.EntryID) {
	t.Helper()
	order := ledger.Order{
		Claim: idem.Claim{Actor: s.hana.ID, Key: s.Key()}, Actor: s.hana.ID, Own: s.hana.Wallet,
		Payer: ledger.Party{Wallet: s.hana.Wallet}, Payee: ledger.Party{Wallet: shop.Wallet}, Amount: amount,
	}
	var want ledger.Want
	order.Wants(&want)
	s.Act(t, want, func(b *ledger.Book) error {
		receipt, err := b.Pay(order)
		entry = receipt.Entry
		return err
	})
	return entry
}

// reverse undoes a payment, and books as owed what the shop does not have any more.
func (s *scene) reverse(t testing.TB, payment ledger.EntryID) {
	t.Helper()
	original, err := s.City.Statements.Entry(t.Context(), payment)
	require.NoError(t, err)
	c := ledger.Correction{Actor: s.Official.User, Original: original, Receivable: true, Memo: "誤り"}
	s.Act(t, c.Wants(), func(b *ledger.Book) error {
		_, err := b.Correct(c)
		return err
	})
}

// spend lets a shop pay another one.
func (s *scene) spend(t testing.TB, from, to user.User, amount money.Points) {
	t.Helper()
	order := ledger.Order{Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount}
	var want ledger.Want
	order.Wants(&want)
	s.Act(t, want, func(b *ledger.Book) error {
		_, err := b.Pay(order)
		return err
	})
}

// charge takes cash into a shop's till.
func (s *scene) charge(t testing.TB, shop user.User, amount money.Points) {
	t.Helper()
	till := ledger.Pot{Account: ledger.Account{Kind: ledger.Till, Owner: shop.Wallet}, Fund: citytest.Fund}
	s.Act(t, ledger.Want{Wallets: []ledger.WalletID{shop.Wallet, s.hana.Wallet}, Pots: []ledger.Pot{till}}, func(b *ledger.Book) error {
		_, err := b.Charge(ledger.Cash{Claim: idem.Claim{Actor: shop.ID, Key: s.Key()}, Actor: shop.ID, Merchant: shop.Wallet, Resident: ledger.Party{Wallet: s.hana.Wallet}, Amount: amount})
		return err
	})
}

// until lets time go by until noon of a day.
func (s *scene) until(t testing.TB, day string) {
	t.Helper()
	d, err := calendar.ParseDay(day)
	require.NoError(t, err)
	s.Advance(d.Start().Add(12 * time.Hour).Sub(s.Clock()))
}

// closes enters the next period of the cycle, lets it go by, and closes it.
func (s *scene) closes(t testing.TB) settling.Closing {
	t.Helper()
	period, err := s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{})
	require.NoError(t, err)
	s.until(t, (period.Until + 1).String())
	closing, err := s.periods.Close(t.Context(), s.Official, period.ID, "")
	require.NoError(t, err)
	return closing
}

func passbook(number string) settling.AccountCommand {
	return settling.AccountCommand{Bank: "9999", Branch: "002", Type: "普通", Number: number, Holder: "カ)サイジヨウヨウテン"}
}

// account gives a shop an account that can be paid to.
func (s *scene) account(t testing.TB, shop user.User, number string) settlement.AccountID {
	t.Helper()
	proposed, err := s.accounts.Propose(t.Context(), citytest.Actor(shop), passbook(number))
	require.NoError(t, err)
	active, err := s.accounts.Approve(t.Context(), s.Official, proposed.ID)
	require.NoError(t, err)
	require.Equal(t, settlement.Active, active.State)
	return active.ID
}

// claim lets a shop claim all that it can.
func (s *scene) claim(t testing.TB, shop user.User) settlement.Claim {
	t.Helper()
	result, err := s.claims.Claim(t.Context(), citytest.Actor(shop), settling.ClaimCommand{Key: s.Key()})
	require.NoError(t, err)
	require.Equal(t, settlement.Claimed, result.State)
	return result.Claim
}

// approve lets two administrators look at a claim.
func (s *scene) approve(t testing.TB, id settlement.ClaimID) settlement.Claim {
	t.Helper()
	_, err := s.claims.Confirm(t.Context(), s.Official, id)
	require.NoError(t, err)
	claim, err := s.claims.Approve(t.Context(), s.second, id)
	require.NoError(t, err)
	return claim
}

// ready brings a shop that received an amount as far as an approved claim.
func (s *scene) ready(t testing.TB) settlement.Claim {
	t.Helper()
	s.pay(t, s.shop, 5_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	return s.approve(t, s.claim(t, s.shop).ID)
}

func (s *scene) export(t testing.TB) settling.Exported {
	t.Helper()
	made, err := s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key()}, "")
	require.NoError(t, err)
	return made
}

// send says that the bank has a file.
func (s *scene) send(t testing.TB, id settlement.FileID) {
	t.Helper()
	file, err := s.files.Send(t.Context(), s.Official, id)
	require.NoError(t, err)
	require.Equal(t, settlement.FileSent, file.State)
}

func (s *scene) payoutsOf(t testing.TB, query settlement.PayoutQuery) []settling.Sent {
	t.Helper()
	query.Limit = page.LimitMax
	found, err := s.payouts.List(t.Context(), s.Official, query)
	require.NoError(t, err)
	return found.Rows
}

func (s *scene) state(t testing.TB, id settlement.ClaimID) settlement.ClaimState {
	t.Helper()
	claim, err := s.claims.One(t.Context(), s.Official, id)
	require.NoError(t, err)
	return claim.State
}

func (s *scene) acts(t testing.TB, action string) []audit.Act {
	t.Helper()
	found, err := s.Acts.Acts(t.Context(), audit.Query{Action: action, Limit: page.LimitMax})
	require.NoError(t, err)
	return found.Rows
}

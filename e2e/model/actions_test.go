package model_test

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":               func(*rapid.T) { m.compare() },
		"deposit":        m.deposit,
		"withdraw":       m.withdraw,
		"remit":          m.remit,
		"reserve":        m.reserve,
		"release":        m.release,
		"grant":          m.grant,
		"grant a batch":  m.grantBatch,
		"charge":         m.charge,
		"pay":            m.pay,
		"pay a shop":     m.payShop,
		"pay it again":   m.payShop,
		"and once more":  m.payShop,
		"pass on":        m.passOn,
		"pay by code":    m.payByCode,
		"collect":        m.collect,
		"pay many":       m.payMany,
		"preview":        m.preview,
		"fail late":      m.failLate,
		"ask again":      m.askAgain,
		"charge again":   m.chargeAgain,
		"lapse":          m.lapse,
		"change rules":   m.changeRules,
		"change kinds":   m.changeKinds,
		"close a wallet": m.closeWallet,
		"rotate a code":  m.rotateCode,
		"days go by":     m.daysGoBy,
		"look back":      m.lookBack,

		"begin a programme": m.beginProgramme,
		"end a programme":   m.endProgramme,
		"open a campaign":   m.openCampaign,
		"end a campaign":    m.endCampaign,
		"begin a payout":    m.beginPayout,
		"pay shares":        m.payShares,
		"correct":           m.correct,
		"correct something": m.correct,
		"correct again":     m.correctAgain,
		"buy again":         m.buyAgain,
		"foresee":           m.foresee,
		"adjust":            m.adjust,
		"recover":           m.recover,
		"claim":             m.claim,
		"unclaim":           m.unclaim,
		"pay out":           m.payOut,
		"pay back":          m.payBack,
		"set off":           m.setOff,
	}
}

// amount draws an amount: mostly a small one, often one at the edge of what is there, sometimes an impossible one.
func amount(rt *rapid.T, edge money.Points) money.Points {
	small := rapid.Map(rapid.IntRange(1, 60), toPoints)
	choices := []*rapid.Generator[money.Points]{
		small, small, small, small, rapid.Map(rapid.IntRange(1, 600), toPoints),
		rapid.SampledFrom([]money.Points{edge, edge + 1, edge - 1, edge / 2}),
		rapid.SampledFrom([]money.Points{edge, 1, 0, -7, money.AmountMax + 1}),
	}
	return rapid.OneOf(choices...).Draw(rt, "amount")
}

func toPoints(n int) money.Points { return money.Points(n) }

func (m *machine) somebody(rt *rapid.T, label string) user.User {
	return rapid.SampledFrom(m.town.people).Draw(rt, label)
}

func (m *machine) resident(rt *rapid.T) user.User {
	return rapid.SampledFrom(m.town.people[:residents]).Draw(rt, "resident")
}

func (m *machine) merchant(rt *rapid.T) user.User {
	return rapid.SampledFrom(m.town.people[residents:]).Draw(rt, "merchant")
}

func (m *machine) fund(rt *rapid.T) lot.FundCode {
	return rapid.SampledFrom(m.town.funds).Draw(rt, "fund")
}

func (m *machine) kind(rt *rapid.T) lot.KindCode {
	return rapid.SampledFrom(m.town.kinds).Draw(rt, "kind")
}
func (m *machine) today() calendar.Day { return calendar.DayOf(m.now) }

func (m *machine) deposit(rt *rapid.T) {
	m.treasury(ledger.Deposit, ledger.CashMove{Fund: m.fund(rt), Amount: amount(rt, 5_000)})
}

func (m *machine) withdraw(rt *rapid.T) {
	code := m.fund(rt)
	m.treasury(ledger.Withdrawal, ledger.CashMove{Fund: code, Amount: amount(rt, m.last.Funds[code].Unissued)})
}

func (m *machine) remit(rt *rapid.T) {
	move := ledger.CashMove{Fund: m.town.funds[0], Merchant: m.merchant(rt).Wallet}
	edge := m.cashAt(move.Merchant, move.Fund)
	if edge == 0 {
		edge = 10
	}
	move.Amount = amount(rt, edge)
	m.treasury(ledger.Remittance, move)
}

// cashAt gives what a till held when the sides were last compared.
func (m *machine) cashAt(merchant ledger.WalletID, code lot.FundCode) money.Points {
	for _, till := range m.last.Tills {
		if till.Merchant == merchant && till.Fund == code {
			return money.Points(till.Cash)
		}
	}
	return 0
}

func (m *machine) reserve(rt *rapid.T) {
	code := m.fund(rt)
	move := ledger.CashMove{Fund: code, Batch: ledger.BatchID(ident.New[ledger.Entry](m.now)), Amount: amount(rt, m.last.Funds[code].Unissued)}
	if m.treasury(ledger.Reserve, move).Refusal == "" {
		m.batch = append(m.batch, move)
	}
}

func (m *machine) drawBatch(rt *rapid.T) ledger.CashMove {
	if len(m.batch) == 0 {
		rt.Skip("nothing is reserved")
	}
	return rapid.SampledFrom(m.batch).Draw(rt, "batch")
}

func (m *machine) reserveOf(move ledger.CashMove) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: ledger.Reserved, Owner: move.Batch}, Fund: move.Fund}
}

func (m *machine) release(rt *rapid.T) {
	move := m.drawBatch(rt)
	move.Amount = amount(rt, m.oracle.reserves[m.reserveOf(move)])
	m.treasury(ledger.Release, move)
}

func (m *machine) award(rt *rapid.T, code lot.FundCode, edge money.Points) ledger.Award {
	a := ledger.Award{
		Actor: m.town.mayor.ID, Wallet: m.somebody(rt, "wallet").Wallet, Fund: code, Kind: m.kind(rt), Amount: amount(rt, edge), Memo: "給付",
	}
	if rapid.Bool().Draw(rt, "chosen expiry") {
		a.Expires = m.today() + calendar.Day(rapid.IntRange(-1, 6).Draw(rt, "days"))
	}
	return a
}

func (m *machine) grant(rt *rapid.T) {
	code := m.fund(rt)
	a := m.award(rt, code, m.last.Funds[code].Unissued)
	want := ledger.Want{
		Wallets: []ledger.WalletID{a.Wallet}, Pots: []ledger.Pot{{Account: ledger.Account{Kind: ledger.Unissued}, Fund: code}},
	}
	m.post(want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Grant(a) })
}

func (m *machine) grantBatch(rt *rapid.T) {
	move := m.drawBatch(rt)
	pot := m.reserveOf(move)
	want := ledger.Want{Pots: []ledger.Pot{pot}}
	var acts []act
	for range rapid.IntRange(1, 4).Draw(rt, "rows") {
		a := m.award(rt, move.Fund, m.oracle.reserves[pot]/2)
		a.Batch = move.Batch
		want.Wallets = append(want.Wallets, a.Wallet)
		acts = append(acts, func(b *ledger.Book) (ledger.Receipt, error) { return b.Grant(a) })
	}
	m.post(want, acts...)
}

func (m *machine) newKey() idem.Key {
	m.keys++
	return idem.Key(fmt.Sprintf("key-%06d", m.keys))
}

func (m *machine) charge(rt *rapid.T) {
	at, to := m.merchant(rt), m.somebody(rt, "resident")
	c := ledger.Cash{
		Claim: idem.Claim{Actor: at.ID, Key: m.newKey()}, Hash: idem.Hash{1}, Actor: at.ID, Merchant: at.Wallet,
		Resident: ledger.Party{Wallet: to.Wallet}, Amount: amount(rt, m.rules.ChargeMax),
	}
	if rapid.Bool().Draw(rt, "by code") {
		c.Resident = ledger.Party{Code: m.drawCode(rt)}
	}
	cash := m.cashAt(c.Merchant, m.rules.ChargeFund)
	switch o := m.postCharge(c); o.Refusal {
	case "":
		require.LessOrEqual(rt, cash+c.Amount, m.rules.TillCashMax, "no till holds more than the rules allow")
		m.cashes, m.made[c.Claim] = append(m.cashes, c), o.Receipt.Entry
	case ledger.ErrTillFull.Code:
		require.Greater(rt, cash+c.Amount, m.rules.TillCashMax)
	}
}

func (m *machine) postCharge(c ledger.Cash) outcome {
	want := ledger.Want{Wallets: []ledger.WalletID{c.Merchant}, Claims: []idem.Claim{c.Claim}, Pots: m.rules.ChargePots(c.Merchant)}
	if c.Resident.Code != "" {
		want.Codes = append(want.Codes, c.Resident.Code)
	} else {
		want.Wallets = append(want.Wallets, c.Resident.Wallet)
	}
	return m.post(want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Charge(c) })[0]
}

func (m *machine) chargeAgain(rt *rapid.T) {
	if len(m.cashes) == 0 {
		rt.Skip("nothing was charged")
	}
	c := rapid.SampledFrom(m.cashes).Draw(rt, "charge")
	require.Equal(rt, outcome{Receipt: ledger.Receipt{Entry: m.made[c.Claim], Replayed: true}}, replayed(m.postCharge(c)))
}

func replayed(o outcome) outcome {
	o.Receipt.At = time.Time{}
	return o
}

func (m *machine) order(rt *rapid.T) ledger.Order {
	return m.orderBetween(rt, m.somebody(rt, "payer"), m.somebody(rt, "payee"))
}

func (m *machine) orderBetween(rt *rapid.T, from, to user.User) ledger.Order {
	o := ledger.Order{
		Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet},
		Amount: amount(rt, usable(m.last.Wallets[from.Wallet], m.rules, m.today(), ledger.Payment)),
	}
	if rapid.Bool().Draw(rt, "with a key") {
		o.Claim, o.Hash = idem.Claim{Actor: from.ID, Key: m.newKey()}, idem.Hash{1}
	}
	return o
}

// place posts one order and holds what came of it to what was there before.
func (m *machine) place(o ledger.Order) outcome {
	var want ledger.Want
	o.Wants(&want)
	before, today := m.last, m.today()
	got := m.post(want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Pay(o) })[0]
	switch {
	case got.Receipt.Replayed:
	case got.Refusal == "":
		m.oracle.allowed(m.rt, got.Receipt, before, m.rules, today)
		if o.Claim.Key != "" {
			m.orders, m.made[o.Claim] = append(m.orders, o), got.Receipt.Entry
		}
	case got.Refusal == lot.ErrInsufficient.Code && o.Payer.Code == "" && o.Amount > 0:
		require.Less(m.rt, got.Figures["balance"], int64(o.Amount))
		require.Equal(m.rt, int64(o.Amount), got.Figures["balance"]+got.Figures["shortfall"])
	}
	return got
}

func (m *machine) pay(rt *rapid.T) { m.place(m.order(rt)) }

func (m *machine) payShop(rt *rapid.T) {
	m.place(m.orderBetween(rt, m.somebody(rt, "payer"), m.merchant(rt)))
}

func (m *machine) passOn(rt *rapid.T) {
	m.place(m.orderBetween(rt, m.resident(rt), m.resident(rt)))
}

// drawCode draws any code of the town, good or bad, or one that does not exist.
func (m *machine) drawCode(rt *rapid.T) user.Token {
	if rapid.IntRange(0, 12).Draw(rt, "luck") == 0 {
		return "1S0000000000000000000000000"
	}
	return rapid.SampledFrom(m.codes).Draw(rt, "code")
}

func (m *machine) payByCode(rt *rapid.T) {
	o := m.order(rt)
	if rapid.Bool().Draw(rt, "over an amount") {
		code := usertest.AmountCode(m.merchant(rt))
		code.Amount = max(1, min(o.Amount, money.AmountMax))
		m.issue(code)
		o.Payee = ledger.Party{Code: code.Token}
		if rapid.Bool().Draw(rt, "trusting") {
			o.Amount = 0
		}
	} else {
		o.Payee = ledger.Party{Code: m.drawCode(rt)}
	}
	m.place(o)
}

func (m *machine) collect(rt *rapid.T) {
	o := m.order(rt)
	payer := m.resident(rt)
	code := usertest.PresentedCode(payer)
	m.issue(code)
	o.Payer, o.Payee = ledger.Party{Code: code.Token}, ledger.Party{Wallet: o.Own}
	for range rapid.IntRange(1, 2).Draw(rt, "times") {
		m.place(o)
		m.compare()
	}
}

func (m *machine) payMany(rt *rapid.T) {
	var want ledger.Want
	var acts []act
	var orders []ledger.Order
	for range rapid.IntRange(2, 6).Draw(rt, "orders") {
		o := m.order(rt)
		if len(orders) > 0 && rapid.IntRange(0, 4).Draw(rt, "pressed twice") == 0 {
			o = orders[len(orders)-1]
		}
		o.Wants(&want)
		orders = append(orders, o)
		acts = append(acts, func(b *ledger.Book) (ledger.Receipt, error) { return b.Pay(o) })
	}
	for i, got := range m.post(want, acts...) {
		if o := orders[i]; got.Refusal == "" && !got.Receipt.Replayed && o.Claim.Key != "" {
			m.orders, m.made[o.Claim] = append(m.orders, o), got.Receipt.Entry
		}
	}
}

// preview peeks at a payment, does it, and wants to see what was foreseen.
func (m *machine) preview(rt *rapid.T) {
	o := m.order(rt)
	var want ledger.Want
	o.Wants(&want)
	var foreseen [2]outcome
	for i, s := range m.sides {
		var err error
		foreseen[i], err = s.preview(rt.Context(), m.now, want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Pay(o) })
		require.NoError(rt, err, s.name)
		foreseen[i].Receipt.Entry = ledger.EntryID{}
	}
	require.Equal(rt, foreseen[0], foreseen[1])
	got := m.place(o)
	got.Receipt.Entry = ledger.EntryID{}
	require.Equal(rt, foreseen[0], got)
}

func (m *machine) failLate(rt *rapid.T) {
	o, code := m.order(rt), m.fund(rt)
	deposit := ledger.CashMove{Fund: code, Amount: 100}
	want := ledger.Want{Pots: deposit.TreasuryPots(ledger.Deposit)}
	o.Wants(&want)
	m.postOr(want, true, func(b *ledger.Book) (ledger.Receipt, error) { return b.Pay(o) },
		func(b *ledger.Book) (ledger.Receipt, error) {
			id, err := b.Deposit(deposit)
			return ledger.Receipt{Entry: id, Amount: deposit.Amount}, err
		})
	m.place(o) // neither key nor code is used up
}

func (m *machine) askAgain(rt *rapid.T) {
	if len(m.orders) == 0 {
		rt.Skip("nothing was paid")
	}
	o := rapid.SampledFrom(m.orders).Draw(rt, "order")
	if rapid.IntRange(0, 3).Draw(rt, "changed") == 0 {
		o.Hash[0]++
		require.Equal(rt, idem.ErrKeyConflict.Code, m.place(o).Refusal)
		return
	}
	require.Equal(rt, outcome{Receipt: ledger.Receipt{Entry: m.made[o.Claim], Replayed: true}}, replayed(m.place(o)))
}

func (m *machine) lapse(rt *rapid.T) {
	who := m.somebody(rt, "wallet")
	want := ledger.Want{Wallets: []ledger.WalletID{who.Wallet}}
	for _, code := range m.town.funds {
		want.Pots = append(want.Pots, ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: code})
	}
	var due money.Points
	for _, l := range m.last.Wallets[who.Wallet].Lots {
		if l.Expires < m.today() {
			due += l.Remaining
		}
	}
	got := m.post(want, func(b *ledger.Book) (ledger.Receipt, error) {
		sum, err := b.Lapse(who.Wallet, "失効")
		return ledger.Receipt{Amount: sum}, err
	})[0]
	require.Equal(rt, outcome{Receipt: ledger.Receipt{Amount: due}}, got)
}

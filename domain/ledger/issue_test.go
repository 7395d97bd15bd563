package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

func TestChargeRaisesTheTillAndTheWalletTogether(t *testing.T) {
	t.Parallel()
	s := newScene()
	card := s.shows(user.Code{Purpose: user.Standing, Wallet: hana})
	b := s.open()
	c := charges(shop, hana, 3_000, "charge-1")
	c.Resident = ledger.Party{Code: card}
	r, err := b.Charge(c)
	require.NoError(t, err)
	require.Equal(t, ledger.Receipt{
		Entry: r.Entry, Type: ledger.Charge, Amount: 3_000, Payer: shop, Payee: hana, At: noon, Balance: 3_000, PayeeBalance: 3_000,
	}, r)
	require.Equal(t, money.Points(3_000), b.Balance(pot(ledger.Till, shop)))
	require.Equal(t, money.Points(40_000), b.Balance(pot(ledger.Unissued, [16]byte{})), "nothing is taken from the fund")
	bought := key("charge", today.AddMonths(6), 0)
	bought.Paid = true
	require.Equal(t, map[lot.Key]money.Points{bought: 3_000}, lots(t, b, hana))
	require.Equal(t, []ledger.Pot{pot(ledger.Till, shop)}, s.rules.ChargePots(shop))
}

func TestChargeConsumesAPresentedCode(t *testing.T) {
	t.Parallel()
	s := newScene()
	code := s.shows(user.Code{Purpose: user.Presented, Wallet: hana})
	b := s.open()
	c := charges(shop, hana, 3_000, "charge-1")
	c.Resident = ledger.Party{Code: code}
	r, err := b.Charge(c)
	require.NoError(t, err)
	require.Equal(t, [16]byte(r.Entry), b.Written().Used[0].UsedBy)
}

func TestChargeIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason *fault.Fault
		change func(*scene, *ledger.Cash)
	}{
		"without a kind to charge":  {ledger.ErrChargeOff, func(s *scene, _ *ledger.Cash) { s.rules.ChargeKind = "" }},
		"without a fund to charge":  {ledger.ErrChargeOff, func(s *scene, _ *ledger.Cash) { s.rules.ChargeFund = "" }},
		"on a fund that is unknown": {ledger.ErrFundUnknown, func(s *scene, _ *ledger.Cash) { delete(s.pots, pot(ledger.Till, shop)) }},
		"over the limit":            {ledger.ErrChargeMax, func(s *scene, c *ledger.Cash) { c.Amount = s.rules.ChargeMax + 1 }},
		"of nothing":                {money.ErrAmount, func(_ *scene, c *ledger.Cash) { c.Amount = 0 }},
		"of less than nothing":      {money.ErrAmount, func(_ *scene, c *ledger.Cash) { c.Amount = -5 }},
		"at a resident":             {ledger.ErrChargePlace, func(_ *scene, c *ledger.Cash) { c.Merchant = taro }},
		"at an unknown merchant":    {ledger.ErrWalletUnknown, func(_ *scene, c *ledger.Cash) { c.Merchant = ledger.WalletID{15: 99} }},
		"to a merchant":             {ledger.ErrChargeToWhom, func(_ *scene, c *ledger.Cash) { c.Resident.Wallet = stall }},
		"to a closed wallet":        {ledger.ErrWalletClosed, func(s *scene, _ *ledger.Cash) { s.wallet(hana).Closed = true }},
		"at a closed shop":          {ledger.ErrChargeOff, func(s *scene, _ *ledger.Cash) { s.wallet(shop).Closed = true }},
		"by an unknown code":        {user.ErrCodeUnknown, func(_ *scene, c *ledger.Cash) { c.Resident = ledger.Party{Code: user.NewToken(user.Standing)} }},
		"of a retired kind":         {lot.ErrKindRetired, func(s *scene, _ *ledger.Cash) { s.rules.ChargeKind = "old" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			cash := charges(shop, hana, 3_000, "charge-1")
			c.change(s, &cash)
			refused(t, s, c.reason, func(b *ledger.Book) error {
				_, err := b.Charge(cash)
				return err
			})
		})
	}
}

func TestATillTakesChargesUpToItsLimitUntilItsCashIsBroughtToTheBank(t *testing.T) {
	t.Parallel()
	s := newScene()
	require.Equal(t, money.Points(1_000_000), s.rules.TillCashMax)
	s.pots[pot(ledger.Till, shop)] = -950_000 // cash stands with the opposite sign
	f := refused(t, s, ledger.ErrTillFull, func(b *ledger.Book) error {
		_, err := b.Charge(charges(shop, hana, 50_001, "charge-1"))
		return err
	})
	require.Equal(t, map[string]int64{"limit": 1_000_000, "cash": 950_000}, f.Figures)

	b := s.open()
	_, err := b.Charge(charges(shop, hana, 50_000, "charge-2"))
	require.NoError(t, err, "up to the limit itself")
	_, err = b.Charge(charges(shop, hana, 1, "charge-3"))
	require.ErrorIs(t, err, ledger.ErrTillFull)
	_, err = b.Charge(charges(shop, hana, 50_000, "charge-2"))
	require.NoError(t, err, "what was charged is answered again")
	_, err = b.Remit(ledger.CashMove{Fund: "city", Merchant: shop, Amount: 1_000_000})
	require.NoError(t, err)
	_, err = b.Charge(charges(shop, hana, 1, "charge-3"))
	require.NoError(t, err)
}

func grants(to ledger.WalletID, amount money.Points) ledger.Award {
	return ledger.Award{Actor: user.ID{15: 50}, Wallet: to, Fund: "city", Amount: amount, Kind: "city", Memo: "給付"}
}

func TestGrantTakesFromUnissuedAndGivesThePointsTheirExpiry(t *testing.T) {
	t.Parallel()
	b := newScene().open()
	r, err := b.Grant(grants(hana, 40_000))
	require.NoError(t, err)
	require.Equal(t, ledger.Receipt{
		Entry: r.Entry, Type: ledger.Grant, Amount: 40_000, Payee: hana, At: noon, Balance: 40_000, PayeeBalance: 40_000,
	}, r)
	require.Zero(t, b.Balance(pot(ledger.Unissued, [16]byte{})))
	require.Equal(t, map[lot.Key]money.Points{key("city", calendar.On(2027, 3, 31), 0): 40_000}, lots(t, b, hana))

	b = newScene().open()
	a := grants(shop, 10)
	a.Expires = today
	_, err = b.Grant(a)
	require.NoError(t, err, "merchants can be given points too, and the day can be chosen")
	require.Equal(t, map[lot.Key]money.Points{key("city", today, 0): 10}, lots(t, b, shop))
}

func TestGrantOfABatchTakesFromItsReserve(t *testing.T) {
	t.Parallel()
	s := newScene()
	a := grants(hana, 10_000)
	a.Batch = batch
	b := s.open()
	_, err := b.Grant(a)
	require.NoError(t, err)
	require.Zero(t, b.Balance(pot(ledger.Reserved, batch)))
	require.Equal(t, money.Points(40_000), b.Balance(pot(ledger.Unissued, [16]byte{})))
	require.Equal(t, batch, b.Written().Entries[0].Batch)

	a.Amount = 10_001
	f := refused(t, s, ledger.ErrFundShort, func(b *ledger.Book) error { _, err := b.Grant(a); return err })
	require.Equal(t, map[string]int64{"balance": 10_000, "shortfall": 1}, f.Figures, "the unissued points do not help")
}

func TestGrantShortByOnePointIsRefusedWithTheFigures(t *testing.T) {
	t.Parallel()
	f := refused(t, newScene(), ledger.ErrFundShort, func(b *ledger.Book) error { _, err := b.Grant(grants(hana, 40_001)); return err })
	require.Equal(t, map[string]int64{"balance": 40_000, "shortfall": 1}, f.Figures)
}

func TestGrantIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason *fault.Fault
		change func(*scene, *ledger.Award)
	}{
		"of nothing":             {money.ErrAmount, func(_ *scene, a *ledger.Award) { a.Amount = 0 }},
		"of too much":            {money.ErrAmount, func(_ *scene, a *ledger.Award) { a.Amount = money.AmountMax + 1 }},
		"of an unknown kind":     {lot.ErrKindUnknown, func(_ *scene, a *ledger.Award) { a.Kind = "none" }},
		"of a retired kind":      {lot.ErrKindRetired, func(_ *scene, a *ledger.Award) { a.Kind = "old" }},
		"that lapsed yesterday":  {lot.ErrExpiryPast, func(_ *scene, a *ledger.Award) { a.Expires = today - 1 }},
		"from an unknown fund":   {ledger.ErrFundUnknown, func(_ *scene, a *ledger.Award) { a.Fund = "none" }},
		"from an unopened batch": {ledger.ErrFundUnknown, func(_ *scene, a *ledger.Award) { a.Batch = ledger.BatchID{15: 8} }},
		"to an unknown wallet":   {ledger.ErrWalletUnknown, func(_ *scene, a *ledger.Award) { a.Wallet = ledger.WalletID{15: 99} }},
		"to a closed wallet":     {ledger.ErrWalletClosed, func(s *scene, _ *ledger.Award) { s.wallet(hana).Closed = true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, award := newScene(), grants(hana, 100)
			c.change(s, &award)
			refused(t, s, c.reason, func(b *ledger.Book) error { _, err := b.Grant(award); return err })
		})
	}
}

func TestLapseReturnsWhatLapsedToUnissuedOfEachFund(t *testing.T) {
	t.Parallel()
	s := newScene()
	park := ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: "park"}
	s.pots[park] = 5
	s.has(hana, key("city", today-1, 0), 100)
	s.has(hana, key("city", today-1, 1), 20)
	s.has(hana, lot.Key{Kind: "city", Fund: "park", Expires: today - 30}, 7)
	s.has(hana, key("city", today, 0), 1_000)
	s.has(hana, key("city", calendar.Never, 0), 3)
	b := s.open()
	sum, err := b.Lapse(hana, "失効")
	require.NoError(t, err)
	require.Equal(t, money.Points(127), sum)
	require.Equal(t, money.Points(40_120), b.Balance(pot(ledger.Unissued, [16]byte{})))
	require.Equal(t, money.Points(12), b.Balance(park))
	require.Equal(t, map[lot.Key]money.Points{key("city", today, 0): 1_000, key("city", calendar.Never, 0): 3}, lots(t, b, hana))
	w := b.Written()
	require.Len(t, w.Entries, 1)
	require.Equal(t, ledger.Expiry, w.Entries[0].Type)
	require.True(t, w.Entries[0].Actor.IsZero(), "the system itself acts")
	require.Len(t, w.Lines, 1)
	require.Equal(t, money.Points(-127), w.Lines[0].Delta)

	sum, err = b.Lapse(hana, "失効")
	require.NoError(t, err)
	require.Zero(t, sum)
	require.Len(t, b.Written().Entries, 1)
}

func TestLapseOfAWalletWithNothingLapsedWritesNothing(t *testing.T) {
	t.Parallel()
	s := rich()
	b := s.open()
	sum, err := b.Lapse(hana, "")
	require.NoError(t, err)
	require.Zero(t, sum)
	require.Equal(t, s.open(), b)
}

func TestLapseIsRefusedWhereTheFundIsNotOpen(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today-1, 0), 100)
	s.has(hana, lot.Key{Kind: "city", Fund: "park", Expires: today - 1}, 7)
	refused(t, s, ledger.ErrFundUnknown, func(b *ledger.Book) error { _, err := b.Lapse(hana, ""); return err })
	refused(t, s, ledger.ErrWalletUnknown, func(b *ledger.Book) error { _, err := b.Lapse(ledger.WalletID{15: 99}, ""); return err })
}

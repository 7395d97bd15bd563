package correcting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/correcting"
)

func TestAPaymentIsUndoneWithItsCashbackAndItsPromise(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	campaign := s.campaign(t)
	s.Give(t, s.hana, citytest.Health, 300)
	s.Give(t, s.hana, citytest.Gift, 700)
	before := s.books(t)
	entry := s.pay(t, s.hana, s.shop, 500)
	require.EqualValues(t, 550, s.Balance(t, s.hana), "a tenth came back")
	require.EqualValues(t, 100, s.accrued(t, campaign))
	after := s.books(t)

	cmd := s.command(entry)
	preview := s.preview(t, cmd)
	require.Equal(t, after, s.books(t), "a preview does nothing")
	require.Equal(t, entry, preview.Original.ID)
	require.Equal(t, ledger.Reversal, preview.Effect.Type)
	require.EqualValues(t, 500, preview.Effect.Amount)
	require.Zero(t, preview.Effect.Left)
	require.False(t, preview.Refused())
	require.False(t, preview.SecondPerson)
	require.Equal(t, correcting.Cashback{Returned: 50, Taken: 50}, preview.Cashback)
	require.Len(t, preview.Awards, 2)
	programme, promise := preview.Awards[0], preview.Awards[1]
	require.Equal(t, []any{"いつでも一割", money.Points(50), correcting.AtOnce}, []any{programme.Name, programme.Amount, programme.How})
	require.Equal(t, []any{"秋の二割", money.Points(100), correcting.Unpromised}, []any{promise.Name, promise.Amount, promise.How})
	var comesBack []any
	for _, m := range preview.Moves {
		require.False(t, m.Lapsed)
		if m.Part == correcting.OfEntry {
			require.Equal(t, ledger.WalletAccount(s.hana.Wallet), m.Destination)
			comesBack = append(comesBack, m.Points.Kind, m.Amount)
		}
	}
	require.Equal(t, []any{citytest.Gift.Code, money.Points(200), citytest.Health.Code, money.Points(300)}, comesBack, "the last ones drawn come back first")

	result := s.correct(t, cmd)
	require.Equal(t, []any{ledger.Reversal, money.Points(500), s.Clock()}, []any{result.Type, result.Amount, result.At})
	require.Equal(t, before, s.books(t), "every point is back as it was")
	require.Zero(t, s.accrued(t, campaign))
	require.Equal(t, []ledger.EntryCorrected{{Entry: result.Entry, Type: ledger.Reversal, Original: entry, At: s.Clock(), Amount: 500}}, s.corrected())

	stored, err := s.Statements.Entry(t.Context(), result.Entry)
	require.NoError(t, err)
	require.Equal(t, []any{entry, s.Official.User, "二重に支払った"}, []any{stored.Corrects, stored.Actor, stored.Memo})
	acts := s.acts(t, correcting.ActCorrect)
	require.Len(t, acts, 1)
	require.Equal(t, map[string]string{"type": "payment", "left": "500"}, acts[0].Before)
	require.Equal(t, map[string]string{
		"entry": result.Entry.String(), "type": "reversal", "amount": "500", "left": "0", "lapsed": "0", "receivable": "false",
	}, acts[0].After)
	require.Equal(t, "二重に支払った", acts[0].Reason)
	_, err = s.correcting.Correct(t.Context(), s.Official, s.command(entry))
	require.ErrorIs(t, err, ledger.ErrCorrected)
}

func TestAPartOfAPaymentTakesBackWhatTheSmallerOneWouldNotHaveEarned(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	campaign := s.campaign(t)
	s.Give(t, s.hana, citytest.Gift, 1_000)
	before := s.books(t)
	entry := s.pay(t, s.hana, s.shop, 500)
	cmd := s.command(entry)
	cmd.Amount = 200
	preview := s.preview(t, cmd)
	require.Equal(t, ledger.Partial, preview.Effect.Type)
	require.EqualValues(t, 300, preview.Effect.Left)
	require.Equal(t, correcting.Cashback{Returned: 50, Taken: 20}, preview.Cashback)
	part := s.correct(t, cmd)
	require.Equal(t, []any{ledger.Partial, money.Points(200)}, []any{part.Type, part.Amount})
	require.EqualValues(t, 730, s.Balance(t, s.hana))
	require.EqualValues(t, 270, s.Balance(t, s.shop))
	require.EqualValues(t, 60, s.accrued(t, campaign))

	cmd = s.command(entry)
	cmd.Amount = 301
	_, err := s.correcting.Correct(t.Context(), s.Official, cmd)
	requireFigure(t, err, ledger.ErrTooMuch, "left", 300)
	require.EqualValues(t, 200, s.preview(t, s.command(entry)).Undone)
	rest := s.correct(t, s.command(entry))
	require.Equal(t, []any{ledger.Reversal, money.Points(300)}, []any{rest.Type, rest.Amount})
	require.Equal(t, before, s.books(t))
	require.Zero(t, s.accrued(t, campaign))

	corrections, err := s.Statements.Corrections(t.Context(), entry)
	require.NoError(t, err)
	require.Equal(t, []ledger.EntryID{part.Entry, rest.Entry}, []ledger.EntryID{corrections[0].Entry, corrections[1].Entry})
	itself, err := s.Statements.Corrections(t.Context(), rest.Entry)
	require.NoError(t, err)
	require.Equal(t, corrections[1:], itself)
	require.Equal(t, ledger.Payment, itself[0].OriginalType)
}

func TestWhatACampaignHasPaidIsTakenOutOfTheWallet(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 1_000)
	before := s.books(t)
	campaign := s.campaign(t)
	entry := s.pay(t, s.hana, s.supplier, 500)
	s.payOut(t, campaign)
	require.EqualValues(t, 600, s.Balance(t, s.hana))

	preview := s.preview(t, s.command(entry))
	require.Equal(t, []any{money.Points(100), correcting.OutOfWallet}, []any{preview.Awards[0].Amount, preview.Awards[0].How})
	last := preview.Moves[len(preview.Moves)-1]
	require.Equal(t, []any{correcting.OfCampaign, money.Points(100), ledger.Unissued}, []any{last.Part, last.Amount, last.Destination.Kind})
	s.correct(t, s.command(entry))
	require.Equal(t, before, s.books(t))

	lines, err := s.Statements.History(t.Context(), ledger.HistoryQuery{Wallet: s.hana.Wallet, Types: []ledger.EntryType{ledger.Grant}, Limit: 1})
	require.NoError(t, err)
	_, err = s.correcting.Correct(t.Context(), s.Official, s.command(lines.Rows[0].Entry))
	require.ErrorIs(t, err, correcting.ErrCampaignGrant, "its payments are corrected in its stead")
	_, err = s.correcting.Preview(t.Context(), s.Official, s.command(lines.Rows[0].Entry))
	require.ErrorIs(t, err, correcting.ErrCampaignGrant)
}

func TestCashbackThatWasSpentIsNetted(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	s.pay(t, s.hana, s.supplier, 50)
	require.Zero(t, s.Balance(t, s.hana))
	preview := s.preview(t, s.command(entry))
	require.Equal(t, correcting.Cashback{Returned: 50, Netted: 50}, preview.Cashback)
	s.correct(t, s.command(entry))
	require.EqualValues(t, 450, s.Balance(t, s.hana))
	require.Zero(t, s.Balance(t, s.shop))
	require.Zero(t, s.Position(t, citytest.Fund).Receivables)
}

func TestPointsThatLapsedMeanwhileComeBackAndAreSaidToLapse(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Health, 300)
	entry := s.pay(t, s.hana, s.supplier, 300)
	s.Advance(40 * 24 * time.Hour)
	preview := s.preview(t, s.command(entry))
	require.EqualValues(t, 300, preview.Effect.Lapsed)
	require.True(t, preview.Moves[0].Lapsed)
	s.correct(t, s.command(entry))
	wallet, err := s.Statements.Wallet(t.Context(), s.hana.Wallet)
	require.NoError(t, err)
	require.EqualValues(t, 300, wallet.Balance)
	require.Zero(t, wallet.Usable(s.Today()))
}

func TestWhatThePayeeHasSpentIsRefusedWithAListOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	s.pay(t, s.shop, s.supplier, 400)
	before := s.books(t)

	preview := s.preview(t, s.command(entry))
	require.True(t, preview.Refused())
	require.Equal(t, []ledger.Lack{{Wallet: s.shop.Wallet, Fund: lot.FundCode(citytest.Fund), Needed: 500, Missing: 400}}, preview.Effect.Shortages)
	require.Equal(t, correcting.Cashback{Returned: 50, Taken: 50}, preview.Cashback)
	_, err := s.correcting.Correct(t.Context(), s.Official, s.command(entry))
	requireFigure(t, err, ledger.ErrTakeBackShort, "shortfall", 400)
	why, _ := fault.Of(err)
	require.Equal(t, "shortages."+s.shop.Wallet.String()+".city", why.Fields[0].Path)
	require.Equal(t, before, s.books(t))
	require.Empty(t, s.corrected())
	require.Contains(t, s.Outcomes(t), "correction.make correction_short")
}

func TestACorrectionIsMadeOncePerKey(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	cmd := s.command(entry)
	cmd.Amount = 100
	first := s.correct(t, cmd)
	s.Advance(time.Hour)
	again := s.correct(t, cmd)
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, first, again)
	require.Len(t, s.corrected(), 1)
	require.Contains(t, s.Outcomes(t), "correction.make replayed")
	cmd.Amount = 101
	_, err := s.correcting.Correct(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, idem.ErrKeyConflict)
}

func TestWhatCannotBeUndoneHereIsRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 500)
	s.campaign(t)
	entry := s.pay(t, s.hana, s.supplier, 100)
	correction := s.correct(t, s.command(entry)).Entry
	var reserve ledger.EntryID
	move := ledger.CashMove{Fund: citytest.Fund, Batch: ledger.BatchID{1}, Amount: 10}
	s.Act(t, ledger.Want{Pots: move.TreasuryPots(ledger.Reserve)}, func(b *ledger.Book) (err error) {
		reserve, err = b.Reserve(move)
		return err
	})
	for name, refused := range map[string]struct {
		change func(*correcting.Command)
		want   error
	}{
		"a correction":          {func(c *correcting.Command) { c.Entry = correction }, ledger.ErrCorrection},
		"a reserve":             {func(c *correcting.Command) { c.Entry = reserve }, ledger.ErrNotCorrectable},
		"what is not there":     {func(c *correcting.Command) { c.Entry = ledger.EntryID{1} }, ledger.ErrEntryUnknown},
		"what was undone":       {func(*correcting.Command) {}, ledger.ErrCorrected},
		"without a reason":      {func(c *correcting.Command) { c.Reason = "" }, correcting.ErrReason},
		"with a blank reason":   {func(c *correcting.Command) { c.Reason = " 　" }, correcting.ErrReason},
		"with a long reason":    {func(c *correcting.Command) { c.Reason = strings.Repeat("理", 101) }, correcting.ErrReason},
		"without a key":         {func(c *correcting.Command) { c.Key = "" }, idem.ErrKeyMissing},
		"with a malformed key":  {func(c *correcting.Command) { c.Key = "短い" }, idem.ErrKeyInvalid},
		"less than nothing":     {func(c *correcting.Command) { c.Entry, c.Amount = s.pay(t, s.hana, s.shop, 10), -1 }, money.ErrAmount},
		"more than was paid":    {func(c *correcting.Command) { c.Entry, c.Amount = s.pay(t, s.hana, s.shop, 10), 11 }, ledger.ErrTooMuch},
		"again under a new key": {func(c *correcting.Command) { c.Key = s.Key() }, ledger.ErrCorrected},
	} {
		cmd := s.command(entry)
		refused.change(&cmd)
		_, err := s.correcting.Correct(t.Context(), s.Official, cmd)
		require.ErrorIs(t, err, refused.want, name)
	}
}

func TestEveryKindOfActIsUndone(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	taro := s.Resident(t)
	s.Give(t, s.hana, citytest.Gift, 1_000)
	rules, err := s.Rules.Rules(t.Context())
	require.NoError(t, err)
	before, balance := s.books(t), s.Balance(t, taro)
	for name, act := range map[string]func(*ledger.Book) (ledger.EntryID, error){
		"a deposit": func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Deposit(ledger.CashMove{Fund: citytest.Fund, Amount: 10})
		},
		"a withdrawal": func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Withdraw(ledger.CashMove{Fund: citytest.Fund, Amount: 10})
		},
		"a grant": func(b *ledger.Book) (ledger.EntryID, error) {
			r, err := b.Grant(ledger.Award{Wallet: s.hana.Wallet, Fund: citytest.Fund, Kind: citytest.Gift.Code, Amount: 10})
			return r.Entry, err
		},
		"a charge": func(b *ledger.Book) (ledger.EntryID, error) {
			r, err := b.Charge(ledger.Cash{Claim: idem.Claim{Key: s.Key()}, Merchant: s.shop.Wallet, Resident: ledger.Party{Wallet: s.hana.Wallet}, Amount: 10})
			return r.Entry, err
		},
		"a transfer": func(b *ledger.Book) (ledger.EntryID, error) {
			r, err := b.Pay(ledger.Order{Own: s.hana.Wallet, Payer: ledger.Party{Wallet: s.hana.Wallet}, Payee: ledger.Party{Wallet: taro.Wallet}, Amount: 10})
			return r.Entry, err
		},
	} {
		want := ledger.Want{Wallets: []ledger.WalletID{s.hana.Wallet, s.shop.Wallet, taro.Wallet}, Pots: rules.ChargePots(s.shop.Wallet)}
		want.Pots = append(want.Pots, ledger.CashMove{Fund: citytest.Fund}.TreasuryPots(ledger.Deposit)...)
		var entry ledger.EntryID
		s.Act(t, want, func(b *ledger.Book) (err error) {
			entry, err = act(b)
			return err
		})
		preview := s.preview(t, s.command(entry))
		require.Equal(t, correcting.Cashback{}, preview.Cashback, name)
		for _, m := range preview.Moves {
			require.Equal(t, correcting.OfEntry, m.Part, name)
		}
		s.correct(t, s.command(entry))
		require.Equal(t, before, s.books(t), name)
		require.Equal(t, balance, s.Balance(t, taro), name)
	}
	wallet, err := s.Statements.Wallet(t.Context(), s.hana.Wallet)
	require.NoError(t, err)
	require.Zero(t, wallet.Sent, "the month's room for transfers is back as well")
}

func TestOnlyOfficialsCorrect(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	for _, actor := range []access.Actor{citytest.Actor(s.hana), citytest.Actor(s.shop), citytest.Actor(s.Clerk(t, s.shop))} {
		s.requireRefused(t, actor, entry, access.ErrNotAllowed)
	}
	s.requireRefused(t, access.Actor{}, entry, access.ErrNotSignedIn)
	require.Len(t, s.Outcomes(t), 9, "every attempt of somebody who is signed in stands in the trail")
}

func (s scene) requireRefused(t *testing.T, actor access.Actor, entry ledger.EntryID, refusal error) {
	t.Helper()
	_, err := s.correcting.Preview(t.Context(), actor, s.command(entry))
	require.ErrorIs(t, err, refusal)
	_, err = s.correcting.Correct(t.Context(), actor, s.command(entry))
	require.ErrorIs(t, err, refusal)
	_, err = s.correcting.PreviewAdjustment(t.Context(), actor, s.adjustment(s.hana, 10))
	require.ErrorIs(t, err, refusal)
	_, err = s.correcting.Adjust(t.Context(), actor, s.adjustment(s.hana, 10))
	require.ErrorIs(t, err, refusal)
	_, err = s.correcting.Receivables(t.Context(), actor)
	require.ErrorIs(t, err, refusal)
	_, err = s.correcting.Recover(t.Context(), actor, correcting.Recovery{Key: s.Key(), Debtor: s.hana.Wallet, Fund: citytest.Fund, Amount: 1})
	require.ErrorIs(t, err, refusal)
}

func requireFigure(t *testing.T, err error, refusal *fault.Fault, name string, figure int64) {
	t.Helper()
	require.ErrorIs(t, err, refusal)
	why, ok := fault.Of(err)
	require.True(t, ok)
	require.Equal(t, figure, why.Figures[name])
}

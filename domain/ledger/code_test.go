package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

func rich() *scene {
	s := newScene()
	s.has(hana, key("city", today+30, 0), 10_000)
	return s
}

func TestCodeThatNobodyShowedIsRefused(t *testing.T) {
	t.Parallel()
	refusedPayment(t, rich(), user.ErrCodeUnknown, paysCode(hana, user.NewToken(user.Standing), 100))
}

func TestCodeThatExpiredWasUsedOrRevokedIsRefused(t *testing.T) {
	t.Parallel()
	s := rich()
	expired := s.shows(user.Code{Purpose: user.Amount, Wallet: shop, Amount: 100, ExpiresAt: noon})
	used := s.shows(user.Code{Purpose: user.Amount, Wallet: shop, Amount: 100, UsedBy: [16]byte{1}})
	revoked := s.shows(user.Code{Purpose: user.Standing, Wallet: shop, RevokedAt: noon.Add(-time.Second)})
	refusedPayment(t, s, user.ErrCodeExpired, paysCode(hana, expired, 100))
	refusedPayment(t, s, user.ErrCodeUsed, paysCode(hana, used, 100))
	refusedPayment(t, s, user.ErrCodeRevoked, paysCode(hana, revoked, 100))
}

func TestCodeOfSomebodyWithoutAWalletIsRefused(t *testing.T) {
	t.Parallel()
	s := rich()
	official := s.shows(user.Code{Purpose: user.Standing})
	refusedPayment(t, s, ledger.ErrCodeNoWallet, paysCode(hana, official, 100))
}

func TestStandingCodeIsPaidAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := rich()
	poster := s.shows(user.Code{Purpose: user.Standing, Wallet: shop})
	b := s.open()
	for range 3 {
		_, err := b.Pay(paysCode(hana, poster, 100))
		require.NoError(t, err)
	}
	require.Equal(t, money.Points(300), balance(t, b, shop))
	require.Empty(t, b.Written().Used)
}

func TestStandingCodeOverItsLimitIsRefused(t *testing.T) {
	t.Parallel()
	s := rich()
	poster := s.shows(user.Code{Purpose: user.Standing, Wallet: shop, AmountMax: 500})
	f := refusedPayment(t, s, ledger.ErrCodeLimit, paysCode(hana, poster, 501))
	require.Equal(t, map[string]int64{"limit": 500}, f.Figures)
	_, err := s.open().Pay(paysCode(hana, poster, 500))
	require.NoError(t, err)
	_, err = s.open().Pay(pays(hana, shop, 501))
	require.NoError(t, err, "the limit is the code's and not the wallet's")
}

func TestAmountCodeSaysTheAmount(t *testing.T) {
	t.Parallel()
	s := rich()
	code := s.shows(user.Code{Purpose: user.Amount, Wallet: shop, Amount: 700})
	for _, amount := range []money.Points{0, 700} {
		b := s.open()
		r, err := b.Pay(paysCode(hana, code, amount))
		require.NoError(t, err)
		require.Equal(t, money.Points(700), r.Amount)
		require.Equal(t, money.Points(700), balance(t, b, shop))
	}
}

func TestAmountCodeWithAnotherAmountIsRefused(t *testing.T) {
	t.Parallel()
	s := rich()
	code := s.shows(user.Code{Purpose: user.Amount, Wallet: shop, Amount: 700})
	for _, amount := range []money.Points{699, 701, -700} {
		f := refusedPayment(t, s, ledger.ErrCodeAmount, paysCode(hana, code, amount))
		require.Equal(t, map[string]int64{"amount": 700}, f.Figures)
	}
}

func TestAmountCodeIsConsumedOnce(t *testing.T) {
	t.Parallel()
	s := rich()
	code := s.shows(user.Code{Purpose: user.Amount, Wallet: shop, Amount: 700})
	b := s.open()
	r, err := b.Pay(paysCode(hana, code, 0))
	require.NoError(t, err)
	require.Len(t, b.Written().Used, 1)
	require.Equal(t, code, b.Written().Used[0].Token)
	require.Equal(t, [16]byte(r.Entry), b.Written().Used[0].UsedBy)
	seen, known := b.Code(code)
	require.True(t, known)
	require.Equal(t, [16]byte(r.Entry), seen.UsedBy)
	_, err = b.Pay(paysCode(hana, code, 0))
	require.ErrorIs(t, err, user.ErrCodeUsed)
	require.Len(t, b.Written().Entries, 1)
}

func TestPresentedCodeLetsTheMerchantCollectOnce(t *testing.T) {
	t.Parallel()
	s := rich()
	code := s.shows(user.Code{Purpose: user.Presented, Wallet: hana})
	b := s.open()
	r, err := b.Pay(collects(shop, code, 300))
	require.NoError(t, err)
	require.Equal(t, ledger.Payment, r.Type)
	require.Equal(t, []ledger.WalletID{hana, shop}, []ledger.WalletID{r.Payer, r.Payee})
	require.Equal(t, money.Points(9_700), r.Balance, "the balance is the payer's")
	require.Equal(t, [16]byte(r.Entry), b.Written().Used[0].UsedBy)
	require.Equal(t, owner(shop), b.Written().Entries[0].Actor)
	_, err = b.Pay(collects(shop, code, 300))
	require.ErrorIs(t, err, user.ErrCodeUsed)
}

func TestPresentedCodeServesOnlyTheActorAsPayee(t *testing.T) {
	t.Parallel()
	s := rich()
	code := s.shows(user.Code{Purpose: user.Presented, Wallet: hana})
	poster := s.shows(user.Code{Purpose: user.Standing, Wallet: stall})

	toAnother := collects(shop, code, 300)
	toAnother.Payee = ledger.Party{Wallet: stall}
	refusedPayment(t, s, ledger.ErrPayerNotPresent, toAnother)
	toAnother.Payee = ledger.Party{Code: poster}
	refusedPayment(t, s, ledger.ErrPayerNotPresent, toAnother)
	refusedPayment(t, s, ledger.ErrOneself, collects(hana, code, 300))
	refusedPayment(t, s, ledger.ErrCodePurpose, paysCode(taro, code, 300))
}

func TestPresentedCodeGivesNoMoreThanItsOwnerAllowed(t *testing.T) {
	t.Parallel()
	s := rich()
	code := s.shows(user.Code{Purpose: user.Presented, Wallet: hana, AmountMax: 300})
	refusedPayment(t, s, ledger.ErrCodeLimit, collects(shop, code, 301))
	_, err := s.open().Pay(collects(shop, code, 300))
	require.NoError(t, err)
}

func TestStandingCodeOfAPayerGivesNobodyTheirPoints(t *testing.T) {
	t.Parallel()
	s := rich()
	card := s.shows(user.Code{Purpose: user.Standing, Wallet: hana})
	refusedPayment(t, s, ledger.ErrCodePurpose, collects(shop, card, 300))
}

func TestCodeOfARefusedPaymentIsNotConsumed(t *testing.T) {
	t.Parallel()
	s := rich()
	code := s.shows(user.Code{Purpose: user.Presented, Wallet: hana})
	b := s.open()
	_, err := b.Pay(collects(shop, code, 10_001))
	require.Error(t, err)
	_, err = b.Pay(collects(shop, code, 10_000))
	require.NoError(t, err)
}

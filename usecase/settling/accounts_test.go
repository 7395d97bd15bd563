package settling_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

func TestAPreviewShowsWhatTheBankWillRead(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop := citytest.Actor(s.shop)
	f, err := s.accounts.Preview(t.Context(), shop, settling.AccountCommand{
		Bank: "９９９９", Branch: "002", Type: "普通預金", Number: "0076543", Holder: "かぶしきがいしゃ さいじょう",
	})
	require.NoError(t, err)
	require.Empty(t, f.Faults)
	require.Equal(t, "テスト 西", f.BankName+" "+f.BranchName)
	require.Equal(t, "9999-002 普通 ****543", f.Account.Masked())
	require.Equal(t, bank.Kana("ｶﾌﾞｼｷｶﾞｲｼﾔ ｻｲｼﾞﾖｳ"), f.Holder.Kana)
	require.Equal(t, bank.Kana("ｶ)ｻｲｼﾞﾖｳ"), f.Suggestion.Reading.Kana)
	require.Equal(t, "B6 29 BB B2 BC DE D6 B3", f.Suggestion.Reading.Kana.Hex())

	f, err = s.accounts.Preview(t.Context(), shop, settling.AccountCommand{
		Yucho: &bank.Yucho{Symbol: "10180", Number: "12345671"}, Holder: "サイジョウ タロウ",
	})
	require.NoError(t, err)
	require.Empty(t, f.Faults)
	require.Equal(t, "9900-018 普通 ****567", f.Account.Masked())
	require.Equal(t, "ゆうちょ 〇一八", f.BankName+" "+f.BranchName)

	f, err = s.accounts.Preview(t.Context(), shop, settling.AccountCommand{Bank: "9998", Branch: "2", Type: "定期", Number: "654321", Holder: "西条商店"})
	require.NoError(t, err)
	var wrong []string
	for _, field := range f.Faults {
		wrong = append(wrong, field.Path+" "+string(field.Code))
		require.NotContains(t, field.Message, "654321")
	}
	require.Equal(t, []string{
		"branch bank_branch_code_malformed", "type bank_account_type_invalid", "number bank_account_number_malformed",
		"holder bank_kana_kanji", "holder bank_kana_kanji", "holder bank_kana_kanji", "holder bank_kana_kanji", "bank bank_unknown",
	}, wrong)
	_, err = s.accounts.Preview(t.Context(), citytest.Actor(s.hana), passbook("0076543"))
	require.ErrorIs(t, err, access.ErrNotAllowed)
}

func TestAnAccountWithFlawsIsNotTaken(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop := citytest.Actor(s.shop)
	for name, c := range map[string]struct {
		change func(*settling.AccountCommand)
		want   error
	}{
		"six digits":       {func(c *settling.AccountCommand) { c.Number = "654321" }, bank.ErrAccount},
		"unknown branch":   {func(c *settling.AccountCommand) { c.Branch = "777" }, bank.ErrAccount},
		"kanji":            {func(c *settling.AccountCommand) { c.Holder = "西条商店" }, bank.ErrAccount},
		"ゐ, not confirmed": {func(c *settling.AccountCommand) { c.Holder = "ヰケダ" }, bank.ErrKanaUnconfirmed},
		"cut, unconfirmed": {func(c *settling.AccountCommand) { c.Holder = "ガガガガガガガガガガガガガガガガ" }, bank.ErrKanaUnconfirmed},
		"a bad 記号":         {func(c *settling.AccountCommand) { c.Yucho = &bank.Yucho{Symbol: "1018", Number: "1"} }, bank.ErrAccount},
	} {
		command := passbook("0076543")
		c.change(&command)
		_, err := s.accounts.Propose(t.Context(), shop, command)
		require.ErrorIs(t, err, c.want, name)
	}
	command := passbook("0076543")
	command.Holder, command.Confirmed = "ガガガガガガガガガガガガガガガガ", true
	_, err := s.accounts.Propose(t.Context(), shop, command)
	require.NoError(t, err)
	require.Len(t, s.acts(t, settling.ActProposeAccount), 7)
}

func TestAnAccountIsUsedOnceAnotherPersonHasLookedAtIt(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	command := passbook("0076543")
	command.Merchant = s.shop.Wallet
	proposed, err := s.accounts.Propose(t.Context(), s.Official, command)
	require.NoError(t, err)
	_, err = s.accounts.Approve(t.Context(), s.Official, proposed.ID)
	require.ErrorIs(t, err, settlement.ErrAccountSamePerson)
	_, err = s.accounts.Approve(t.Context(), citytest.Actor(s.shop), proposed.ID)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	active, err := s.accounts.Approve(t.Context(), s.second, proposed.ID)
	require.NoError(t, err)
	require.Equal(t, "テスト 西", active.BankName+" "+active.BranchName)
	_, err = s.accounts.Decline(t.Context(), s.second, proposed.ID, "遅すぎた")
	require.ErrorIs(t, err, settlement.ErrAccountState)

	second, err := s.accounts.Propose(t.Context(), citytest.Actor(s.shop), passbook("0076544"))
	require.NoError(t, err)
	third, err := s.accounts.Propose(t.Context(), citytest.Actor(s.shop), passbook("0076545"))
	require.NoError(t, err)
	_, err = s.accounts.Approve(t.Context(), s.second, second.ID)
	require.ErrorIs(t, err, settlement.ErrAccountState, "the third took its place")
	_, err = s.accounts.Decline(t.Context(), s.second, third.ID, " ")
	require.ErrorIs(t, err, settling.ErrReason)
	declined, err := s.accounts.Decline(t.Context(), s.second, third.ID, "通帳と違います")
	require.NoError(t, err)
	require.Equal(t, "通帳と違います", declined.Reason)
	found, err := s.accounts.List(t.Context(), citytest.Actor(s.shop), settlement.AccountQuery{Limit: page.LimitMax})
	require.NoError(t, err)
	states := map[settlement.AccountState]int{}
	for _, a := range found.Rows {
		states[a.State]++
	}
	require.Equal(t, map[settlement.AccountState]int{settlement.Active: 1, settlement.Replaced: 1, settlement.Declined: 1}, states)
	none, err := s.accounts.List(t.Context(), citytest.Actor(s.cafe), settlement.AccountQuery{Merchant: s.shop.Wallet, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, none.Rows)
	_, err = s.accounts.Approve(t.Context(), s.second, settlement.AccountID{1})
	require.ErrorIs(t, err, settlement.ErrAccountUnknown)
}

func TestTheHolderIsShownToTheShopAndToWhoMayApprove(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	command := passbook("0076543")
	command.Holder = "カ）サイジョウ"
	proposed, err := s.accounts.Propose(t.Context(), citytest.Actor(s.shop), command)
	require.NoError(t, err)
	require.Equal(t, bank.Kana("ｶ)ｻｲｼﾞﾖｳ"), proposed.Holder)
	for _, actor := range []access.Actor{citytest.Actor(s.shop), s.second} {
		found, err := s.accounts.List(t.Context(), actor, settlement.AccountQuery{Merchant: s.shop.Wallet, State: settlement.Proposed, Limit: 10})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
		require.Equal(t, bank.Kana("ｶ)ｻｲｼﾞﾖｳ"), found.Rows[0].Holder)
		require.NotContains(t, found.Rows[0].Masked, "6543")
	}
	approved, err := s.accounts.Approve(t.Context(), s.second, proposed.ID)
	require.NoError(t, err)
	require.Equal(t, bank.Kana("ｶ)ｻｲｼﾞﾖｳ"), approved.Holder)
}

func TestOnlyMerchantsArePaidTo(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for wallet, want := range map[ledger.WalletID]error{s.hana.Wallet: ledger.ErrClaimRole, {1}: ledger.ErrWalletUnknown, {}: ledger.ErrWalletUnknown} {
		command := passbook("0076543")
		command.Merchant = wallet
		_, err := s.accounts.Propose(t.Context(), s.Official, command)
		require.ErrorIs(t, err, want)
	}
	command := passbook("0076543")
	command.Merchant = s.cafe.Wallet
	proposed, err := s.accounts.Propose(t.Context(), citytest.Actor(s.shop), command)
	require.NoError(t, err)
	require.Equal(t, s.shop.Wallet, proposed.Merchant, "a shop names only its own")
}

package settling_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

func TestPointsComeBackAsABankTransfer(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.charge(t, s.shop, 3_000)
	s.pay(t, s.shop, 20_000)
	s.pay(t, s.cafe, 1_000)
	closing := s.closes(t)
	require.Equal(t, []int{2, 2}, []int{closing.Statements, closing.Drafts})
	require.EqualValues(t, 21_000, closing.Drafted)

	claimed := s.claim(t, s.shop)
	require.EqualValues(t, 20_000, claimed.Amount)
	require.Zero(t, s.Balance(t, s.shop))
	require.EqualValues(t, 20_000, s.Position(t, citytest.Fund).Claimed)

	_, err := s.claims.Confirm(t.Context(), s.Official, claimed.ID)
	require.ErrorIs(t, err, settlement.ErrClaimNoAccount)
	s.account(t, s.shop, "0076543")
	s.approve(t, claimed.ID)

	made := s.export(t)
	require.Equal(t, "LSP_SOFURI_20261207_01.txt", made.Name, "five bank days after the closing")
	require.Equal(t, 1, made.Count)
	require.EqualValues(t, 20_000, made.Total)
	require.Empty(t, made.LeftOut)
	_, content, err := s.files.Content(t.Context(), s.second, made.ID)
	require.NoError(t, err)
	require.Contains(t, string(content), fmt.Sprintf("9999,ﾃｽﾄ,002,ﾆｼ,1,0076543,ｶ)ｻｲｼﾞﾖｳﾖｳﾃﾝ,20000,1,LSP202611 %s", claimed.NoText()))
	_, err = s.files.Send(t.Context(), s.Official, made.ID)
	require.NoError(t, err)

	before := s.Position(t, citytest.Fund)
	paid, err := s.payouts.PayFile(t.Context(), s.Official, made.ID, settling.PayCommand{Key: s.Key()})
	require.NoError(t, err)
	require.Equal(t, 1, paid.Paid)
	require.EqualValues(t, 20_000, paid.Amount)
	require.Equal(t, settlement.Paid, s.state(t, claimed.ID))
	after := s.Position(t, citytest.Fund)
	require.EqualValues(t, 20_000, before.Bank-after.Bank)
	require.Zero(t, after.Claimed)

	sent := s.payoutsOf(t, settlement.PayoutQuery{Claim: claimed.ID})
	require.Len(t, sent, 1)
	require.Equal(t, settlement.PayoutPaid, sent[0].State)
	require.Equal(t, "9999-002 普通 ****543", sent[0].Masked)
	require.Equal(t, made.Date, sent[0].PaidOn)
}

func TestATransferThatCameBackIsPaidToTheCorrectedAccount(t *testing.T) {
	t.Parallel()
	for name, paidFirst := range map[string]bool{"before it was noted as paid": false, "after": true} {
		s := setScene(t)
		claim := s.ready(t)
		first := s.export(t)
		s.send(t, first.ID)
		payout := s.payoutsOf(t, settlement.PayoutQuery{File: first.ID})[0]
		require.Equal(t, bank.First, payout.New, name)
		if paidFirst {
			_, err := s.payouts.Pay(t.Context(), s.Official, payout.ID, settling.PayCommand{Key: s.Key()})
			require.NoError(t, err)
		}
		back, err := s.payouts.Return(t.Context(), s.second, payout.ID, settling.ReturnCommand{Key: s.Key(), Reason: "口座なし"})
		require.NoError(t, err)
		require.Equal(t, settlement.PayoutReturned, back.State, name)
		require.Equal(t, paidFirst, !back.ReturnEntry.IsZero(), name)
		require.Equal(t, settlement.Returned, s.state(t, claim.ID), name)
		require.EqualValues(t, 5_000, s.Position(t, citytest.Fund).Claimed, name)
		_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key()}, "")
		require.ErrorIs(t, err, settlement.ErrFileEmpty, name)

		s.account(t, s.shop, "0076544")
		require.Equal(t, settlement.Corrected, s.state(t, claim.ID), name)
		second := s.export(t)
		again := s.payoutsOf(t, settlement.PayoutQuery{File: second.ID})[0]
		require.Equal(t, bank.Changed, again.New, name)
		require.Equal(t, 2, again.Attempt, name)
		require.Equal(t, payout.Reference, again.Reference, name)
		require.Equal(t, "9999-002 普通 ****544", again.Masked, name)
		s.send(t, second.ID)
		_, err = s.payouts.Pay(t.Context(), s.Official, again.ID, settling.PayCommand{Key: s.Key()})
		require.NoError(t, err)
		require.Equal(t, settlement.Paid, s.state(t, claim.ID), name)
		require.Zero(t, s.Position(t, citytest.Fund).Claimed, name)
		_, err = s.payouts.Pay(t.Context(), s.Official, payout.ID, settling.PayCommand{Key: s.Key()})
		require.ErrorIs(t, err, settlement.ErrPayoutState, name)
	}
}

func TestAReturnFromAnAccountThatWasChangedMeanwhileCanBePaidAgainAtOnce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	claim := s.ready(t)
	made := s.export(t)
	s.send(t, made.ID)
	s.account(t, s.shop, "0076544")
	require.Equal(t, settlement.Exported, s.state(t, claim.ID))
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})[0]
	_, err := s.payouts.Return(t.Context(), s.Official, payout.ID, settling.ReturnCommand{Key: s.Key(), Reason: "口座なし"})
	require.NoError(t, err)
	require.Equal(t, settlement.Corrected, s.state(t, claim.ID))
}

func TestLaterPayoutsToTheSameAccountAreKnownToTheBank(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 5_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	part, err := s.claims.Claim(t.Context(), citytest.Actor(s.shop), settling.ClaimCommand{Key: s.Key(), Amount: 2_000})
	require.NoError(t, err)
	s.approve(t, part.ID)
	rest := s.claim(t, s.shop)
	require.EqualValues(t, 3_000, rest.Amount)
	s.approve(t, rest.ID)
	made := s.export(t)
	payouts := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})
	codes := map[settlement.ClaimID]bank.NewCode{}
	for _, p := range payouts {
		codes[p.Claim] = p.New
	}
	require.Equal(t, map[settlement.ClaimID]bank.NewCode{part.ID: bank.First, rest.ID: bank.Known}, codes)
}

func TestReexportingVoidsTheFormerFile(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	claim := s.ready(t)
	first := s.export(t)
	again, err := s.files.Export(t.Context(), s.second, settling.ExportCommand{Key: s.Key(), Former: first.ID}, "日付の変更")
	require.NoError(t, err)
	require.Equal(t, "LSP_SOFURI_20261207_02.txt", again.Name)
	require.Equal(t, first.ID, again.Replaces)
	_, _, err = s.files.Content(t.Context(), s.Official, first.ID)
	require.ErrorIs(t, err, settlement.ErrFileState, "nobody takes it to the bank any more")
	_, err = s.payouts.PayFile(t.Context(), s.Official, first.ID, settling.PayCommand{Key: s.Key()})
	require.ErrorIs(t, err, settlement.ErrFileState)
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Former: first.ID}, "")
	require.ErrorIs(t, err, settlement.ErrFileState)
	voided := s.payoutsOf(t, settlement.PayoutQuery{File: first.ID})[0]
	require.Equal(t, settlement.PayoutVoided, voided.State)
	renewed := s.payoutsOf(t, settlement.PayoutQuery{File: again.ID})[0]
	require.Equal(t, []any{bank.First, 1, voided.Reference}, []any{renewed.New, renewed.Attempt, renewed.Reference}, "what was voided never reached the bank")
	require.Equal(t, settlement.Exported, s.state(t, claim.ID))

	_, err = s.files.Send(t.Context(), s.Official, again.ID)
	require.NoError(t, err)
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Former: again.ID}, "")
	require.ErrorIs(t, err, settlement.ErrFileState, "the bank has it")
}

// Clause 8.3エ: of two files with the same transfers only one may get to the bank.
func TestAFileThatWasDownloadedIsReplacedByWhoSaysThatTheBankHasItNot(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	claim := s.ready(t)
	first := s.export(t)
	taken := s.Clock()
	_, _, err := s.files.Content(t.Context(), s.second, first.ID)
	require.NoError(t, err)
	s.Advance(time.Minute)
	_, _, err = s.files.Content(t.Context(), s.Official, first.ID)
	require.NoError(t, err)
	file, err := s.files.One(t.Context(), s.Official, first.ID)
	require.NoError(t, err)
	require.Equal(t, []any{s.second.User, taken, int64(2)}, []any{file.TakenBy, file.TakenAt, file.Version}, "the first one counts")

	cmd := settling.ExportCommand{Key: s.Key(), Former: first.ID}
	_, err = s.files.Export(t.Context(), s.Official, cmd, "日付の変更")
	require.ErrorIs(t, err, settlement.ErrFileTaken)
	_, err = s.files.Preview(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, settlement.ErrFileTaken)
	require.Equal(t, settlement.Exported, s.state(t, claim.ID))
	require.Equal(t, settlement.PayoutExported, s.payoutsOf(t, settlement.PayoutQuery{File: first.ID})[0].State)
	refused := s.acts(t, settling.ActReexport)[0]
	require.Equal(t, string(settlement.ErrFileTaken.Code), refused.Outcome)
	require.NotContains(t, refused.After, "not_sent")

	s.Advance(time.Minute)
	cmd.NotSent = true // the key is free: what was refused has kept nothing
	again, err := s.files.Export(t.Context(), s.Official, cmd, "窓口に出す前に差し替え")
	require.NoError(t, err)
	require.Equal(t, first.ID, again.Replaces)
	require.True(t, again.TakenAt.IsZero(), "nobody has the new one yet")
	done := s.acts(t, settling.ActReexport)[0]
	require.Equal(t, []string{first.ID.String(), "true", again.ID.String()}, []string{done.Target, done.After["not_sent"], done.After["file"]})
	_, _, err = s.files.Content(t.Context(), s.Official, first.ID)
	require.ErrorIs(t, err, settlement.ErrFileState)
	cmd.NotSent = false
	_, err = s.files.Export(t.Context(), s.Official, cmd, "")
	require.ErrorIs(t, err, idem.ErrKeyConflict, "another statement is another request")

	_, err = s.files.Send(t.Context(), s.Official, again.ID)
	require.NoError(t, err)
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Former: again.ID, NotSent: true}, "")
	require.ErrorIs(t, err, settlement.ErrFileState, "what is said to be at the bank stays there")
}

func TestAFileThatIsPaidInPartIsNotExportedAgain(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.cafe, 700)
	s.account(t, s.cafe, "0076545")
	s.ready(t)
	s.approve(t, s.claim(t, s.cafe).ID)
	made := s.export(t)
	require.Equal(t, 2, made.Count)
	s.send(t, made.ID)
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})[0]
	_, err := s.payouts.Pay(t.Context(), s.Official, payout.ID, settling.PayCommand{Key: s.Key()})
	require.NoError(t, err)
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Former: made.ID}, "")
	require.ErrorIs(t, err, settlement.ErrFileState)
	paid, err := s.payouts.PayFile(t.Context(), s.Official, made.ID, settling.PayCommand{Key: s.Key()})
	require.NoError(t, err)
	require.Equal(t, 1, paid.Paid, "the other one was paid before")
}

func TestWhatIsSentAgainIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 5_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	key := s.Key()
	shop := citytest.Actor(s.shop)
	first, err := s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: key, Amount: 4_000})
	require.NoError(t, err)
	again, err := s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: key, Amount: 4_000})
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.ID, again.ID)
	_, err = s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: key, Amount: 1})
	require.Error(t, err)
	require.EqualValues(t, 1_000, s.Balance(t, s.shop))

	s.approve(t, first.ID)
	export := settling.ExportCommand{Key: s.Key()}
	made, err := s.files.Export(t.Context(), s.Official, export, "")
	require.NoError(t, err)
	same, err := s.files.Export(t.Context(), s.Official, export, "")
	require.NoError(t, err)
	require.True(t, same.Replayed)
	require.Equal(t, made.File, same.File)
	s.send(t, made.ID)

	pay := settling.PayCommand{Key: s.Key()}
	for i, want := range []int{1, 0} {
		paid, err := s.payouts.PayFile(t.Context(), s.Official, made.ID, pay)
		require.NoError(t, err)
		require.Equal(t, []any{want, i == 1}, []any{paid.Paid, paid.Replayed})
	}
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})[0]
	back := settling.ReturnCommand{Key: s.Key(), Reason: "口座なし"}
	for i := range 2 {
		returned, err := s.payouts.Return(t.Context(), s.Official, payout.ID, back)
		require.NoError(t, err)
		require.Equal(t, i == 1, returned.Replayed)
	}
	require.EqualValues(t, 4_000, s.Position(t, citytest.Fund).Claimed)
	var outcomes []string
	for _, act := range s.acts(t, settling.ActReturn) {
		outcomes = append(outcomes, act.Outcome)
	}
	require.ElementsMatch(t, []string{"done", "replayed"}, outcomes)
}

func TestTheBankPaysNoMoreThanItHas(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.charge(t, s.cafe, 50_000) // the cash stays in the till
	s.pay(t, s.cafe, 700)
	s.pay(t, s.shop, 149_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	s.account(t, s.cafe, "0076545")
	s.approve(t, s.claim(t, s.shop).ID)
	s.approve(t, s.claim(t, s.cafe).ID)
	made := s.export(t)
	move := ledger.CashMove{Actor: s.Official.User, Fund: citytest.Fund}
	s.Act(t, ledger.Want{Pots: move.TreasuryPots(ledger.Withdrawal)}, func(b *ledger.Book) error {
		move.Amount = b.Balance(ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: citytest.Fund})
		_, err := b.Withdraw(move)
		return err
	})
	require.EqualValues(t, 100_000, s.Position(t, citytest.Fund).Bank)
	s.send(t, made.ID)
	_, err := s.payouts.PayFile(t.Context(), s.Official, made.ID, settling.PayCommand{Key: s.Key()})
	require.ErrorIs(t, err, ledger.ErrCashShort)
	refusal, _ := fault.Of(err)
	require.Equal(t, map[string]int64{"balance": 100_000, "shortfall": 49_700}, refusal.Figures)
	require.Equal(t, "funds.city", refusal.Fields[0].Path)
	for _, p := range s.payoutsOf(t, settlement.PayoutQuery{File: made.ID}) {
		require.Equal(t, settlement.PayoutExported, p.State, "all or nothing of a chunk")
	}
}

func TestAccountNumbersStandNowhereInClear(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.ready(t)
	made := s.export(t)
	_, _, err := s.files.Content(t.Context(), s.Official, made.ID)
	require.NoError(t, err)
	for _, act := range append(append(s.acts(t, settling.ActProposeAccount), s.acts(t, settling.ActExport)...), s.acts(t, settling.ActAmendSettings)...) {
		text := fmt.Sprintf("%+v", act)
		require.NotContains(t, text, "0076543")
		require.NotContains(t, text, "1234567")
		require.NotContains(t, text, "543")
	}
	file, err := s.Settlement.File(t.Context(), made.ID)
	require.NoError(t, err)
	require.False(t, strings.Contains(string(file.Sealed), "0076543"))
	command := passbook("0076543")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", command, command, command, &command), "0076543")
	download := s.acts(t, settling.ActDownload)[0]
	require.Equal(t, made.HashText(), download.After["sha256"])
}

package correcting_test

import (
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/auditing"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/correcting"
)

func TestAboveTheLimitASecondAdministratorApproves(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	s.Give(t, s.hana, citytest.Gift, 1_000)
	before := s.books(t)
	entry := s.pay(t, s.hana, s.shop, 500)
	after := s.books(t)

	cmd := s.command(entry)
	require.True(t, s.preview(t, cmd).SecondPerson)
	asked := s.request(t, cmd)
	require.Equal(t, after, s.books(t), "nothing is done yet")
	require.Equal(t, []string{correcting.ActCorrect, entry.String(), "支払い 500ポイントの取消", "二重に支払った"}, []string{asked.Action, asked.Subject, asked.Summary, asked.Reason})
	require.JSONEq(t, `{"entry_id":"`+entry.String()+`","amount":500,"receivable":false,"reason":"二重に支払った"}`, string(asked.Payload))
	again, err := s.correcting.Correct(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, asked, again.Request, "a repeated key gives the same request")
	require.Equal(t, []any{money.Points(500), asked.RequestedAt}, []any{again.Amount, again.At}, "what was asked for, and when")
	require.Equal(t, []approval.Request{asked}, s.preview(t, s.command(entry)).Waiting)
	changed := cmd
	changed.Reason = "別の理由"
	_, err = s.correcting.Correct(t.Context(), s.Official, changed)
	require.ErrorIs(t, err, idem.ErrKeyConflict)

	_, err = s.approving.Approve(t.Context(), s.Official, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrSamePerson)
	s.Advance(time.Hour)
	approved, err := s.approving.Approve(t.Context(), s.other, asked.ID, "確認済み")
	require.NoError(t, err)
	require.Equal(t, approval.Approved, approved.State)
	require.Equal(t, before, s.books(t))
	booked, err := s.Statements.Entry(t.Context(), approved.Result)
	require.NoError(t, err)
	require.Equal(t, []any{ledger.Reversal, entry, s.Official.User, s.Clock()}, []any{booked.Type, booked.Corrects, booked.Actor, booked.At})
	require.Len(t, s.corrected(), 1)

	again, err = s.correcting.Correct(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.False(t, again.Waits())
	require.Equal(t, []any{approved, booked.ID, ledger.Reversal}, []any{again.Request, again.Entry, again.Type})
	require.EqualValues(t, 500, again.Amount)

	acts := lo.KeyBy(s.acts(t, correcting.ActCorrect), func(a audit.Act) string { return a.Outcome })
	done, first := acts[auditing.Done], acts[approving.Asked]
	require.Equal(t, []any{s.other.User, entry.String()}, []any{done.Actor.User, done.Target})
	require.Equal(t, s.Official.User.String(), done.After["requested_by"])
	require.Equal(t, booked.ID.String(), done.After["entry"])
	require.Equal(t, []any{s.Official.User, asked.ID.String()}, []any{first.Actor.User, first.After["approval"]})
	require.NotContains(t, first.After, "entry", "nothing was booked")
}

func TestTheLimitItselfIsCorrectedAloneAndSlicesAreCounted(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	s.Give(t, s.hana, citytest.Gift, 1_000)
	s.correct(t, s.command(s.pay(t, s.hana, s.shop, 100)))
	entry := s.pay(t, s.hana, s.shop, 500)
	cmd := s.command(entry)
	cmd.Amount = 60
	s.correct(t, cmd)
	cmd = s.command(entry)
	cmd.Amount = 41
	require.True(t, s.preview(t, cmd).SecondPerson, "with what was undone before it is more than one may undo alone")
	asked := s.request(t, cmd)
	require.Equal(t, "支払い 500ポイントのうち 41ポイントの取消", asked.Summary)
	cmd = s.command(entry)
	cmd.Amount = 40
	s.correct(t, cmd)
}

func TestOfTwoWhoApproveAtOnceOneCorrectsAndTheOtherIsTold(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	s.Give(t, s.hana, citytest.Gift, 500)
	asked := s.request(t, s.command(s.pay(t, s.hana, s.shop, 500)))
	third := access.Actor{User: usertest.Administrator().ID, Role: user.Administrator}
	var errs [2]error
	var both sync.WaitGroup
	for i, actor := range []access.Actor{s.other, third} {
		both.Go(func() { _, errs[i] = s.approving.Approve(t.Context(), actor, asked.ID, "") })
	}
	both.Wait()
	if errs[0] != nil {
		errs[0], errs[1] = errs[1], errs[0]
	}
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], approval.ErrDecided)
	require.Len(t, s.corrected(), 1)
}

func TestWhatWasSpentMeanwhileIsToldToTheApproverAndTheRequestWaits(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	s.Give(t, s.hana, citytest.Gift, 500)
	asked := s.request(t, s.command(s.pay(t, s.hana, s.shop, 500)))
	s.pay(t, s.shop, s.supplier, 450)
	_, err := s.approving.Approve(t.Context(), s.other, asked.ID, "")
	requireFigure(t, err, ledger.ErrTakeBackShort, "shortfall", 450)
	still, err := s.approving.Get(t.Context(), s.other, asked.ID)
	require.NoError(t, err)
	require.Equal(t, asked, still)
	s.pay(t, s.supplier, s.shop, 450)
	_, err = s.approving.Approve(t.Context(), s.other, asked.ID, "")
	require.NoError(t, err)
	require.EqualValues(t, 500, s.Balance(t, s.hana))
}

func TestWhatIsApprovedIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	asked := s.request(t, s.command(entry)) // all that is left: 500
	part := s.command(entry)
	part.Amount = 60
	s.correct(t, part)
	_, err := s.approving.Approve(t.Context(), s.other, asked.ID, "")
	requireFigure(t, err, ledger.ErrTooMuch, "left", 440)
	_, err = s.approving.Refuse(t.Context(), s.other, asked.ID, "一部は取り消し済み")
	require.NoError(t, err)
	require.EqualValues(t, 440, s.preview(t, s.command(entry)).Effect.Amount)

	asked = s.request(t, s.command(entry))
	result, err := s.approving.Withdraw(t.Context(), s.Official, asked.ID, "")
	require.NoError(t, err)
	require.Equal(t, approval.Withdrawn, result.State)
}

func TestAnAdjustmentAboveTheLimitIsMadeAsItWasAskedFor(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	cmd := s.adjustment(s.hana, 101)
	cmd.Expires = s.Today() + 7
	asked, err := s.correcting.Adjust(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, asked.Waits())
	require.Equal(t, "101ポイントの増額調整", asked.Request.Summary)
	require.Zero(t, s.Balance(t, s.hana))
	again, err := s.correcting.Adjust(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, asked.Request, again.Request)
	approved, err := s.approving.Approve(t.Context(), s.other, asked.Request.ID, "")
	require.NoError(t, err)
	require.EqualValues(t, 101, s.Balance(t, s.hana))
	wallet, err := s.Statements.Wallet(t.Context(), s.hana.Wallet)
	require.NoError(t, err)
	require.Equal(t, s.Today()+7, wallet.Lots[0].Expires)

	down := s.adjustment(s.hana, -101)
	down.Kind = ""
	result, err := s.correcting.Adjust(t.Context(), s.Official, down)
	require.NoError(t, err)
	require.Equal(t, "101ポイントの減額調整", result.Request.Summary)
	_, err = s.approving.Approve(t.Context(), s.other, result.Request.ID, "")
	require.NoError(t, err)
	require.Zero(t, s.Balance(t, s.hana))
	again, err = s.correcting.Adjust(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, ledger.EntryID(approved.Result), again.Entry)
	require.EqualValues(t, 101, again.Amount)
}

func TestAdjustmentsOfOneWalletAndDayAreCountedTogether(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	s.adjust(t, s.adjustment(s.hana, 60))
	s.adjust(t, s.adjustment(s.hana, -30))
	s.adjust(t, s.adjustment(s.shop, 100)) // another wallet
	slice := s.adjustment(s.hana, 11)
	preview, err := s.correcting.PreviewAdjustment(t.Context(), s.Official, slice)
	require.NoError(t, err)
	require.Equal(t, []any{money.Points(90), true}, []any{preview.Today, preview.SecondPerson})
	asked, err := s.correcting.Adjust(t.Context(), s.Official, slice)
	require.NoError(t, err)
	require.True(t, asked.Waits(), "up and down, it is more than one may do alone in a day")
	another, err := s.correcting.Adjust(t.Context(), s.other, s.adjustment(s.hana, -11))
	require.NoError(t, err)
	require.Equal(t, []any{money.Points(11), s.Clock()}, []any{another.Amount, another.At})
	require.True(t, another.Waits(), "whoever does it")
	rest := s.adjustment(s.hana, 10)
	preview, err = s.correcting.PreviewAdjustment(t.Context(), s.Official, rest)
	require.NoError(t, err)
	require.False(t, preview.SecondPerson)
	s.adjust(t, rest)
	_, err = s.approving.Approve(t.Context(), s.other, asked.Request.ID, "")
	require.NoError(t, err)
	require.EqualValues(t, 51, s.Balance(t, s.hana))

	s.Advance(12*time.Hour - time.Second) // one second before midnight in Japan
	asked, err = s.correcting.Adjust(t.Context(), s.Official, s.adjustment(s.hana, 1))
	require.NoError(t, err)
	require.True(t, asked.Waits())
	s.Advance(time.Second)
	s.adjust(t, s.adjustment(s.hana, 100))
}

func TestOfManyAdjustmentsAtOnceNoMoreAreMadeThanOneMayMakeAlone(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	results, errs := make([]correcting.Result, 8), make([]error, 8)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i], errs[i] = s.correcting.Adjust(t.Context(), s.Official, s.adjustment(s.hana, 30)) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 5, lo.CountBy(results, correcting.Result.Waits))
	require.EqualValues(t, 90, s.Balance(t, s.hana))
}

func TestWhatIsOwedIsBookedWithTheApproval(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.alone(t, 100)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	s.pay(t, s.shop, s.supplier, 450)
	cmd := s.command(entry)
	cmd.Receivable = true
	asked := s.request(t, cmd)
	s.Advance(time.Second)
	_, err := s.approving.Approve(t.Context(), s.other, asked.ID, "")
	require.NoError(t, err)
	require.EqualValues(t, 450, s.Position(t, citytest.Fund).Receivables)
	done := s.acts(t, correcting.ActCorrect)[0]
	require.Equal(t, "450", done.After["owed."+s.shop.Wallet.String()+".city"])
}

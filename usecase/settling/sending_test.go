package settling_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

// Clause 8.3エ: a claim that was taken for returned while its file still lay here would be exported in another file, and
// the bank would pay both.
func TestNothingBecomesOfAFileThatTheBankHasNot(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	claim := s.ready(t)
	made := s.export(t)
	_, _, err := s.files.Content(t.Context(), s.Official, made.ID)
	require.NoError(t, err)
	before := s.Position(t, citytest.Fund)
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})[0]
	back := settling.ReturnCommand{Key: s.Key(), Reason: "口座なし"}
	_, err = s.payouts.Return(t.Context(), s.Official, payout.ID, back)
	require.ErrorIs(t, err, settlement.ErrFileNotSent)
	one := settling.PayCommand{Key: s.Key()}
	_, err = s.payouts.Pay(t.Context(), s.Official, payout.ID, one)
	require.ErrorIs(t, err, settlement.ErrFileNotSent)
	_, err = s.payouts.PayFile(t.Context(), s.Official, made.ID, settling.PayCommand{Key: s.Key()})
	require.ErrorIs(t, err, settlement.ErrFileNotSent)
	s.account(t, s.shop, "0076544")
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key()}, "")
	require.ErrorIs(t, err, settlement.ErrFileEmpty, "the claim is in a file already")
	require.Equal(t, settlement.Exported, s.state(t, claim.ID))
	require.Equal(t, before, s.Position(t, citytest.Fund))
	require.Equal(t, string(settlement.ErrFileNotSent.Code), s.acts(t, settling.ActReturn)[0].Outcome)

	s.send(t, made.ID)
	_, err = s.payouts.Pay(t.Context(), s.Official, payout.ID, one) // the keys are free: what was refused has kept nothing
	require.NoError(t, err)
	_, err = s.payouts.Return(t.Context(), s.Official, payout.ID, back)
	require.NoError(t, err)
}

func TestNothingBecomesOfAFileThatWasVoided(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.ready(t)
	former := s.export(t)
	_, err := s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Former: former.ID}, "")
	require.NoError(t, err)
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: former.ID})[0]
	_, err = s.payouts.Return(t.Context(), s.Official, payout.ID, settling.ReturnCommand{Key: s.Key(), Reason: "口座なし"})
	require.ErrorIs(t, err, settlement.ErrFileState)
	_, err = s.files.Send(t.Context(), s.Official, former.ID)
	require.ErrorIs(t, err, settlement.ErrFileState)
}

// Clause 8.3エ: what came back is paid by the next file. Its first one is kept to be looked at, and handed out no more.
func TestAFileOfWhichATransferCameBackIsHandedOutNoMore(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.cafe, 700)
	s.account(t, s.cafe, "0076545")
	s.ready(t)
	s.approve(t, s.claim(t, s.cafe).ID)
	made := s.export(t)
	s.send(t, made.ID)
	_, _, err := s.files.Content(t.Context(), s.second, made.ID)
	require.NoError(t, err, "for the record")
	payouts := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})
	_, err = s.payouts.Pay(t.Context(), s.Official, payouts[0].ID, settling.PayCommand{Key: s.Key()})
	require.NoError(t, err)
	_, _, err = s.files.Content(t.Context(), s.second, made.ID)
	require.NoError(t, err, "what was paid is no reason")
	_, err = s.payouts.Return(t.Context(), s.Official, payouts[1].ID, settling.ReturnCommand{Key: s.Key(), Reason: "口座なし"})
	require.NoError(t, err)

	_, _, err = s.files.Content(t.Context(), s.second, made.ID)
	require.ErrorIs(t, err, settlement.ErrFileState)
	_, err = s.files.Send(t.Context(), s.Official, made.ID)
	require.ErrorIs(t, err, settlement.ErrFileState)
	shown, err := s.files.One(t.Context(), s.Official, made.ID)
	require.NoError(t, err)
	require.Equal(t, made.SHA256, shown.SHA256)
	looked, err := s.files.Check(t.Context(), s.Official, made.ID)
	require.NoError(t, err)
	require.Equal(t, made.SHA256, looked.SHA256)
	require.Len(t, s.payoutsOf(t, settlement.PayoutQuery{File: made.ID}), 2)
}

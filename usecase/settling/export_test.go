package settling_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

func codesOf(t testing.TB, err error) []string {
	t.Helper()
	refusal, is := fault.Of(err)
	require.True(t, is, "%v", err)
	var codes []string
	for _, f := range refusal.Fields {
		codes = append(codes, f.Path+" "+string(f.Code))
	}
	return codes
}

func TestWhatCannotBePaidIsLeftOutAndHoldsUpNothing(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(settings *settlement.Settings) {
		settings.Bearer, settings.Fees = settlement.MerchantBears, []settlement.Fee{{SameBank: true, Fee: 110}, {From: 0, Fee: 330}}
	})
	shops := []user.User{s.shop, s.cafe, s.Merchant(t), s.Merchant(t)}
	amounts := []money.Points{5_000, 110, 800, 900}
	for i, shop := range shops {
		s.pay(t, shop, amounts[i])
	}
	s.closes(t)
	for i, shop := range shops {
		command := passbook("007654" + string('1'+rune(i)))
		if i == 2 {
			command.Bank, command.Branch = "0174", "260"
		}
		proposed, err := s.accounts.Propose(t.Context(), citytest.Actor(shop), command)
		require.NoError(t, err)
		_, err = s.accounts.Approve(t.Context(), s.Official, proposed.ID)
		require.NoError(t, err)
		s.approve(t, s.claim(t, shop).ID)
	}
	// The branch of the third is merged away.
	s.directory.master = banktest.MasterOf(t, banktest.AsOf, banktest.TestHead, banktest.TestWest, banktest.Listings()[0])
	preview, err := s.files.Preview(t.Context(), s.Official, settling.ExportCommand{})
	require.NoError(t, err)
	made := s.export(t)
	require.Equal(t, preview.Count, made.Count)
	require.Equal(t, preview.SHA256, made.SHA256)
	require.Equal(t, 2, made.Count)
	s.send(t, made.ID)
	require.EqualValues(t, 4_890+790, made.Total)
	left := map[money.Points]fault.Code{}
	for _, l := range made.LeftOut {
		left[l.Claim.Amount] = l.Fault.Code
	}
	require.Equal(t, map[money.Points]fault.Code{110: settlement.ErrPayoutTooFew.Code, 800: bank.ErrBranchUnknown.Code}, left)
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID, Merchant: s.shop.Wallet})[0]
	require.EqualValues(t, []int64{5_000, 110, 4_890}, []int64{int64(payout.Amount), int64(payout.Fee), int64(payout.Transfer)})
	before := s.Position(t, citytest.Fund).Bank
	_, err = s.payouts.Pay(t.Context(), s.Official, payout.ID, settling.PayCommand{Key: s.Key()})
	require.NoError(t, err)
	require.EqualValues(t, 5_000, before-s.Position(t, citytest.Fund).Bank, "the fee goes from the same account to the bank")

	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key()}, "")
	require.ErrorIs(t, err, settlement.ErrFileEmpty)
	require.Len(t, codesOf(t, err), 2)
}

func TestAFileTakesNoMoreThanTheBankDoesAndTheNextTakesTheRest(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(settings *settlement.Settings) { settings.Profile.RecordsMax = 2 })
	shops := []user.User{s.shop, s.cafe, s.Merchant(t)}
	for _, shop := range shops {
		s.pay(t, shop, 1_000)
	}
	s.closes(t)
	for i, shop := range shops {
		s.account(t, shop, "007654"+string('1'+rune(i)))
		s.approve(t, s.claim(t, shop).ID)
	}
	first := s.export(t)
	require.Equal(t, []int{2, 1}, []int{first.Count, first.Remaining})
	second := s.export(t)
	require.Equal(t, []int{1, 0}, []int{second.Count, second.Remaining})
	require.Equal(t, "LSP_SOFURI_20261207_02.txt", second.Name)
}

func TestTheTransferDayIsOneOnWhichTheBankTakesIt(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(settings *settlement.Settings) { settings.ExtraHolidays = []calendar.Day{calendar.On(2026, 12, 7)} })
	s.ready(t)
	preview, err := s.files.Preview(t.Context(), s.Official, settling.ExportCommand{})
	require.NoError(t, err)
	require.Equal(t, "2026-12-08", preview.Date.String(), "the bank is closed on the 7th")
	for day, code := range map[string]string{
		"2026-12-06": "bank_transfer_day_closed", "2026-12-07": "bank_transfer_day_closed", "2026-11-30": "bank_transfer_day_past",
		"2027-02-01": "bank_transfer_day_too_far", "2026-12-01": "bank_transfer_day_too_near",
	} {
		date, err := calendar.ParseDay(day)
		require.NoError(t, err)
		_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Date: date}, "")
		require.ErrorIs(t, err, bank.ErrFileRefused, day)
		require.Equal(t, []string{"records[1] " + code}, codesOf(t, err), day)
	}
	s.Advance(20 * 24 * time.Hour) // 2026-12-21: five bank days after the closing have passed
	preview, err = s.files.Preview(t.Context(), s.Official, settling.ExportCommand{})
	require.NoError(t, err)
	require.Equal(t, "2026-12-22", preview.Date.String())
}

func TestAFileThatTheBankWouldRefuseIsNotMade(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	claim := s.ready(t)
	s.format.finds = []bank.Violation{
		{Severity: bank.Blocking, Record: 2, Byte: 50, Field: bank.FieldHolder, Code: "bank_kana_symbol", Message: "この記号は使えません。"},
		{Severity: bank.Warning, Record: 0, Byte: -1, Code: "bank_master_old", Message: "古い"},
	}
	_, err := s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key()}, "")
	require.ErrorIs(t, err, bank.ErrFileRefused)
	require.Equal(t, []string{"records[2] bank_kana_symbol"}, codesOf(t, err))
	refusal, _ := fault.Of(err)
	require.Equal(t, "受取人名: この記号は使えません。", refusal.Fields[0].Message)
	require.Equal(t, settlement.Approved, s.state(t, claim.ID))

	s.format.finds = s.format.finds[1:]
	made := s.export(t)
	require.Equal(t, []bank.Violation{s.format.finds[0]}, made.Warnings)
	checked, err := s.files.Check(t.Context(), s.Official, made.ID)
	require.NoError(t, err)
	require.Equal(t, []any{1, money.Yen(5_000), made.Date, made.SHA256}, []any{checked.Count, checked.Total, checked.Date, checked.SHA256})
	require.Equal(t, s.format.finds, checked.Violations)
}

func TestNothingIsExportedWithoutAnOriginator(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(settings *settlement.Settings) { settings.Originator = bank.Originator{} })
	s.ready(t)
	_, err := s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key()}, "")
	require.ErrorIs(t, err, settlement.ErrNoOriginator)
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Format: "pdf"}, "")
	require.ErrorIs(t, err, settlement.ErrFileFormat)
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{}, "")
	require.ErrorIs(t, err, idem.ErrKeyMissing)
	_, err = s.files.Export(t.Context(), citytest.Actor(s.shop), settling.ExportCommand{Key: s.Key()}, "")
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Former: settlement.FileID{1}}, "")
	require.ErrorIs(t, err, settlement.ErrNoOriginator)
}

func TestTheCitysAccountingTakesTheSameTransfers(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.ready(t)
	made, err := s.files.Export(t.Context(), s.Official, settling.ExportCommand{Key: s.Key(), Format: settlement.FormatCSV}, "")
	require.NoError(t, err)
	require.Equal(t, "LSP_SOFURI_20261207_01.csv", made.Name)
	_, content, err := s.files.Content(t.Context(), s.Official, made.ID)
	require.NoError(t, err)
	looked, err := s.files.Validate(t.Context(), s.Official, settlement.FormatCSV, content)
	require.NoError(t, err)
	require.Equal(t, []any{1, money.Yen(5_000), made.Date}, []any{looked.Count, looked.Total, looked.Date})
	require.Empty(t, looked.Violations)
}

func TestAnyFileCanBeLookedAt(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for name, content := range map[string]string{"nothing of ours": "a,b\n", "quotes": "\"", "bytes": "\xff\xfe"} {
		looked, err := s.files.Validate(t.Context(), s.Official, "", []byte(content))
		require.NoError(t, err, name)
		require.NotEmpty(t, looked.Violations, name)
	}
	for _, content := range [][]byte{nil, make([]byte, settling.UploadBytesMax+1)} {
		_, err := s.files.Validate(t.Context(), s.Official, "", content)
		require.ErrorIs(t, err, settling.ErrUpload)
	}
	_, err := s.files.Validate(t.Context(), citytest.Actor(s.shop), "", []byte("x"))
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.files.Check(t.Context(), s.Official, settlement.FileID{1})
	require.ErrorIs(t, err, settlement.ErrFileUnknown)
}

func TestTheDaysOfPaymentsAndReturnsAreBounded(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.ready(t) // on 2026-12-01; the transfer day is the 7th
	made := s.export(t)
	s.send(t, made.ID)
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})[0]
	pay := func(day calendar.Day) (settling.PayoutResult, error) {
		return s.payouts.Pay(t.Context(), s.Official, payout.ID, settling.PayCommand{Key: s.Key(), On: day})
	}
	back := func(day calendar.Day) (settling.PayoutResult, error) {
		return s.payouts.Return(t.Context(), s.Official, payout.ID, settling.ReturnCommand{Key: s.Key(), On: day, Reason: "口座なし"})
	}
	for _, day := range []calendar.Day{s.Today() - 1, s.Today(), made.Date - 1, made.Date + 1} {
		_, err := pay(day)
		require.ErrorIs(t, err, settlement.ErrPayoutDay, "the bank pays on the day of the file or later: %s", day)
	}
	for _, day := range []calendar.Day{s.Today() - 1, s.Today() + 1, made.Date} {
		_, err := back(day)
		require.ErrorIs(t, err, settlement.ErrPayoutDay, "%s", day)
	}
	_, err := s.payouts.Return(t.Context(), s.Official, payout.ID, settling.ReturnCommand{Key: s.Key(), Reason: "　"})
	require.ErrorIs(t, err, settlement.ErrPayoutReason)
	_, err = s.payouts.Return(t.Context(), s.Official, settlement.PayoutID{1}, settling.ReturnCommand{Key: s.Key(), Reason: "口座なし"})
	require.ErrorIs(t, err, settlement.ErrPayoutUnknown)
	_, err = s.payouts.Pay(t.Context(), citytest.Actor(s.shop), payout.ID, settling.PayCommand{Key: s.Key()})
	require.ErrorIs(t, err, access.ErrNotAllowed)

	s.until(t, (made.Date + 2).String())
	for _, day := range []calendar.Day{made.Date - 1, s.Today() + 1} {
		_, err = pay(day)
		require.ErrorIs(t, err, settlement.ErrPayoutDay, "%s", day)
	}
	paid, err := pay(made.Date + 1)
	require.NoError(t, err)
	require.Equal(t, made.Date+1, paid.PaidOn)
	for _, day := range []calendar.Day{made.Date, s.Today() + 1} {
		_, err = back(day)
		require.ErrorIs(t, err, settlement.ErrPayoutDay, "between the payment and today: %s", day)
	}
	returned, err := back(0)
	require.NoError(t, err)
	require.Equal(t, s.Today(), returned.ReturnedOn)
	own, err := s.payouts.List(t.Context(), citytest.Actor(s.shop), settlement.PayoutQuery{Limit: 10})
	require.NoError(t, err)
	require.Len(t, own.Rows, 1)
	others, err := s.payouts.List(t.Context(), citytest.Actor(s.cafe), settlement.PayoutQuery{Limit: 10, Merchant: s.shop.Wallet})
	require.NoError(t, err)
	require.Empty(t, others.Rows)
}

func TestAPaymentBookedAheadComesBackNotBeforeItsDay(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.ready(t)
	made := s.export(t)
	s.send(t, made.ID)
	payout := s.payoutsOf(t, settlement.PayoutQuery{File: made.ID})[0]
	paid, err := s.payouts.Pay(t.Context(), s.Official, payout.ID, settling.PayCommand{Key: s.Key()})
	require.NoError(t, err)
	require.Equal(t, made.Date, paid.PaidOn)
	cmd := settling.ReturnCommand{Key: s.Key(), On: s.Today(), Reason: "口座なし"}
	_, err = s.payouts.Return(t.Context(), s.Official, payout.ID, cmd)
	require.ErrorIs(t, err, settlement.ErrPayoutDay)
	cmd.On = 0
	returned, err := s.payouts.Return(t.Context(), s.Official, payout.ID, cmd)
	require.NoError(t, err)
	require.Equal(t, made.Date, returned.ReturnedOn)
}

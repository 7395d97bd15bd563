package settlement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
)

var noon = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)

func day(t testing.TB, text string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(text)
	require.NoError(t, err)
	return d
}

func TestPeriodsFollowOneAnotherByTheCycle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cycle              settlement.Cycle
		after, today       string
		from, until, named string
	}{
		{settlement.Monthly, "", "2026-11-23", "2026-11-01", "2026-11-30", "2026年11月"},
		{settlement.Monthly, "2026-11-30", "2026-12-05", "2026-12-01", "2026-12-31", "2026年12月"},
		{settlement.Monthly, "2027-01-31", "2027-02-05", "2027-02-01", "2027-02-28", "2027年2月"},
		{settlement.HalfMonthly, "", "2026-11-23", "2026-11-01", "2026-11-15", "2026年11月前半"},
		{settlement.HalfMonthly, "2026-11-15", "2026-11-23", "2026-11-16", "2026-11-30", "2026年11月後半"},
		{settlement.Monthly, "2026-11-15", "2026-11-23", "2026-11-16", "2026-11-30", "2026年11月後半"},
		{settlement.HalfMonthly, "2026-11-20", "2026-11-23", "2026-11-21", "2026-11-30", "2026年11月21日〜11月30日"},
		{settlement.Monthly, "2026-11-29", "2026-11-30", "2026-11-30", "2026-11-30", "2026年11月30日"},
	} {
		var after calendar.Day
		if c.after != "" {
			after = day(t, c.after)
		}
		from, until := c.cycle.Next(after, day(t, c.today))
		require.Equal(t, []string{c.from, c.until, c.named}, []string{from.String(), until.String(), settlement.PeriodName(from, until)})
	}
	require.Equal(t, "2026年12月21日〜2027年1月20日", settlement.PeriodName(day(t, "2026-12-21"), day(t, "2027-01-20")))
}

func TestPeriodsLeaveNoDayOut(t *testing.T) {
	t.Parallel()
	period := func(from, until string) settlement.Period {
		return settlement.Period{ID: ident.New[settlement.Period](noon), Name: "期間", From: day(t, from), Until: day(t, until)}
	}
	others := []settlement.Period{period("2026-10-01", "2026-10-31"), period("2026-11-01", "2026-11-30")}
	require.NoError(t, period("2026-12-01", "2026-12-10").Follow(others))
	require.NoError(t, period("2020-02-03", "2021-02-02").Follow(nil))
	require.ErrorIs(t, period("2026-11-30", "2026-12-10").Follow(others), settlement.ErrPeriodOverlaps)
	require.ErrorIs(t, period("2026-09-01", "2026-09-30").Follow(others), settlement.ErrPeriodOverlaps)
	require.ErrorIs(t, period("2026-12-02", "2026-12-10").Follow(others), settlement.ErrPeriodGap)
	require.ErrorIs(t, period("2026-12-01", "2026-11-30").Follow(others), settlement.ErrPeriodSpan)
	require.ErrorIs(t, period("2026-12-01", "2027-12-02").Follow(others), settlement.ErrPeriodSpan)
	nameless := period("2026-12-01", "2026-12-10")
	nameless.Name = ""
	require.ErrorIs(t, nameless.Follow(others), settlement.ErrPeriodName)
}

func TestPeriodsAreClosedInTheirOrderOnceTheyAreOver(t *testing.T) {
	t.Parallel()
	october := settlement.Period{ID: ident.New[settlement.Period](noon), Until: day(t, "2026-10-31"), Closed: true, LastSeq: 40}
	november := settlement.Period{ID: ident.New[settlement.Period](noon), Until: day(t, "2026-11-30")}
	december := settlement.Period{ID: ident.New[settlement.Period](noon), Until: day(t, "2026-12-31")}
	all := []settlement.Period{october, november, december}

	found, err := settlement.Closable(all, november.ID, noon)
	require.NoError(t, err)
	require.EqualValues(t, 40, found.FirstSeq)
	_, err = settlement.Closable(all, november.ID, november.Until.End().Add(-time.Microsecond))
	require.ErrorIs(t, err, settlement.ErrPeriodRuns)
	_, err = settlement.Closable(all, october.ID, noon)
	require.ErrorIs(t, err, settlement.ErrPeriodClosed)
	_, err = settlement.Closable(all, december.ID, noon)
	require.ErrorIs(t, err, settlement.ErrPeriodEarlier)
	_, err = settlement.Closable(all, settlement.PeriodID{9}, noon)
	require.ErrorIs(t, err, settlement.ErrPeriodUnknown)
	_, err = settlement.Closable(nil, settlement.PeriodID{9}, noon)
	require.ErrorIs(t, err, settlement.ErrPeriodUnknown)
}

func TestAClaimTakesTwoPeopleAndOnlyStepsThatFollow(t *testing.T) {
	t.Parallel()
	first, second := user.ID{1}, user.ID{2}
	c := settlement.Claim{State: settlement.Drafted}
	require.ErrorIs(t, c.Confirm(first, noon), settlement.ErrClaimState)
	require.NoError(t, c.Become(settlement.Claimed))
	require.ErrorIs(t, c.Approve(second, noon), settlement.ErrClaimState)
	require.NoError(t, c.Confirm(first, noon))
	require.ErrorIs(t, c.Approve(first, noon), settlement.ErrClaimSamePerson)
	require.ErrorIs(t, c.End(settlement.Withdrawn, "", noon), settlement.ErrClaimState)
	require.NoError(t, c.Approve(second, noon))
	require.NoError(t, c.Become(settlement.Exported))
	require.NoError(t, c.Pay(noon))
	require.Equal(t, noon, c.EndedAt)
	require.NoError(t, c.Return())
	require.True(t, c.EndedAt.IsZero())
	require.NoError(t, c.Become(settlement.Corrected))
	require.ErrorIs(t, c.Become(settlement.Approved), settlement.ErrClaimState)
}

func TestWhatATillWasSetOffAgainstIsNotTransferred(t *testing.T) {
	t.Parallel()
	c := settlement.Claim{
		Amount: 1_000, Parts: []ledger.Backed{{Fund: "a", Amount: 700}, {Fund: "b", Amount: 300}},
		Offset: []ledger.Backed{{Fund: "b", Amount: 300}, {Fund: "a", Amount: 50}},
	}
	require.EqualValues(t, 650, c.Payable())
	require.Equal(t, []ledger.Backed{{Fund: "a", Amount: 650}}, c.Rest())
}

func TestAReferenceNamesAClaimWithinWhatTheFieldTakes(t *testing.T) {
	t.Parallel()
	edi, numbers := bank.DefaultProfile(), bank.DefaultProfile()
	numbers.EDI = false
	until := day(t, "2026-04-30")
	for no, want := range map[int64][2]bank.Kana{
		123:         {"LSP202604 S000123", "202604000123"},
		999_999_999: {"LSP202604 S999999999", "202604999999999"},
	} {
		c := settlement.Claim{No: no}
		require.Equal(t, want, [2]bank.Kana{c.Reference(until, edi), c.Reference(until, numbers)})
		require.Empty(t, edi.Flaws(bank.ReferenceText, want[0]))
	}
}

func TestAPayoutGoesOneWay(t *testing.T) {
	t.Parallel()
	p := settlement.Payout{State: settlement.PayoutExported}
	require.NoError(t, p.Pay(ledger.EntryID{1}, 5))
	require.ErrorIs(t, p.Pay(ledger.EntryID{2}, 5), settlement.ErrPayoutState)
	require.ErrorIs(t, p.Void(), settlement.ErrPayoutState)
	require.NoError(t, p.Return(ledger.EntryID{3}, 6, "口座なし"))
	require.ErrorIs(t, p.Return(ledger.EntryID{4}, 6, "口座なし"), settlement.ErrPayoutState)
	voided := settlement.Payout{State: settlement.PayoutExported}
	require.NoError(t, voided.Void())
	require.ErrorIs(t, voided.Pay(ledger.EntryID{1}, 5), settlement.ErrPayoutState)
}

func TestAFileIsVoidedOnlyWhileItIsNotAtTheBank(t *testing.T) {
	t.Parallel()
	f := settlement.File{State: settlement.FileMade}
	require.NoError(t, f.Send(user.ID{1}, noon, nil))
	require.ErrorIs(t, f.Void(true), settlement.ErrFileState)
	require.ErrorIs(t, f.Send(user.ID{1}, noon, nil), settlement.ErrFileState)
	f = settlement.File{State: settlement.FileMade}
	require.NoError(t, f.Void(false))
	require.ErrorIs(t, f.Send(user.ID{1}, noon, nil), settlement.ErrFileState)
	require.ErrorIs(t, f.Take(user.ID{1}, noon, nil), settlement.ErrFileState)
}

func TestAFileThatSomebodyHasIsVoidedByWhoSaysThatTheBankHasItNot(t *testing.T) {
	t.Parallel()
	f := settlement.File{State: settlement.FileMade}
	require.NoError(t, f.Take(user.ID{1}, noon, nil))
	require.NoError(t, f.Take(user.ID{2}, noon.Add(time.Hour), nil))
	require.Equal(t, []any{user.ID{1}, noon}, []any{f.TakenBy, f.TakenAt}, "the first one counts")
	require.ErrorIs(t, f.Void(false), settlement.ErrFileTaken)
	require.Equal(t, settlement.FileMade, f.State)
	require.NoError(t, f.Void(true))
	require.Equal(t, settlement.FileVoided, f.State)
}

// Clause 8.3エ: of a file whose transfers came back the claims are paid by another one.
func TestAFileIsHandedOutAndSentOnlyWhileAllOfItIsToBePaid(t *testing.T) {
	t.Parallel()
	for state, want := range map[settlement.PayoutState][2]error{
		settlement.PayoutExported: {nil, nil}, settlement.PayoutPaid: {nil, settlement.ErrFileState},
		settlement.PayoutReturned: {settlement.ErrFileState, settlement.ErrFileState}, settlement.PayoutVoided: {settlement.ErrFileState, settlement.ErrFileState},
	} {
		f, payouts := settlement.File{State: settlement.FileMade}, []settlement.Payout{{State: settlement.PayoutExported}, {State: state}}
		require.ErrorIs(t, f.Take(user.ID{1}, noon, payouts), want[0], "take: %s", state)
		require.ErrorIs(t, f.Send(user.ID{1}, noon, payouts), want[1], "send: %s", state)
	}
	for state, want := range map[settlement.FileState]error{
		settlement.FileMade: settlement.ErrFileNotSent, settlement.FileSent: nil, settlement.FileVoided: settlement.ErrFileState,
	} {
		f := settlement.File{State: state}
		require.ErrorIs(t, f.AtBank(), want, "%s", state)
	}
}

func TestAnAccountIsLookedAtByAnother(t *testing.T) {
	t.Parallel()
	a := settlement.MerchantAccount{State: settlement.Proposed, ProposedBy: user.ID{1}}
	require.ErrorIs(t, a.Activate(user.ID{1}, noon), settlement.ErrAccountSamePerson)
	require.ErrorIs(t, a.Decline(user.ID{1}, noon, "名義が違う"), settlement.ErrAccountSamePerson)
	require.NoError(t, a.Activate(user.ID{2}, noon))
	require.ErrorIs(t, a.Decline(user.ID{2}, noon, "名義が違う"), settlement.ErrAccountState)
}

func TestTheFeeIsThatOfTheBand(t *testing.T) {
	t.Parallel()
	s := settlement.DefaultSettings()
	require.EqualValues(t, 0, s.FeeFor("0174", 50_000))
	s.Fees = []settlement.Fee{{SameBank: true, Fee: 110}, {From: 0, Fee: 220}, {From: 30_000, Fee: 440}}
	require.NoError(t, s.Valid())
	s.Originator.Account.Bank = "0174"
	require.EqualValues(t, 110, s.FeeFor("0174", 50_000))
	require.EqualValues(t, 220, s.FeeFor("0001", 29_999))
	require.EqualValues(t, 440, s.FeeFor("0001", 30_000))
}

func TestSettingsThatContradictThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	originator := bank.Originator{
		Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", Account: bank.Account{Bank: "0174", Branch: "255", Type: bank.Ordinary, Number: "1234567"},
	}
	whole := settlement.DefaultSettings()
	whole.Originator = originator
	require.NoError(t, whole.Valid())
	require.NoError(t, settlement.DefaultSettings().Valid())
	require.False(t, settlement.DefaultSettings().HasOriginator())
	for name, c := range map[string]struct {
		change func(*settlement.Settings)
		want   error
	}{
		"no cycle":              {func(s *settlement.Settings) { s.Cycle = 0 }, settlement.ErrSettings},
		"no bearer":             {func(s *settlement.Settings) { s.Bearer = 3 }, settlement.ErrSettings},
		"negative bank days":    {func(s *settlement.Settings) { s.BankDays = -1 }, settlement.ErrSettings},
		"a negative fee":        {func(s *settlement.Settings) { s.Fees = []settlement.Fee{{Fee: -1}} }, settlement.ErrSettings},
		"two fees of one band":  {func(s *settlement.Settings) { s.Fees = []settlement.Fee{{Fee: 1}, {Fee: 2}} }, settlement.ErrSettings},
		"too many holidays":     {func(s *settlement.Settings) { s.ExtraHolidays = make([]calendar.Day, 101) }, settlement.ErrSettings},
		"no records":            {func(s *settlement.Settings) { s.Profile.RecordsMax = 0 }, bank.ErrProfile},
		"nine digits of code":   {func(s *settlement.Settings) { s.Originator.Code = "999000000" }, settlement.ErrOriginator},
		"a name in full width":  {func(s *settlement.Settings) { s.Originator.Name = "サイジョウシ" }, settlement.ErrOriginator},
		"six digits of account": {func(s *settlement.Settings) { s.Originator.Account.Number = "123456" }, settlement.ErrOriginator},
	} {
		s := whole
		c.change(&s)
		require.ErrorIs(t, s.Valid(), c.want, name)
	}
	whole.Originator.Account.Number = "123456"
	refusal, _ := fault.Of(whole.Valid())
	require.Equal(t, "originator.number", refusal.Fields[0].Path)
}

package banking_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/auditing"
	"lovesaijo/usecase/banking"
)

var now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

type scene struct {
	banking  *banking.Banking
	acts     audit.Reader
	official access.Actor
	merchant access.Actor
	embedded *bank.Master
}

func setScene(t *testing.T) scene {
	t.Helper()
	store, own := memory.New(), banktest.Master(t)
	embedded := func() (*bank.Master, error) { return own, nil }
	unit := memory.NewUnit(store, func(s *memory.Session) banking.Stores {
		return banking.Stores{Masters: s.BankMasters(embedded), Trail: s.Trail()}
	})
	return scene{
		banking.New(unit, store.Banks(embedded), plainReader{}, func() time.Time { return now }), store.Acts(),
		access.Actor{User: ident.New[user.User](now), Role: user.Administrator},
		access.Actor{User: ident.New[user.User](now), Role: user.Merchant},
		own,
	}
}

// plainReader reads rows that are spelled as masters have them already. Files as people make them are the adapter's.
type plainReader struct{}

func (plainReader) Read(asOf calendar.Day, source string, file []byte) (bank.Draft, error) {
	var rows []bank.MasterRow
	for line := range strings.Lines(string(file)) {
		row := bank.MasterRow{No: len(rows) + 1, Source: line, Fault: bank.ErrMasterRowForm}
		if c := strings.Split(strings.TrimSpace(line), ","); len(c) == 6 {
			row.Listing, row.Fault = banktest.Listing(bank.Code(c[0]), c[2], bank.Kana(c[3]), bank.BranchCode(c[1]), c[4], bank.Kana(c[5])), nil
		}
		rows = append(rows, row)
	}
	return bank.NewDraft(asOf, source, rows)
}

func fileOf(listings []bank.Listing, further ...string) []byte {
	var lines []string
	for _, l := range listings {
		lines = append(lines, strings.Join([]string{
			string(l.Bank.Code), string(l.Branch.Code), l.Bank.Name, string(l.Bank.Kana), l.Branch.Name, string(l.Branch.Kana),
		}, ","))
	}
	return []byte(strings.Join(append(lines, further...), "\n"))
}

// proposed is the present list with one branch renamed and one added.
func proposed() banking.Proposal {
	listings := banktest.Listings()
	listings[0].Branch.Name = "西条本店"
	listings = append(listings, banktest.Listing("0174", "伊予", "ｲﾖ", "261", "丹原", "ﾀﾝﾊﾞﾗ"))
	return banking.Proposal{AsOf: calendar.DayOf(now), Source: "全国銀行一覧 2026年11月", File: fileOf(listings)}
}

func (s scene) standing(t *testing.T) banking.Standing {
	t.Helper()
	standing, err := s.banking.Standing(t.Context(), s.official)
	require.NoError(t, err)
	return standing
}

func (s scene) trail(t *testing.T) []audit.Act {
	t.Helper()
	acts, err := s.acts.Acts(t.Context(), audit.Query{Action: banking.ActReplace, Limit: page.LimitMax})
	require.NoError(t, err)
	return acts.Rows
}

func TestANewerListIsTriedAndThenPutInForce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	forecast, err := s.banking.Preview(t.Context(), s.official, proposed())
	require.NoError(t, err)
	require.Same(t, s.embedded, forecast.Present)
	require.Len(t, forecast.Difference.Added, 1)
	require.Len(t, forecast.Difference.Renamed, 1)
	require.Empty(t, forecast.Difference.Removed)
	require.False(t, forecast.Partial)
	require.Same(t, s.embedded, s.standing(t).Master, "nothing was replaced")
	require.Empty(t, s.trail(t))

	cmd := banking.Command{Proposal: proposed(), Replaces: forecast.Present.SHA256, Reason: "月次の更新"}
	done, err := s.banking.Replace(t.Context(), s.official, cmd)
	require.NoError(t, err)
	require.Equal(t, forecast.Difference, done.Difference)
	require.Equal(t, forecast.Draft.Master.SHA256, s.standing(t).SHA256)
	found, err := s.banking.Banks(t.Context(), s.merchant, "いよ", 10)
	require.NoError(t, err)
	require.Equal(t, bank.Code("0174"), found.Rows[0].Code)
	_, branches, err := s.banking.Branches(t.Context(), s.merchant, "0174", "丹原", 10)
	require.NoError(t, err)
	require.Equal(t, bank.BranchCode("261"), branches.Rows[0].Code)

	acts := s.trail(t)
	require.Len(t, acts, 1)
	require.Equal(t, "2026-11-23", acts[0].Target)
	require.Equal(t, "月次の更新", acts[0].Reason)
	require.Equal(t, auditing.Done, acts[0].Outcome)
	require.Equal(t, "7", acts[0].Before["branches"])
	require.Equal(t, []string{"8", "1", "0", "1", "0"}, []string{
		acts[0].After["branches"], acts[0].After["added"], acts[0].After["removed"], acts[0].After["renamed"], acts[0].After["refused"],
	})
}

func TestAListThatLeavesSomethingOutIsReplacedOnlyWhereThatIsMeant(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for name, file := range map[string][]byte{
		"a bad row":             fileOf(banktest.Listings(), "0174,伊予"),
		"the end is cut off":    fileOf(banktest.Listings()[:3]),
		"a bank without a kana": fileOf(banktest.Listings(), "0999,001,x,,本店,ﾎﾝﾃﾝ"),
	} {
		p := proposed()
		p.File = file
		forecast, err := s.banking.Preview(t.Context(), s.official, p)
		require.NoError(t, err, name)
		require.True(t, forecast.Partial, name)
		_, err = s.banking.Replace(t.Context(), s.official, banking.Command{Proposal: p, Replaces: s.embedded.SHA256})
		require.ErrorIs(t, err, bank.ErrMasterPartial, name)
		require.Same(t, s.embedded, s.standing(t).Master, name)
	}
	p := proposed()
	p.File = fileOf(banktest.Listings()[:3], "0174,伊予")
	done, err := s.banking.Replace(t.Context(), s.official, banking.Command{Proposal: p, Replaces: s.embedded.SHA256, AcceptPartial: true})
	require.NoError(t, err)
	require.Len(t, done.Draft.Refused, 1)
	require.Equal(t, 4, done.Draft.Refused[0].No)
	_, branches := s.standing(t).Counts()
	require.Equal(t, 3, branches)
	require.Len(t, s.trail(t), 4, "the refusals stand in the trail as well")
}

func TestOfAdministratorsWhoReplaceTheSameListOneIsTold(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = s.banking.Replace(t.Context(), s.official, banking.Command{Proposal: proposed(), Replaces: s.embedded.SHA256})
		})
	}
	all.Wait()
	replaced := 0
	for _, err := range errs {
		if err == nil {
			replaced++
			continue
		}
		require.ErrorIs(t, err, banking.ErrChanged)
	}
	require.Equal(t, 1, replaced)
}

func TestProposalsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for name, c := range map[string]struct {
		change func(*banking.Proposal)
		want   error
	}{
		"a day to come":     {func(p *banking.Proposal) { p.AsOf++ }, banking.ErrAsOf},
		"no day":            {func(p *banking.Proposal) { p.AsOf = 0 }, banking.ErrAsOf},
		"no source":         {func(p *banking.Proposal) { p.Source = " " }, banking.ErrSource},
		"a long source":     {func(p *banking.Proposal) { p.Source = strings.Repeat("長", 201) }, banking.ErrSource},
		"a source of lines": {func(p *banking.Proposal) { p.Source = "a\nb" }, banking.ErrSource},
		"no good row":       {func(p *banking.Proposal) { p.File = []byte("x\n") }, bank.ErrMasterEmpty},
		"older than ours":   {func(p *banking.Proposal) { p.AsOf = banktest.AsOf - 1 }, banking.ErrSuperseded},
	} {
		p := proposed()
		c.change(&p)
		_, err := s.banking.Preview(t.Context(), s.official, p)
		require.ErrorIs(t, err, c.want, name)
		_, err = s.banking.Replace(t.Context(), s.official, banking.Command{Proposal: p, Replaces: s.embedded.SHA256, AcceptPartial: true})
		require.ErrorIs(t, err, c.want, name)
	}
	require.Same(t, s.embedded, s.standing(t).Master)
}

func TestAMistakenListIsTakenBackByAnOlderOne(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	_, err := s.banking.Replace(t.Context(), s.official, banking.Command{Proposal: proposed(), Replaces: s.embedded.SHA256})
	require.NoError(t, err)
	before := proposed()
	before.AsOf, before.File = banktest.AsOf, fileOf(banktest.Listings())
	_, err = s.banking.Replace(t.Context(), s.official, banking.Command{Proposal: before, Replaces: s.standing(t).SHA256, AcceptPartial: true})
	require.NoError(t, err)
	require.Equal(t, s.embedded.SHA256, s.standing(t).SHA256)
}

func TestAnOldListIsToldToBeStale(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	require.False(t, s.standing(t).Stale)
	store, own := memory.New(), banktest.MasterOf(t, calendar.DayOf(now)-61, banktest.TestHead)
	old := banking.New(nil, store.Banks(func() (*bank.Master, error) { return own, nil }), plainReader{}, func() time.Time { return now })
	standing, err := old.Standing(t.Context(), s.official)
	require.NoError(t, err)
	require.True(t, standing.Stale)
}

func TestOnlyOfficialsReplaceTheListAndAnyoneSignedInFindsBanks(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	_, err := s.banking.Standing(t.Context(), s.merchant)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.banking.Preview(t.Context(), s.merchant, proposed())
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.banking.Replace(t.Context(), s.merchant, banking.Command{Proposal: proposed(), Replaces: s.embedded.SHA256})
	require.ErrorIs(t, err, access.ErrNotAllowed)
	require.Equal(t, "not_allowed", s.trail(t)[0].Outcome)
	_, err = s.banking.Banks(t.Context(), access.Actor{}, "", 10)
	require.ErrorIs(t, err, access.ErrNotSignedIn)
	_, _, err = s.banking.Branches(t.Context(), access.Actor{}, "0174", "", 10)
	require.ErrorIs(t, err, access.ErrNotSignedIn)
}

func TestSearchesAreBounded(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	found, err := s.banking.Banks(t.Context(), s.merchant, "", 2)
	require.NoError(t, err)
	require.Len(t, found.Rows, 2)
	require.True(t, found.More)
	for _, limit := range []int{0, 101} {
		_, err = s.banking.Banks(t.Context(), s.merchant, "", limit)
		require.ErrorIs(t, err, page.ErrLimit)
	}
	_, _, err = s.banking.Branches(t.Context(), s.merchant, "0001", "", 10)
	require.ErrorIs(t, err, banking.ErrNoBank)
}

func TestADirectoryThatFailsIsAnAccident(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	s := setScene(t)
	b := banking.New(nil, memory.New().Banks(func() (*bank.Master, error) { return nil, broken }), plainReader{}, func() time.Time { return now })
	_, err := b.Banks(t.Context(), s.merchant, "", 10)
	require.ErrorIs(t, err, broken)
	_, err = b.Standing(t.Context(), s.official)
	require.ErrorIs(t, err, broken)
}

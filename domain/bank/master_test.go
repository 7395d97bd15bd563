package bank_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

var asOf = calendar.On(2026, 8, 24)

func listing(code, name, kana, branch, branchName, branchKana string) bank.Listing {
	return bank.Listing{
		Bank:   bank.Bank{Code: bank.Code(code), Name: name, Kana: bank.Kana(kana)},
		Branch: bank.Branch{Code: bank.BranchCode(branch), Name: branchName, Kana: bank.Kana(branchKana)},
	}
}

// few are rows out of order.
func few() []bank.Listing {
	return []bank.Listing{
		listing("9900", "ゆうちょ", "ﾕｳﾁﾖ", "018", "〇一八", "ｾﾞﾛｲﾁﾊﾁ"),
		listing("0174", "伊予", "ｲﾖ", "258", "壬生川", "ﾆﾕｳｶﾞﾜ"),
		listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｻｲｼﾞﾖｳ"),
		listing("0576", "愛媛", "ｴﾋﾒ", "025", "西条", "ｻｲｼﾞﾖｳ"),
	}
}

func master(t *testing.T, listings ...bank.Listing) *bank.Master {
	t.Helper()
	m, err := bank.NewMaster(asOf, "試験", listings)
	require.NoError(t, err)
	return m
}

func TestAMasterFindsBanksAndBranches(t *testing.T) {
	t.Parallel()
	m := master(t, few()...)
	banks, branches := m.Counts()
	require.Equal(t, []int{3, 4}, []int{banks, branches})
	of, branch, found := m.Find("0174", "255")
	require.True(t, found)
	require.Equal(t, bank.Bank{Code: "0174", Name: "伊予", Kana: "ｲﾖ"}, of)
	require.Equal(t, bank.Branch{Code: "255", Name: "西条", Kana: "ｻｲｼﾞﾖｳ"}, branch)
	of, _, found = m.Find("0174", "256")
	require.False(t, found)
	require.Equal(t, "伊予", of.Name)
	_, branch, found = m.Find("9900", "018")
	require.True(t, found)
	require.Equal(t, bank.Kana("ｾﾞﾛｲﾁﾊﾁ"), branch.Kana)
	for _, stranger := range [][2]string{{"9999", "001"}, {"0000", "255"}, {"", ""}, {"0174", ""}, {"0174", "25"}, {"0174", "伊予"}, {"017", "255"}, {"01745", "255"}} {
		_, _, found := m.Find(bank.Code(stranger[0]), bank.BranchCode(stranger[1]))
		require.False(t, found, "%v", stranger)
	}
	_, known := m.Bank("9999")
	require.False(t, known)
}

func TestAMasterGivesItsRowsByCode(t *testing.T) {
	t.Parallel()
	m := master(t, few()...)
	listings := slices.Collect(m.Listings())
	rows := few()
	require.Equal(t, []bank.Listing{rows[2], rows[1], rows[3], rows[0]}, listings)
	require.Len(t, slices.Collect(m.Branches("0174")), 2)
	require.Empty(t, slices.Collect(m.Branches("9999")))
	again := master(t, listings...)
	require.Equal(t, m.SHA256, again.SHA256, "the order of rows does not matter")
	wider, err := m.With(listing("9999", "テスト", "ﾃｽﾄ", "001", "本店", "ﾎﾝﾃﾝ"))
	require.NoError(t, err)
	_, _, found := wider.Find("9999", "001")
	require.True(t, found)
	_, _, found = m.Find("9999", "001")
	require.False(t, found)
	require.NotEqual(t, m.SHA256, wider.SHA256)
}

func TestRowsThatCannotStandInAMasterAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		row  bank.Listing
		want error
	}{
		{listing("174", "伊予", "ｲﾖ", "255", "西条", "ｻｲｼﾞﾖｳ"), bank.ErrBankCode},
		{listing("０１７４", "伊予", "ｲﾖ", "255", "西条", "ｻｲｼﾞﾖｳ"), bank.ErrBankCode},
		{listing("0174", "伊予", "ｲﾖ", "25", "西条", "ｻｲｼﾞﾖｳ"), bank.ErrBranchCode},
		{listing("0174", "", "ｲﾖ", "255", "西条", "ｻｲｼﾞﾖｳ"), bank.ErrMasterName},
		{listing("0174", "伊予", "ｲﾖ", "255", "西\t条", "ｻｲｼﾞﾖｳ"), bank.ErrMasterName},
		{listing("0174", "伊予", "ｲﾖ", "255", strings.Repeat("西", 41), "ｻｲｼﾞﾖｳ"), bank.ErrMasterName},
		{listing("0174", "伊予", "ｲﾖ", "255", "西\xff条", "ｻｲｼﾞﾖｳ"), bank.ErrMasterName},
		{listing("0174", "伊予", "", "255", "西条", "ｻｲｼﾞﾖｳ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "イヨ", "255", "西条", "ｻｲｼﾞﾖｳ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｻｲｼﾞｮｳ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｻｰﾋﾞｽ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｦｶ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｱﾞ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｶﾟ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "ﾞ"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "A.B"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", "ab"), bank.ErrMasterKana},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条", strings.Repeat("ｱ", 16)), bank.ErrMasterKana},
		{listing("0174", "いよ", "ｲﾖ", "256", "西条", "ｻｲｼﾞﾖｳ"), bank.ErrMasterBankOther},
		{listing("0174", "伊予", "ｲﾖ", "255", "西条中央", "ｻｲｼﾞﾖｳ"), bank.ErrMasterRowTwice},
	} {
		_, err := bank.NewMaster(asOf, "試験", append(few(), c.row))
		require.ErrorIs(t, err, c.want, "%v", c.row)
	}
	_, err := bank.NewMaster(asOf, "試験", nil)
	require.ErrorIs(t, err, bank.ErrMasterEmpty)
	master(t, listing("0174", "伊予", "ｲﾖ", "000", "ＵＦＪ－ATM", "UFJ-1 ｳﾞﾊﾟﾌﾟﾝ"))
}

func TestAPackedMasterIsTheSameAndAnyOtherIsFound(t *testing.T) {
	t.Parallel()
	m := master(t, few()...)
	packed, err := m.Pack()
	require.NoError(t, err)
	again, err := bank.Unpack(m.AsOf, m.Source, m.SHA256, packed)
	require.NoError(t, err)
	require.Equal(t, m, again)
	_, err = bank.Unpack(m.AsOf, m.Source, strings.Repeat("0", 64), packed)
	require.ErrorContains(t, err, "mangled")
	for _, broken := range [][]byte{nil, []byte("0174"), packed[:len(packed)/2]} {
		_, err = bank.Unpack(m.AsOf, m.Source, m.SHA256, broken)
		require.Error(t, err)
	}
}

func TestAMasterGrowsStale(t *testing.T) {
	t.Parallel()
	m := master(t, few()...)
	require.False(t, m.Stale(asOf))
	require.False(t, m.Stale(asOf+60))
	require.True(t, m.Stale(asOf+61))
}

func TestTheDifferenceOfTwoMastersNamesWhatComesGoesAndIsRenamed(t *testing.T) {
	t.Parallel()
	before := master(t, few()...)
	rows := few()[1:]
	rows[0].Branch.Name = "東予"
	rows[2].Bank.Kana = "ﾋﾒ"
	rows = append(rows, listing("0174", "伊予", "ｲﾖ", "260", "小松", "ｺﾏﾂ"), listing("9999", "テスト", "ﾃｽﾄ", "001", "本店", "ﾎﾝﾃﾝ"))
	d := before.Difference(master(t, rows...))
	require.Equal(t, bank.Difference{
		Added: []bank.MasterChange{
			{Bank: "0174", Branch: "260", After: bank.Named{Name: "小松", Kana: "ｺﾏﾂ"}},
			{Bank: "9999", After: bank.Named{Name: "テスト", Kana: "ﾃｽﾄ"}},
			{Bank: "9999", Branch: "001", After: bank.Named{Name: "本店", Kana: "ﾎﾝﾃﾝ"}},
		},
		Removed: []bank.MasterChange{
			{Bank: "9900", Before: bank.Named{Name: "ゆうちょ", Kana: "ﾕｳﾁﾖ"}},
			{Bank: "9900", Branch: "018", Before: bank.Named{Name: "〇一八", Kana: "ｾﾞﾛｲﾁﾊﾁ"}},
		},
		Renamed: []bank.MasterChange{
			{Bank: "0174", Branch: "258", Before: bank.Named{Name: "壬生川", Kana: "ﾆﾕｳｶﾞﾜ"}, After: bank.Named{Name: "東予", Kana: "ﾆﾕｳｶﾞﾜ"}},
			{Bank: "0576", Before: bank.Named{Name: "愛媛", Kana: "ｴﾋﾒ"}, After: bank.Named{Name: "愛媛", Kana: "ﾋﾒ"}},
		},
	}, d)
	require.Equal(t, bank.Difference{}, before.Difference(before))
}

func TestTheNewerOfTheEmbeddedMasterAndTheOneBroughtInIsTaken(t *testing.T) {
	t.Parallel()
	own := master(t, few()...)
	embedded := func() (*bank.Master, error) { return own, nil }
	for _, c := range []struct {
		brought calendar.Day
		own     bool
	}{{asOf - 1, true}, {asOf, false}, {asOf + 1, false}} {
		brought, err := bank.NewMaster(c.brought, "試験", few()[1:])
		require.NoError(t, err)
		newest, err := bank.Newer(embedded, brought)
		require.NoError(t, err)
		require.Equal(t, c.own, newest == own, c.brought.String())
	}
	newest, err := bank.Newer(embedded, nil)
	require.NoError(t, err)
	require.Same(t, own, newest)
}

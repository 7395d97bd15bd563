package bankmaster_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/bankmaster"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

func embedded(t testing.TB) *bank.Master {
	t.Helper()
	m, err := bankmaster.Embedded()
	require.NoError(t, err)
	return m
}

func TestTheEmbeddedListHasTheBanksAndBranchesOfTheCountry(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	banks, branches := m.Counts()
	require.Equal(t, 1_146, banks)
	require.Equal(t, 28_944, branches)
	require.Equal(t, calendar.On(2026, 8, 24), m.AsOf)
	require.Contains(t, m.Source, "zengin-code 1.0.0-p20260824")
	require.Contains(t, m.Source, "MIT")
	require.Contains(t, bankmaster.Licence, "Permission is hereby granted")
	require.Contains(t, bankmaster.Licence, "Sho Kusano")
	again, err := bankmaster.Embedded()
	require.NoError(t, err)
	require.Same(t, m, again, "it is unpacked once")
}

func TestTheBanksOfSaijoAreInTheEmbeddedList(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for _, known := range []bank.Listing{
		{Bank: bank.Bank{Code: "0174", Name: "伊予", Kana: "ｲﾖ"}, Branch: bank.Branch{Code: "255", Name: "西条", Kana: "ｻｲｼﾞﾖｳ"}},
		{Bank: bank.Bank{Code: "0174", Name: "伊予", Kana: "ｲﾖ"}, Branch: bank.Branch{Code: "258", Name: "壬生川", Kana: "ﾆﾕｳｶﾞﾜ"}},
		{Bank: bank.Bank{Code: "0174", Name: "伊予", Kana: "ｲﾖ"}, Branch: bank.Branch{Code: "260", Name: "小松", Kana: "ｺﾏﾂ"}},
		{Bank: bank.Bank{Code: "0576", Name: "愛媛", Kana: "ｴﾋﾒ"}, Branch: bank.Branch{Code: "025", Name: "西条", Kana: "ｻｲｼﾞﾖｳ"}},
		{Bank: bank.Bank{Code: "0576", Name: "愛媛", Kana: "ｴﾋﾒ"}, Branch: bank.Branch{Code: "027", Name: "壬生川", Kana: "ﾆﾕｳｶﾞﾜ"}},
	} {
		of, branch, found := m.Find(known.Bank.Code, known.Branch.Code)
		require.True(t, found, "%v", known)
		require.Equal(t, known, bank.Listing{Bank: of, Branch: branch})
	}
	for code, name := range map[bank.Code]string{
		"9900": "ゆうちょ", "1860": "愛媛信金", "1864": "東予信金", "8397": "えひめ未来農協", "8398": "周桑農協", "3038": "愛媛県信連",
	} {
		of, known := m.Bank(code)
		require.True(t, known, code)
		require.Equal(t, name, of.Name)
	}
	found, _ := m.Search("伊予銀行", 1)
	require.Equal(t, bank.Code("0174"), found[0].Code)
}

func TestBank9999IsAssignedToNobody(t *testing.T) {
	t.Parallel()
	_, known := embedded(t).Bank("9999")
	require.False(t, known)
}

func TestEveryNameOfTheEmbeddedListFitsATransferFile(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	longest, rows := 0, 0
	for l := range m.Listings() {
		rows++
		require.NoError(t, l.Valid(), "%v", l)
		for _, kana := range []bank.Kana{l.Bank.Kana, l.Branch.Kana} {
			longest = max(longest, kana.Len())
		}
	}
	require.Equal(t, 28_944, rows)
	require.LessOrEqual(t, longest, 15)
	foreign, known := m.Bank("0460")
	require.True(t, known)
	require.Equal(t, bank.Kana("ｸﾚﾃﾞｲ ｽｲｽ"), foreign.Kana, "a full stop stands for a middle dot")
	again, err := bank.NewMaster(m.AsOf, m.Source, slices.Collect(m.Listings()))
	require.NoError(t, err)
	require.Equal(t, m.SHA256, again.SHA256)
}

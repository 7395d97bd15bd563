// Package banktest holds the contract of the ports of domain/bank as tests, and a small bank master for whoever needs
// one.
//
// An adapter calls the suite with a function that opens empty stores over an embedded master: which master is the
// newest is one fact for a whole store, so each test has its own. Every test runs in parallel with the others.
package banktest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

// AsOf is the day of the small master.
var AsOf = calendar.On(2026, 11, 1)

// The test bank. Its code is assigned to nobody, so that no file of a test can ever pay anyone.
var (
	TestHead = Listing("9999", "テスト", "ﾃｽﾄ", "001", "本店", "ﾎﾝﾃﾝ")
	TestWest = Listing("9999", "テスト", "ﾃｽﾄ", "002", "西", "ﾆｼ")
)

// Listing makes a row of a master.
func Listing(code bank.Code, name string, kana bank.Kana, branch bank.BranchCode, branchName string, branchKana bank.Kana) bank.Listing {
	return bank.Listing{Bank: bank.Bank{Code: code, Name: name, Kana: kana}, Branch: bank.Branch{Code: branch, Name: branchName, Kana: branchKana}}
}

// Listings are the rows of the small master: banks of Saijo, ゆうちょ, and the test bank.
func Listings() []bank.Listing {
	return []bank.Listing{
		Listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｻｲｼﾞﾖｳ"),
		Listing("0174", "伊予", "ｲﾖ", "258", "壬生川", "ﾆﾕｳｶﾞﾜ"),
		Listing("0174", "伊予", "ｲﾖ", "260", "小松", "ｺﾏﾂ"),
		Listing("0576", "愛媛", "ｴﾋﾒ", "025", "西条", "ｻｲｼﾞﾖｳ"),
		Listing("9900", "ゆうちょ", "ﾕｳﾁﾖ", "018", "〇一八", "ｾﾞﾛｲﾁﾊﾁ"),
		TestHead, TestWest,
	}
}

// Master makes the small master.
func Master(t testing.TB) *bank.Master { return MasterOf(t, AsOf, Listings()...) }

// MasterOf makes a master of rows.
func MasterOf(t testing.TB, asOf calendar.Day, listings ...bank.Listing) *bank.Master {
	t.Helper()
	m, err := bank.NewMaster(asOf, "試験", listings)
	require.NoError(t, err)
	return m
}

// WithTestBank gives a master that has the test bank as well, for tests on the embedded one.
func WithTestBank(t testing.TB, m *bank.Master) *bank.Master {
	t.Helper()
	with, err := m.With(TestHead, TestWest)
	require.NoError(t, err)
	return with
}

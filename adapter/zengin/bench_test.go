package zengin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/zengin"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

// BenchmarkWrite10000 checks a file of 10,000 records against a bank master and a calendar, and writes it.
func BenchmarkWrite10000(b *testing.B) {
	file, p := manyTransfers(10_000), bank.DefaultProfile()
	p.RecordsMax = 10_000
	var listings []bank.Listing
	for i, branch := range []bank.BranchCode{"001", "002"} {
		listings = append(listings, bank.Listing{
			Bank:   bank.Bank{Code: "9999", Name: "試験", Kana: "ﾃｽﾄ"},
			Branch: bank.Branch{Code: branch, Name: []string{"本店", "西"}[i], Kana: []bank.Kana{"ﾎﾝﾃﾝ", "ﾆｼ"}[i]},
		})
	}
	master, err := bank.NewMaster(near, "試験用", listings)
	require.NoError(b, err)
	open := func(calendar.Day) bool { return true }
	b.ReportAllocs()
	for b.Loop() {
		if found := bank.Check(file, p, master, open, near); len(found) > 0 {
			b.Fatal(found[0].Code)
		}
		if _, err := zengin.Write(file, p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead10000 reads the same file with every rule.
func BenchmarkRead10000(b *testing.B) {
	p := bank.DefaultProfile()
	p.RecordsMax = 10_000
	written, err := zengin.Write(manyTransfers(10_000), p)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, found := zengin.Read(written, p, near); len(found) > 0 {
			b.Fatal(found[0].Code)
		}
	}
}

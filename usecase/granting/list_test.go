package granting_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fund"
	"lovesaijo/usecase/granting"
)

func TestAFileIsReadByItsHeadingsOrByPlace(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"by place":    "\n\na@example.jp,100\nb@example.jp,\"1,000\"\n",
		"by headings": "\ufeff氏名,ポイント,メールアドレス\r\n\r\n花子,100,a@example.jp\r\n太郎,\"1,000\",b@example.jp",
		"in English":  "Email,note,AMOUNT\n\na@example.jp,x,100\nb@example.jp,y,\"1,000\"\n",
	} {
		rows, err := granting.ReadCSV(text, 10)
		require.NoError(t, err, name)
		require.Len(t, rows, 2, name)
		require.Equal(t, 3, rows[0].No, "%s: the line in the file", name)
		require.Equal(t, "a@example.jp", rows[0].Email, name)
		require.Equal(t, "100", rows[0].Amount, name)
		require.Equal(t, "b@example.jp", rows[1].Email, name)
		require.Equal(t, "1,000", rows[1].Amount, name)
		require.Contains(t, rows[1].Source, `"1,000"`, name)
		require.NotContains(t, rows[1].Source, "\n", name)
	}
}

func TestRowsThatLackSomethingAreKept(t *testing.T) {
	t.Parallel()
	rows, err := granting.ReadCSV("a@example.jp\n\"half open,1\n", 10)
	require.NoError(t, err)
	require.Equal(t, []granting.ListRow{{No: 1, Source: "a@example.jp"}, {No: 2, Source: `"half open,1`}}, rows)
	rows, err = granting.ReadCSV("", 10)
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestAFileOfTooManyRowsIsRefused(t *testing.T) {
	t.Parallel()
	_, err := granting.ReadCSV(strings.Repeat("a@example.jp,1\n", 4), 3)
	require.ErrorIs(t, err, fund.ErrBatchTooLong)
}

func FuzzAFileNeverBreaksTheReader(f *testing.F) {
	for _, seed := range []string{"a@example.jp,1\n", "email,amount\n\"a\"\"@b.jp\",1", "\ufeff,,,\r\n\"", "\x00,\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := granting.ReadCSV(text, 100)
		if err != nil {
			require.ErrorIs(t, err, fund.ErrBatchTooLong)
			return
		}
		last := 0
		for _, row := range rows {
			require.Greater(t, row.No, last)
			last = row.No
			require.True(t, strings.Contains(text, row.Source))
		}
	})
}

package print_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/reporting"
	"lovesaijo/usecase/settling"
)

var printed = time.Date(2027, 4, 1, 0, 30, 0, 0, time.UTC)

const longName = "特定非営利活動法人うちぬきの水と石鎚のふもとに暮らすみんなの地域福祉をささえる会 西条駅前総合案内所付属売店（臨時）"

// pages gives the text of each page as a reader finds it.
func pages(t *testing.T, pdf []byte) []string {
	t.Helper()
	binary, err := exec.LookPath("pdftotext")
	require.NoError(t, err, "poppler-utils must be installed")
	read := exec.CommandContext(t.Context(), binary, "-layout", "-", "-")
	read.Stdin = bytes.NewReader(pdf)
	var complaints bytes.Buffer
	read.Stderr = &complaints
	text, err := read.Output()
	require.NoError(t, err, complaints.String())
	require.Empty(t, complaints.String())
	all := strings.Split(string(text), "\f")
	return all[:len(all)-1]
}

// keep draws the pages for looking at, where PRINT_SAMPLES names a folder for them.
func keep(t *testing.T, name string, pdf []byte) {
	t.Helper()
	if os.Getenv("PRINT_SAMPLES") != "" {
		render(t, name, pdf)
	}
}

// spaceless takes the spaces out of a text, which a layout puts in where it likes.
func spaceless(text string) string { return strings.Join(strings.Fields(text), "") }

func passbook(lines int, change ...func(*reporting.Passbook)) reporting.Passbook {
	book := reporting.Passbook{
		Holder: "西条 花子", Role: user.Resident, From: calendar.On(2026, 4, 1), Until: calendar.On(2027, 3, 31), Printed: printed,
	}
	balance := money.Points(0)
	for i := range lines {
		delta := money.Points(1_000)
		line := reporting.PassbookLine{Type: "給付", With: "西条市"}
		if i%3 > 0 {
			delta = -money.Points(100 + i%7)
			line = reporting.PassbookLine{Type: "支払い", With: "うちぬき食堂"}
		}
		if i%3 == 2 {
			line.Cashback, line.Memo = 10, "ランチ"
		}
		balance += delta
		line.Line.No, line.Line.At, line.Line.Delta, line.Line.Balance = int64(i+1), printed.Add(time.Duration(i-lines)*time.Hour), delta, balance
		book.Lines = append(book.Lines, line)
	}
	for _, c := range change {
		c(&book)
	}
	return book
}

func TestAPassbookShowsTheBalanceAfterEachLine(t *testing.T) {
	t.Parallel()
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Passbook(&pdf, passbook(4, func(b *reporting.Passbook) { b.Chosen = []string{"増えたもの", "給付"} })))
	keep(t, "passbook-short", pdf.Bytes())
	text := pages(t, pdf.Bytes())
	require.Len(t, text, 1)
	for _, said := range []string{
		"ポイント利用履歴", "西条花子様", "2026年4月1日から2027年3月31日まで", "条件増えたもの、給付", "件数4件", "増えたポイント2,000", "減ったポイント203",
		"−102", "+1,000", "1,797", "（支払額112還元10）", "うちぬき食堂ランチ", "2027年4月1日09:30", "1/1ページ",
	} {
		require.Contains(t, spaceless(text[0]), said)
	}
}

func TestALongPassbookRunsOnWithItsHeadings(t *testing.T) {
	t.Parallel()
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Passbook(&pdf, passbook(300, func(b *reporting.Passbook) {
		b.Cut, b.Holder, b.From, b.Until = true, longName, 0, 0
		b.Lines[5].With, b.Lines[5].Memo = longName, strings.Repeat("とても長いメモ", 14)
		b.Lines[7].Line.Balance, b.Lines[7].Line.Delta = 9_999_999_999, -9_999_999_999
	})))
	keep(t, "passbook-long", pdf.Bytes())
	text := pages(t, pdf.Bytes())
	require.Len(t, text, 8)
	for i, page := range text {
		require.Contains(t, spaceless(page), "番号日時種類相手・メモ増減残高")
		require.Contains(t, spaceless(page), fmt.Sprintf("%d/8ページ", i+1))
	}
	require.Contains(t, spaceless(text[0]), "これより古い履歴は入りきらない")
	require.Contains(t, spaceless(text[0]), "期間すべて")
	require.Contains(t, spaceless(text[0]), "−9,999,999,999")
	whole := spaceless(strings.Join(text, ""))
	for no := range 300 {
		require.Contains(t, whole, passbook(300).Lines[no].Line.At.In(calendar.JST).Format("2006-01-0215:04"), "no line is lost at the turn of a page")
	}
	require.Less(t, pdf.Len(), 500_000)
}

func TestAnEmptyPassbookSaysSo(t *testing.T) {
	t.Parallel()
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Passbook(&pdf, passbook(0)))
	keep(t, "passbook-empty", pdf.Bytes())
	text := pages(t, pdf.Bytes())
	require.Len(t, text, 1)
	require.Contains(t, spaceless(text[0]), "この条件に当てはまる履歴はありません。")
}

func statement(lines int, change ...func(*settling.Sheet)) settling.Sheet {
	sheet := settling.Sheet{
		Shop: user.Profile{Name: "うちぬき食堂", Address: "愛媛県西条市明屋敷164"}, MadeAt: printed,
		Statement: settling.PeriodStatement{
			Statement: settlement.Statement{
				FirstLine: 1, LastLine: int64(lines), Payments: 1_204, CarriedOver: -1_200, Received: 1_234_567, Returned: 61_728, Spent: 20_000,
				Corrected: -3_000, Lapsed: 0, Claimed: 500_000, Owed: 800, Due: 647_839,
			}.Sealed(),
			Of: settlement.Period{
				Name: "2027年3月", From: calendar.On(2027, 3, 1), Until: calendar.On(2027, 3, 31), FirstSeq: 120_331, LastSeq: 1_244_108,
				ClosedAt: printed.Add(-time.Hour),
			},
		},
	}
	for i := range lines {
		line := settling.SheetLine{What: "支払い", With: "利用者"}
		line.No, line.At, line.Delta, line.Cashback, line.Balance = int64(i+1), printed.Add(time.Duration(i-lines)*time.Minute), 950, 50, money.Points(950*(i+1))
		if i%5 == 4 {
			line.What, line.With, line.Memo, line.Delta, line.Cashback = "取消", "利用者", "金額の打ち間違い", -950, 0
		}
		sheet.Lines = append(sheet.Lines, line)
	}
	for _, c := range change {
		c(&sheet)
	}
	return sheet
}

func TestAStatementShowsItsFiguresAndItsHash(t *testing.T) {
	t.Parallel()
	want := statement(6)
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Statement(&pdf, want))
	keep(t, "statement-short", pdf.Bytes())
	text := pages(t, pdf.Bytes())
	require.Len(t, text, 1)
	for _, said := range []string{
		"精算明細書", "うちぬき食堂御中", "愛媛県西条市明屋敷164", "2027年3月2027年3月1日から2027年3月31日まで", "仕訳番号120,332から1,244,108まで",
		"繰越△1,200", "支払い1,204件", "1,234,567", "△61,728", "△20,000", "△3,000", "△500,000", "△800", "今回請求できる額647,839ポイント", "1,000△50",
		"金額の打ち間違い", want.Statement.HashText(), "締めた日時2027-04-0108:30",
	} {
		require.Contains(t, spaceless(text[0]), said)
	}
}

func TestAStatementShowsEverythingThatAddsUpToWhatIsDue(t *testing.T) {
	t.Parallel()
	want := statement(0, func(s *settling.Sheet) {
		s.Statement.Granted = 45_300
		s.Statement.Due = s.Statement.Sum()
	})
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Statement(&pdf, want))
	said := spaceless(pages(t, pdf.Bytes())[0])
	require.Contains(t, said, "給付されたポイント45,300")
	require.Contains(t, said, "今回請求できる額693,139ポイント")
}

func TestALongStatementKeepsItsHashAtTheFootOfEveryPage(t *testing.T) {
	t.Parallel()
	want := statement(400, func(s *settling.Sheet) {
		s.Shop.Name, s.Shop.Address, s.LinesLeft = longName, strings.Repeat("愛媛県西条市明屋敷164番地", 6), 12_345
		s.Statement.Due = -9_999_999_999
		s.Lines[3].With, s.Lines[3].Memo, s.Lines[3].Balance = longName, strings.Repeat("メモ", 50), 9_999_999_999
	})
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Statement(&pdf, want))
	keep(t, "statement-long", pdf.Bytes())
	text := pages(t, pdf.Bytes())
	require.Greater(t, len(text), 8)
	for i, page := range text {
		require.Contains(t, spaceless(page), want.Statement.HashText())
		require.Contains(t, spaceless(page), fmt.Sprintf("%d/%dページ", i+1, len(text)))
	}
	require.Contains(t, spaceless(text[0]), "次の期間へ繰り越す不足△9,999,999,999ポイント")
	require.Contains(t, spaceless(text[0]), "このほかに12,345件あります")
	require.Len(t, lo.Filter(strings.Fields(strings.Join(text, " ")), func(word string, _ int) bool { return word == "支払い" }), 321, "320 payments and one count of them")
}

func TestAStatementOfNothingSaysSo(t *testing.T) {
	t.Parallel()
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Statement(&pdf, statement(0)))
	text := pages(t, pdf.Bytes())
	require.Len(t, text, 1)
	require.Contains(t, spaceless(text[0]), "この期間の取引はありません。")
}

func unused(rows int, frozen bool) reporting.Unused {
	u := reporting.Unused{
		Unused: report.Unused{Day: calendar.On(2027, 3, 31), From: calendar.On(2026, 10, 1), Funds: []report.UnusedFund{
			{Fund: "city", Name: "一般会計（健康ポイント・SDGsポイント・子育て応援ポイント共通原資）", Claimed: 1_100},
		}},
		Kinds: map[lot.KindCode]reporting.Named{"charge": {Name: "チャージ"}, "premium": {Name: "プレミアム商品券ポイント第三次", Premium: true}},
	}
	for i := range rows {
		row := report.UnusedRow{
			Fund: "city", Class: report.Class(i%3 + 1), Kind: []lot.KindCode{"charge", "premium", "gift-2026"}[i%3], Opening: 1_234_567, Issued: 9_876_543,
			Returned: 1_200, Corrected: -300, Used: 8_000_000, Lapsed: 5_000, Unused: 3_107_010, Ending: 1_000, Merchants: 250_000,
		}
		u.Rows = append(u.Rows, row)
	}
	if frozen {
		made := report.Frozen{Day: u.Day, LastSeq: 1_244_108, Content: []byte("{}"), MadeAt: printed}.Freeze()
		u.Frozen = &made
	}
	return u
}

func TestAHalfYearReportShowsItsClassesApart(t *testing.T) {
	t.Parallel()
	want := unused(3, true)
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Unused(&pdf, want, printed))
	rendered := render(t, "unused-short", pdf.Bytes())
	require.Len(t, rendered, 1)
	require.Greater(t, rendered[0].Bounds().Dx(), rendered[0].Bounds().Dy(), "across")
	text := pages(t, pdf.Bytes())
	for _, said := range []string{
		"基準日未使用残高報告書", "基準日2027年3月31日", "2026年10月1日から2027年3月31日まで", "有償", "プレミアム", "無償", "小計", "合計", "9,321,030ポイント",
		"△300", "△8,000,000", "gift-2026", want.Frozen.HashText(), "1,244,108まで", "請求中の分", "1,100",
	} {
		require.Contains(t, spaceless(text[0]), said)
	}
	require.NotContains(t, text[0], "確定前")
}

func TestAReportThatIsNotFrozenSaysSoOnEveryPage(t *testing.T) {
	t.Parallel()
	var pdf bytes.Buffer
	require.NoError(t, printer(t).Unused(&pdf, unused(60, false), printed))
	keep(t, "unused-long", pdf.Bytes())
	text := pages(t, pdf.Bytes())
	require.Greater(t, len(text), 2)
	for _, page := range text {
		require.Contains(t, spaceless(page), "（確定前・参考）")
	}
	pdf.Reset()
	require.NoError(t, printer(t).Unused(&pdf, unused(0, true), printed))
	keep(t, "unused-empty", pdf.Bytes())
	require.Contains(t, spaceless(pages(t, pdf.Bytes())[0]), "この基準日に報告するポイントはありません。")
}

func TestTheSamePaperIsTheSameFile(t *testing.T) {
	t.Parallel()
	var once, twice bytes.Buffer
	require.NoError(t, printer(t).Statement(&once, statement(80)))
	require.NoError(t, printer(t).Statement(&twice, statement(80)))
	require.Equal(t, once.Bytes(), twice.Bytes())
}

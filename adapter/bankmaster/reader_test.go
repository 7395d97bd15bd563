package bankmaster_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/japanese"

	"lovesaijo/adapter/bankmaster"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

var today = calendar.On(2026, 11, 23)

const header = "金融機関コード,支店コード,金融機関名,金融機関名カナ,支店名,支店名カナ\r\n"

func read(t *testing.T, file string) bank.Draft {
	t.Helper()
	draft, err := bankmaster.Reader{}.Read(today, "試験", []byte(file))
	require.NoError(t, err)
	return draft
}

func codesOf(draft bank.Draft) map[int]fault.Code {
	codes := map[int]fault.Code{}
	for _, row := range draft.Refused {
		codes[row.No] = row.Fault.Code
	}
	return codes
}

func cp932(t *testing.T, text string) string {
	t.Helper()
	encoded, err := japanese.ShiftJIS.NewEncoder().String(text)
	require.NoError(t, err)
	return encoded
}

func TestAFileIsReadInEveryEncodingThatSpreadsheetsWrite(t *testing.T) {
	t.Parallel()
	file := header + "0174,255,伊予,イヨ,西条,サイジョウ\r\n9999,001,テスト,ﾃｽﾄ,①髙本店,ホンテン\r\n"
	plain := read(t, file)
	require.Empty(t, plain.Refused)
	for name, encoded := range map[string]string{
		"with a byte order mark": "\ufeff" + file, "CP932": cp932(t, file), "with line feeds alone": strings.ReplaceAll(file, "\r\n", "\n"),
		"without a last line end": strings.TrimSuffix(file, "\r\n"), "with empty lines": strings.ReplaceAll(file, "\r\n", "\r\n,,,,,\r\n\r\n"),
	} {
		draft := read(t, encoded)
		require.Empty(t, draft.Refused, name)
		require.Equal(t, plain.Master, draft.Master, name)
	}
	_, branch, found := plain.Master.Find("0174", "255")
	require.True(t, found)
	require.Equal(t, bank.Kana("ｻｲｼﾞﾖｳ"), branch.Kana)
}

func TestColumnsAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	draft := read(t, `備考,"支店名カナ",支店名 ,金融機関名カナ,金融機関名,支店コード,金融機関コード`+"\nx,ﾆｼ,西,ﾃｽﾄ,\"テスト, 銀行\",００２,９９９９\n")
	of, branch, found := draft.Master.Find("9999", "002")
	require.True(t, found)
	require.Equal(t, "テスト, 銀行", of.Name)
	require.Equal(t, bank.Branch{Code: "002", Name: "西", Kana: "ﾆｼ"}, branch)
}

func TestKanaAreNarrowedByTheRulesOfTransferFiles(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bank.Kana{
		"ミツビシユ－エフジエイ": "ﾐﾂﾋﾞｼﾕ-ｴﾌｼﾞｴｲ", "ガーデン": "ｶﾞ-ﾃﾞﾝ", "ひょうたん": "ﾋﾖｳﾀﾝ", "ｻｰﾋﾞｽ": "ｻ-ﾋﾞｽ", "クレディ．アグリコル": "ｸﾚﾃﾞｲ ｱｸﾞﾘｺﾙ",
		"ステート・ストリート": "ｽﾃ-ﾄ ｽﾄﾘ-ﾄ", "ａｔｍ　１": "ATM 1", "ヴィ": "ｳﾞｲ", "カ\u3099": "ｶﾞ",
	} {
		draft := read(t, header+"9999,001,テスト,テスト,本店,"+typed+"\n")
		_, branch, _ := draft.Master.Find("9999", "001")
		require.Equal(t, want, branch.Kana, typed)
	}
}

func TestBadRowsComeBackWithTheirLineAndReason(t *testing.T) {
	t.Parallel()
	draft := read(t, header+strings.Join([]string{
		"0174,255,伊予,イヨ,西条,サイジョウ",
		"174,256,伊予,イヨ,西条,サイジョウ",
		"0174,25,伊予,イヨ,西条,サイジョウ",
		"0174,257,伊予,イヨ,,サイジョウ",
		"0174,258,伊予,イヨ,西条,西条",
		"0174,259,伊予,イヨ,西条,アイウエオアイウエオアイウエオア",
		"0174,260,伊予,イヨ,西条,ヲカ",
		"0174,261,伊予,イヨ,西条",
		"0174,262,伊予,イヨ,\"西条,サイジョウ",
		"0174,255,伊予,イヨ,西条,サイジョウ",
		"0174,263,いよ,イヨ,西条,サイジョウ",
		"",
		"0174,264,伊予,イヨ,西\xff条,サイジョウ",
		"0174,265,伊予,イヨ,西条,",
		"0174,266,伊予,イヨ,最後,サイゴ",
	}, "\n"))
	_, branches := draft.Master.Counts()
	require.Equal(t, 2, branches)
	require.Equal(t, map[int]fault.Code{
		3: "bank_code_malformed", 4: "bank_branch_code_malformed", 5: "bank_master_name_invalid", 6: "bank_kana_kanji", 7: "bank_master_kana_invalid",
		8: "bank_master_kana_invalid", 9: "bank_master_row_malformed", 10: "bank_master_row_malformed", 11: "bank_master_row_duplicate", 12: "bank_master_bank_differs",
		14: "bank_master_row_malformed", 15: "bank_kana_empty",
	}, codesOf(draft))
	require.Equal(t, "174,256,伊予,イヨ,西条,サイジョウ", draft.Refused[0].Source)
	require.Equal(t, "金融機関コードは数字4桁で入力してください。", draft.Refused[0].Reason())
}

func TestAFileThatIsNoListIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"", "\ufeff", "0174,255,伊予,イヨ,西条,サイジョウ\n", "金融機関コード,支店コード\n0174,255\n", "\x00\x01\x02", "\xff\xfe\x30\x31", "PK\x03\x04\xff\xff\xff", `"`,
	} {
		_, err := bankmaster.Reader{}.Read(today, "試験", []byte(file))
		require.ErrorIs(t, err, bank.ErrMasterFile, "%q", file)
	}
	_, err := bankmaster.Reader{}.Read(today, "試験", []byte(header))
	require.ErrorIs(t, err, bank.ErrMasterEmpty)
	_, err = bankmaster.Reader{}.Read(today, "試験", []byte(header+strings.Repeat("x,,,,,\n", bank.MasterBranchesMax+1)))
	require.ErrorIs(t, err, bank.ErrMasterTooLong)
}

func TestWhatTheEmbeddedListSaysIsReadBackTheSame(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	var file strings.Builder
	rows := csv.NewWriter(&file)
	require.NoError(t, rows.Write(strings.Split(strings.TrimSpace(header), ",")))
	for l := range m.Listings() {
		require.NoError(t, rows.Write([]string{
			string(l.Bank.Code), string(l.Branch.Code), l.Bank.Name, string(l.Bank.Kana), l.Branch.Name, string(l.Branch.Kana),
		}))
	}
	rows.Flush()
	draft, err := bankmaster.Reader{}.Read(m.AsOf, m.Source, []byte(file.String()))
	require.NoError(t, err)
	require.Empty(t, draft.Refused)
	require.Equal(t, m.SHA256, draft.Master.SHA256)
	require.Equal(t, bank.Difference{}, m.Difference(draft.Master))
}

func FuzzAFileNeverBreaksTheReader(f *testing.F) {
	f.Add([]byte(header + "0174,255,伊予,イヨ,西条,サイジョウ\n"))
	f.Add([]byte(header + "9999,001,\"テスト\",ﾃｽﾄ,本店,ホンテン\n\"\n,,\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		draft, err := bankmaster.Reader{}.Read(today, "試験", append([]byte(header), file...))
		if err != nil {
			return
		}
		for l := range draft.Master.Listings() {
			require.NoError(t, l.Valid())
		}
	})
}

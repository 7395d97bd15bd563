package bank_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
)

func rowsOf(listings ...bank.Listing) []bank.MasterRow {
	rows := make([]bank.MasterRow, len(listings))
	for i, l := range listings {
		rows[i] = bank.MasterRow{No: i + 2, Source: fmt.Sprint(i), Listing: l}
	}
	return rows
}

func TestADraftTakesGoodRowsAndHandsBadOnesBack(t *testing.T) {
	t.Parallel()
	rows := rowsOf(append(few(),
		listing("0174", "伊予", "ｲﾖ", "255", "西条", "ｻｲｼﾞﾖｳ"),
		listing("0174", "いよ", "ｲﾖ", "260", "小松", "ｺﾏﾂ"),
		listing("174", "伊予", "ｲﾖ", "260", "小松", "ｺﾏﾂ"),
		listing("9999", "テスト", "てすと", "001", "本店", "ﾎﾝﾃﾝ"),
		listing("9999", "テスト", "ﾃｽﾄ", "001", "本店", "ﾎﾝﾃﾝ"),
	)...)
	rows = append(rows, bank.MasterRow{No: 11, Source: `"`, Fault: bank.ErrMasterRowForm})
	draft, err := bank.NewDraft(asOf, "試験", rows)
	require.NoError(t, err)
	banks, branches := draft.Master.Counts()
	require.Equal(t, []int{4, 5}, []int{banks, branches})
	refused := map[int]fault.Code{}
	for _, row := range draft.Refused {
		refused[row.No] = row.Fault.Code
		require.NotEmpty(t, row.Reason())
	}
	require.Equal(t, map[int]fault.Code{
		6: "bank_master_row_duplicate", 7: "bank_master_bank_differs", 8: "bank_code_malformed", 9: "bank_master_kana_invalid", 11: "bank_master_row_malformed",
	}, refused)
}

func TestADraftWithoutAGoodRowNamesWhatIsWrongWithEach(t *testing.T) {
	t.Parallel()
	_, err := bank.NewDraft(asOf, "試験", rowsOf(listing("", "", "", "", "", "")))
	require.ErrorIs(t, err, bank.ErrMasterEmpty)
	why, _ := fault.Of(err)
	require.Equal(t, "rows[2]", why.Fields[0].Path)
	require.Equal(t, bank.ErrBankCode.Code, why.Fields[0].Code)
	_, err = bank.NewDraft(asOf, "試験", nil)
	require.ErrorIs(t, err, bank.ErrMasterEmpty)
}

func TestADraftThatLeavesSomethingOutIsNotComplete(t *testing.T) {
	t.Parallel()
	var many []bank.Listing
	for i := range 40 {
		many = append(many, listing("0174", "伊予", "ｲﾖ", fmt.Sprintf("%03d", i), "西条", "ｻｲｼﾞﾖｳ"))
	}
	present := master(t, many...)
	for kept, complete := range map[int]bool{40: true, 38: true, 37: false, 1: false} {
		draft, err := bank.NewDraft(asOf, "試験", rowsOf(many[:kept]...))
		require.NoError(t, err)
		if complete {
			require.NoError(t, draft.Complete(present))
			continue
		}
		err = draft.Complete(present)
		require.ErrorIs(t, err, bank.ErrMasterPartial)
		why, _ := fault.Of(err)
		require.Equal(t, map[string]int64{"refused": 0, "removed_branches": int64(40 - kept)}, why.Figures)
	}
	draft, err := bank.NewDraft(asOf, "試験", rowsOf(append(many, listing("0174", "伊予", "ｲﾖ", "1", "西条", "ｻｲｼﾞﾖｳ"))...))
	require.NoError(t, err)
	err = draft.Complete(present)
	require.ErrorIs(t, err, bank.ErrMasterPartial)
	why, _ := fault.Of(err)
	require.Equal(t, int64(1), why.Figures["refused"])
	require.Equal(t, "rows[42]", why.Fields[0].Path)
}

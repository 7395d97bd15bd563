package zedi_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/zedi"
	"lovesaijo/domain/bank"
)

func TestAMessageReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	numbers := bank.DefaultProfile()
	numbers.EDI = false
	for _, p := range []bank.Profile{bank.DefaultProfile(), numbers} {
		file := transferFile()
		if !p.EDI {
			file.Transfers[0].Reference = "202604000123"
		}
		content, err := zedi.Write(file, p, now)
		require.NoError(t, err)
		read, found := zedi.Read(content, p)
		require.Empty(t, found)
		require.Equal(t, file, read)
	}
}

func TestAMessageThatWasChangedIsTold(t *testing.T) {
	t.Parallel()
	content, err := zedi.Write(transferFile(), bank.DefaultProfile(), now)
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new, code string }{
		"a count":        {"<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>3</NbOfTxs>", "zedi_count_differs"},
		"a sum":          {"<CtrlSum>128451<", "<CtrlSum>128450<", "zedi_sum_differs"},
		"an amount":      {">128450</InstdAmt>", ">0</InstdAmt>", "bank_transfer_amount_out_of_range"},
		"a currency":     {`Ccy="JPY"`, `Ccy="USD"`, "zedi_currency_other"},
		"a day":          {"2026-04-30</ReqdExctnDt>", "07.12.2026</ReqdExctnDt>", "zedi_day_malformed"},
		"a number":       {"0076543", "76543", "bank_account_number_malformed"},
		"an end":         {"</Document>", "", "zedi_message_malformed"},
		"another thing":  {"Document", "Letter", "zedi_message_malformed"},
		"another schema": {"pain.001.001.03", "pain.001.001.09", "zedi_message_malformed"},
	} {
		changed := strings.ReplaceAll(string(content), c.old, c.new)
		require.NotEqual(t, string(content), changed, name)
		_, found := zedi.Read([]byte(changed), bank.DefaultProfile())
		var codes []string
		for _, v := range found {
			codes = append(codes, v.Code)
		}
		require.Contains(t, codes, c.code, name)
	}
}

func TestWhatIsNoMessageIsRefusedWhole(t *testing.T) {
	t.Parallel()
	for _, content := range [][]byte{nil, []byte("x"), []byte("<a/>"), {0xff, 0xfe}, bytes.Repeat([]byte("<a>"), 100_000)} {
		_, found := zedi.Read(content, bank.DefaultProfile())
		require.Equal(t, "zedi_message_malformed", found[0].Code)
	}
}

func FuzzRead(f *testing.F) {
	content, err := zedi.Write(transferFile(), bank.DefaultProfile(), now)
	require.NoError(f, err)
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		file, found := zedi.Read(content, bank.DefaultProfile())
		if len(found) > 0 {
			return
		}
		again, err := zedi.Write(file, bank.DefaultProfile(), now)
		require.NoError(t, err)
		same, found := zedi.Read(again, bank.DefaultProfile())
		require.Empty(t, found)
		require.Equal(t, file, same)
	})
}

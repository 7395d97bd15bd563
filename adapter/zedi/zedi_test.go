package zedi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/adapter/zedi"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
)

var now = time.Date(2026, 4, 27, 1, 2, 3, 999, time.UTC)

func transferFile() bank.TransferFile {
	return bank.TransferFile{
		Originator: bank.Originator{
			Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", BankName: "ﾃｽﾄ", BranchName: "ﾎﾝﾃﾝ",
			Account: bank.Account{Bank: "9999", Branch: "001", Type: bank.Ordinary, Number: "1234567"},
		},
		Date: calendar.On(2026, 4, 30),
		Transfers: []bank.CreditTransfer{
			{
				Payee:    bank.Account{Bank: "9999", Branch: "002", Type: bank.Ordinary, Number: "0076543", Holder: "ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ"},
				BankName: "ﾃｽﾄ", BranchName: "ﾆｼ", Amount: 128_450, Reference: "LSP202604 S000123",
			},
			{Payee: bank.Account{Bank: "9900", Branch: "618", Type: bank.Savings, Number: "0000002", Holder: "ﾆｼ ﾊﾅｺ"}, Amount: 1, New: bank.Changed},
		},
	}
}

// at gives the texts of the elements on a path below the last root.
func at(t *testing.T, file []byte, path string) []string {
	t.Helper()
	found, err := parse(file)
	require.NoError(t, err)
	nodes := found[len(found)-1:]
	for _, name := range strings.Split(path, "/") {
		var next []*node
		for _, n := range nodes {
			for _, c := range n.children {
				if c.name.Local == name {
					next = append(next, c)
				}
			}
		}
		nodes = next
	}
	var texts []string
	for _, n := range nodes {
		texts = append(texts, n.text)
	}
	return texts
}

func TestEveryFieldOfAFileStandsWhereTheProfileHasIt(t *testing.T) {
	t.Parallel()
	written, err := zedi.Write(transferFile(), bank.DefaultProfile(), now)
	require.NoError(t, err)
	require.Empty(t, breaches(written))
	for path, want := range map[string][]string{
		"GrpHdr/MsgId":                                {"9990000001-20260430-20260427100203"},
		"GrpHdr/CreDtTm":                              {"2026-04-27T10:02:03"},
		"GrpHdr/NbOfTxs":                              {"1"},
		"GrpHdr/CtrlSum":                              nil,
		"PmtInf/PmtMtd":                               {"TRF"},
		"PmtInf/NbOfTxs":                              {"2"},
		"PmtInf/CtrlSum":                              {"128451"},
		"PmtInf/ReqdExctnDt":                          {"2026-04-30"},
		"PmtInf/Dbtr/Nm":                              nil,
		"PmtInf/Dbtr/Id/OrgId/Othr/Id":                {"9990000001"},
		"PmtInf/Dbtr/Id/OrgId/Othr/SchmeNm/Cd":        {"BANK"},
		"PmtInf/DbtrAcct/Id/Othr/Id":                  {"1234567"},
		"PmtInf/DbtrAcct/Tp/Prtry":                    {"1"},
		"PmtInf/DbtrAgt/FinInstnId/Nm":                {"ﾃｽﾄ"},
		"PmtInf/DbtrAgt/FinInstnId/ClrSysMmbId/MmbId": {"9999"},
		"PmtInf/DbtrAgt/BrnchId/Id":                   {"001"},
		"PmtInf/DbtrAgt/BrnchId/Nm":                   {"ﾎﾝﾃﾝ"},
		"PmtInf/UltmtDbtr/Nm":                         {"ｻｲｼﾞﾖｳｼ"},
		"PmtInf/CdtTrfTxInf/PmtId/EndToEndId":         {"LSP202604 S000123", "NOTPROVIDED"},
		"PmtInf/CdtTrfTxInf/Amt/InstdAmt":             {"128450", "1"},
		"PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd": {"JPZGN", "JPZGN"},
		"PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/ClrSysMmbId/MmbId":       {"9999", "9900"},
		"PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/Nm":                      {"ﾃｽﾄ"},
		"PmtInf/CdtTrfTxInf/CdtrAgt/BrnchId/Id":                         {"002", "618"},
		"PmtInf/CdtTrfTxInf/CdtrAgt/BrnchId/Nm":                         {"ﾆｼ"},
		"PmtInf/CdtTrfTxInf/Cdtr/Nm":                                    {"ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ", "ﾆｼ ﾊﾅｺ"},
		"PmtInf/CdtTrfTxInf/Cdtr/Id/OrgId/Othr/Id":                      nil,
		"PmtInf/CdtTrfTxInf/CdtrAcct/Id/Othr/Id":                        {"0076543", "0000002"},
		"PmtInf/CdtTrfTxInf/CdtrAcct/Tp/Prtry":                          {"1", "4"},
		"PmtInf/CdtTrfTxInf/Purp/Prtry":                                 {"0", "2"},
		"PmtInf/CdtTrfTxInf/InstrForCdtrAgt/InstrInf":                   {"7", "7"},
	} {
		require.Equal(t, want, at(t, written, "CstmrCdtTrfInitn/"+path), path)
	}
}

func TestTheEDIInformationIsAnAttachmentInLinesOf76(t *testing.T) {
	t.Parallel()
	written, err := zedi.Write(transferFile(), bank.DefaultProfile(), now)
	require.NoError(t, err)
	lines := at(t, written, "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Ustrd")
	require.Equal(t, []string{"MIME-Version: 1.0", "Content-Type: text/xml", "Content-Transfer-Encoding: base64"}, lines[:3])
	require.Len(t, lines[3], 76)
	require.LessOrEqual(t, len(lines[4]), 76)
	text, err := base64.StdEncoding.DecodeString(strings.Join(lines[3:], ""))
	require.NoError(t, err)
	require.Equal(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EDI><Reference>LSP202604 S000123</Reference></EDI>", string(text))
}

func TestABankWithoutEDIGetsTheCustomerCodes(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	p.EDI, p.BankNames, p.TransferClass = false, false, " "
	file := transferFile()
	file.Transfers[0].Reference = "202604000123"
	written, err := zedi.Write(file, p, now)
	require.NoError(t, err)
	require.Empty(t, breaches(written))
	const creditTransfer = "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/"
	require.Equal(t, []string{"0000000020", "2604000123"}, at(t, written, creditTransfer+"Cdtr/Id/OrgId/Othr/Id"))
	require.Equal(t, []string{"Customer Code1", "Customer Code2"}, at(t, written, creditTransfer+"Cdtr/Id/OrgId/Othr/SchmeNm/Prtry"))
	require.Equal(t, []string{"202604000123", "NOTPROVIDED"}, at(t, written, creditTransfer+"PmtId/EndToEndId"))
	for _, left := range []string{"RmtInf", "InstrForCdtrAgt", "CdtrAgt/FinInstnId/Nm", "CdtrAgt/BrnchId/Nm"} {
		require.Empty(t, at(t, written, creditTransfer+left), left)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bank.TransferFile){
		"a kanji":           func(f *bank.TransferFile) { f.Transfers[0].Payee.Holder = "西条" },
		"six digits":        func(f *bank.TransferFile) { f.Transfers[0].Payee.Number = "076543" },
		"nothing to pay":    func(f *bank.TransferFile) { f.Transfers[0].Amount = 0 },
		"a reference twice": func(f *bank.TransferFile) { f.Transfers[1].Reference = f.Transfers[0].Reference },
		"no transfers":      func(f *bank.TransferFile) { f.Transfers = nil },
	} {
		file := transferFile()
		change(&file)
		for _, write := range []func() ([]byte, error){
			func() ([]byte, error) { return zedi.Write(file, bank.DefaultProfile(), now) },
			func() ([]byte, error) { return envelope().WriteIn(file, bank.DefaultProfile(), now) },
		} {
			written, err := write()
			require.ErrorIs(t, err, bank.ErrFileRefused, name)
			require.Nil(t, written)
			var refused *bank.RefusedError
			require.True(t, errors.As(err, &refused))
		}
	}
}

func envelope() zedi.Envelope {
	return zedi.Envelope{Sender: "9990000001:0001:secret", Receiver: "9999:0001", Service: "T:F:J"}
}

func TestAnEnvelopeStandsInFrontWithWhatTheBankHasGiven(t *testing.T) {
	t.Parallel()
	written, err := envelope().WriteIn(transferFile(), bank.DefaultProfile(), now)
	require.NoError(t, err)
	require.Empty(t, breaches(written))
	for _, want := range []string{
		"<Id>9990000001:0001:secret</Id>", "<Id>9999:0001</Id>", "<MsgDefIdr>pain.001.001.03</MsgDefIdr>", "<BizSvc>T:F:J</BizSvc>",
		"<CreDt>2026-04-27T01:02:03Z</CreDt>", "<BizMsgIdr>9990000001-20260430-20260427100203</BizMsgIdr>",
	} {
		require.Equal(t, 1, strings.Count(string(written), want), want)
	}
	bare, err := zedi.Write(transferFile(), bank.DefaultProfile(), now)
	require.NoError(t, err)
	_, document, _ := bytes.Cut(bare, []byte("?>\n"))
	require.True(t, bytes.HasSuffix(written, document), "the message is the same")
	require.Equal(t, 1, strings.Count(string(written), "<?xml"))

	plain := envelope()
	plain.Service = ""
	written, err = plain.WriteIn(transferFile(), bank.DefaultProfile(), now)
	require.NoError(t, err)
	require.Empty(t, breaches(written))
	require.NotContains(t, string(written), "BizSvc")
}

func TestAnEnvelopeIsNeverInvented(t *testing.T) {
	t.Parallel()
	for path, change := range map[string]func(*zedi.Envelope){
		"sender":   func(e *zedi.Envelope) { e.Sender = "" },
		"receiver": func(e *zedi.Envelope) { e.Receiver = strings.Repeat("9", 36) },
		"service":  func(e *zedi.Envelope) { e.Service = "a\nb" },
	} {
		e := envelope()
		change(&e)
		_, err := e.WriteIn(transferFile(), bank.DefaultProfile(), now)
		require.ErrorIs(t, err, zedi.ErrEnvelope)
		refusal, _ := fault.Of(err)
		require.Equal(t, path, refusal.Fields[0].Path)
		require.NotContains(t, err.Error(), "secret")
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sent", "envelope", envelope())
	marshalled, err := json.Marshal(struct{ Held zedi.Envelope }{envelope()})
	require.NoError(t, err)
	for _, shown := range []string{log.String(), string(marshalled), fmt.Sprintf("%v %+v %#v %s %q %x", envelope(), envelope(), envelope(), envelope(), envelope(), envelope())} {
		require.NotContains(t, shown, "secret")
		require.NotContains(t, shown, fmt.Sprintf("%x", "secret"))
	}
}

func TestTheTableOfTheSchemaFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	written, err := envelope().WriteIn(transferFile(), bank.DefaultProfile(), now)
	require.NoError(t, err)
	good := string(written)
	require.Empty(t, breaches(written))
	for name, change := range map[string][2]string{
		"another namespace":      {"pain.001.001.03\"", "pain.001.001.09\""},
		"a namespace within":     {"<GrpHdr>", `<GrpHdr xmlns="x">`},
		"no message id":          {"<MsgId>9990000001-20260430-20260427100203</MsgId>", ""},
		"an empty message id":    {"<MsgId>9990000001-20260430-20260427100203</MsgId>", "<MsgId></MsgId>"},
		"an offset":              {"<CreDtTm>2026-04-27T10:02:03", "<CreDtTm>2026-04-27T10:02:03+09:00"},
		"no normal time":         {"01:02:03Z", "01:02:03"},
		"a count with a letter":  {"<NbOfTxs>2<", "<NbOfTxs>2a<"},
		"a sum twice":            {"<CtrlSum>128451</CtrlSum>", "<CtrlSum>128451</CtrlSum><CtrlSum>128451</CtrlSum>"},
		"an unknown method":      {"TRF", "TFR"},
		"a day that is none":     {"2026-04-30</ReqdExctnDt>", "2026-04-31</ReqdExctnDt>"},
		"a small currency":       {`Ccy="JPY"`, `Ccy="jpy"`},
		"no currency":            {` Ccy="JPY"`, ``},
		"an attribute too many":  {"<Amt>", `<Amt a="b">`},
		"an amount with a point": {">128450<", ">128450.5.0<"},
		"a long reference":       {"<EndToEndId>NOTPROVIDED", "<EndToEndId>" + strings.Repeat("9", 36)},
		"a long clearing system": {"JPZGN", "JPZGNX"},
		"a long scheme":          {"<Cd>BANK", "<Cd>BANKS"},
		"both of a choice":       {"<Prtry>2</Prtry>", "<Cd>2</Cd><Prtry>2</Prtry>"},
		"none of a choice":       {"<Prtry>2</Prtry>", ""},
		"another of a choice":    {"<Prtry>2</Prtry>", "<Other>2</Other>"},
		"the order turned":       {"<PmtInfId>1</PmtInfId>\n   <PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><PmtInfId>1</PmtInfId>"},
		"a branch within":        {"</FinInstnId>\n    <BrnchId>\n     <Id>001</Id>\n     <Nm>ﾎﾝﾃﾝ</Nm>\n    </BrnchId>", "<BrnchId><Id>001</Id></BrnchId></FinInstnId>"},
		"text between elements":  {"<Cdtr>", "<Cdtr>x"},
		"an element in a text":   {"<PmtMtd>TRF", "<PmtMtd>TRF<b/>"},
		"an unknown element":     {"<Purp>", "<Extra/><Purp>"},
		"no creditor's place":    {"<Othr>\n       <Id>0076543</Id>\n      </Othr>", ""},
		"a comment":              {"<GrpHdr>", "<!-- 要銀行確認 --><GrpHdr>"},
		"a broken file":          {"</Document>", ""},
		"no sender":              {"<Id>9990000001:0001:secret</Id>", ""},
		"another root":           {"</AppHdr>", "</AppHdr><Other/>"},
	} {
		planted := strings.Replace(good, change[0], change[1], 1)
		require.NotEqual(t, good, planted, name)
		require.NotEmpty(t, breaches([]byte(planted)), name)
	}
}

func TestEveryFileThatCanBeWrittenIsAsTheSchemaHasIt(t *testing.T) {
	t.Parallel()
	letters := []rune(`ｱｲｳｶﾅﾝAZ09().-`)
	rapid.Check(t, func(t *rapid.T) {
		p := bank.DefaultProfile()
		p.EDI, p.BankNames = rapid.Bool().Draw(t, "edi"), rapid.Bool().Draw(t, "names")
		p.TransferClass = rapid.SampledFrom([]string{"7", "8", "0", " "}).Draw(t, "class")
		file := transferFile()
		file.Transfers = nil
		for i := range rapid.IntRange(1, 5).Draw(t, "transfers") {
			c := bank.CreditTransfer{
				Payee: bank.Account{
					Bank: "9999", Branch: bank.BranchCode(fmt.Sprintf("%03d", rapid.IntRange(0, 999).Draw(t, "branch"))), Type: bank.Current,
					Number: fmt.Sprintf("%07d", rapid.IntRange(1, 9_999_999).Draw(t, "number")),
					Holder: bank.Kana(rapid.StringOfN(rapid.SampledFrom(letters), 1, 30, -1).Draw(t, "holder")),
				},
				Amount: money.Yen(rapid.Int64Range(1, int64(bank.AmountMax)).Draw(t, "amount")),
				New:    rapid.SampledFrom([]bank.NewCode{bank.Known, bank.First, bank.Changed}).Draw(t, "new"),
			}
			switch {
			case rapid.Bool().Draw(t, "unnamed"):
			case p.EDI:
				c.Reference = bank.Kana(fmt.Sprint(i) + rapid.StringOfN(rapid.SampledFrom([]rune(`A9ｦｱ\｢｣()-/.`)), 0, 19, -1).Draw(t, "reference"))
			default:
				c.Reference = bank.Kana(fmt.Sprintf("%d%d", i+1, rapid.Int64Range(0, 1<<60).Draw(t, "reference")))
			}
			file.Transfers = append(file.Transfers, c)
		}
		written, err := zedi.Write(file, p, now)
		require.NoError(t, err)
		require.Empty(t, breaches(written))
	})
}

func TestAScreenSaysThatTheBankMustConfirm(t *testing.T) {
	t.Parallel()
	require.Contains(t, zedi.Notice, "要銀行確認")
}

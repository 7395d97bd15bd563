package journey_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type account struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	State   string `json:"state"`
}

type bankFile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Format   string `json:"format"`
	Date     string `json:"date"`
	Count    int    `json:"count"`
	Total    int64  `json:"total"`
	SHA256   string `json:"sha256"`
	State    string `json:"state"`
	Replaces string `json:"replaces"`
	Note     string `json:"note"`
}

type exported struct {
	File    bankFile `json:"file"`
	LeftOut []struct {
		ClaimID string `json:"claim_id"`
		Code    string `json:"code"`
	} `json:"left_out"`
}

type transfer struct {
	ID         string  `json:"id"`
	ClaimID    string  `json:"claim_id"`
	FileID     string  `json:"file_id"`
	Attempt    int     `json:"attempt"`
	Account    string  `json:"account"`
	Amount     int64   `json:"amount"`
	Fee        int64   `json:"fee"`
	Bearer     string  `json:"bearer"`
	Transfer   int64   `json:"transfer"`
	Reference  string  `json:"reference"`
	NewCode    int     `json:"new_code"`
	State      string  `json:"state"`
	PaidOn     *string `json:"paid_on"`
	ReturnedOn *string `json:"returned_on"`
	Reason     string  `json:"reason"`
}

// accounts enters where the shops are paid to: by themselves and by the office, always looked at by somebody else.
func (m *market) accounts(t *testing.T) {
	t.Helper()
	own := m.shop.ProposeAccount(t, shopAccount)
	require.Equal(t, "9999-002 普通 ****309", own.Account)
	approving := func(id string) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/admin/bank-accounts/" + id + "/approval", Body: fields{}}
	}
	m.shop.Refused(t, http.StatusForbidden, "not_allowed", approving(own.ID))
	require.Equal(t, "active", harness.Post[account](t, m.city.Office, approving(own.ID).Path, fields{}).State)

	byOffice := harness.Post[account](t, m.city.Office, "/v1/admin/bank-accounts", fields{
		"wallet_id": m.diner.WalletID, "bank": "0174", "branch": "255", "type": "ordinary", "number": dinerAccount, "holder": "イシヅチショクドウ", "confirmed": true,
	})
	require.Equal(t, "proposed", byOffice.State)
	m.city.Office.Refused(t, http.StatusUnprocessableEntity, "bank_account_same_person", approving(byOffice.ID))
	require.Equal(t, "active", harness.Post[account](t, m.second, approving(byOffice.ID).Path, fields{}).State)
	m.second.Refused(t, http.StatusConflict, "bank_account_state", approving(byOffice.ID))

	declined := m.kiosk.ProposeAccount(t, kioskAccount)
	harness.Post[account](t, m.second, "/v1/admin/bank-accounts/"+declined.ID+"/decline", fields{"reason": "通帳の写しが読めません"})
	m.city.Account(t, m.kiosk, kioskAccount)
	listed := harness.Get[struct {
		Accounts []account `json:"accounts"`
	}](t, m.kiosk, "/v1/bank-accounts").Accounts
	require.Equal(t, [2]string{"active", "declined"}, [2]string{listed[0].State, listed[1].State})
}

// nextSunday is a day on which no bank is open, a week from now at most.
func nextSunday() string {
	day := time.Now().In(time.FixedZone("JST", 9*60*60)).AddDate(0, 0, 1)
	for day.Weekday() != time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return day.Format(time.DateOnly)
}

// export makes the file for the bank: first as ZEDI message, which is voided, and then as 全銀 file.
func (m *market) export(t *testing.T, of claimed) bankFile {
	t.Helper()
	office := m.city.Office
	const path = "/v1/admin/bank-files"
	for day, code := range map[string]string{
		nextSunday(): "bank_transfer_day_closed", harness.Today(-1): "bank_transfer_day_past", harness.Today(90): "bank_transfer_day_too_far",
	} {
		refusal := office.Refused(t, http.StatusUnprocessableEntity, "bank_file_refused", harness.Request{
			Method: http.MethodPost, Path: path, Key: harness.Key(), Body: fields{"date": day},
		})
		var codes []string
		for _, e := range refusal.Errors {
			codes = append(codes, e.Code)
		}
		require.Contains(t, codes, code, day)
	}
	foreseen := harness.Post[exported](t, office, path+"/preview", fields{})
	require.Equal(t, [2]any{2, int64(11_280 + 19_670)}, [2]any{foreseen.File.Count, foreseen.File.Total})

	message := harness.Book[exported](t, office, path, fields{"format": "zedi"}).File
	require.Contains(t, message.Note, "要銀行確認")
	m.isMessage(t, message)
	renewal := path + "/" + message.ID + "/re-export"
	office.Refused(t, http.StatusConflict, "bank_file_taken", harness.Request{Method: http.MethodPost, Path: renewal, Key: harness.Key(), Body: fields{}})
	again := harness.Request{Method: http.MethodPost, Path: renewal, Key: harness.Key(), Body: fields{"reason": "全銀形式で", "not_sent": true}}
	first := office.Call(t, again)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	var made exported
	require.NoError(t, first.Into(&made))
	require.Equal(t, http.StatusOK, office.Call(t, again).Status)
	require.Equal(t, message.ID, made.File.Replaces)
	require.Equal(t, "voided", harness.Get[bankFile](t, office, path+"/"+message.ID).State)
	again.Key = harness.Key()
	office.Refused(t, http.StatusConflict, "bank_file_state", again)
	office.Refused(t, http.StatusConflict, "bank_file_state", harness.Request{
		Method: http.MethodPost, Path: path + "/" + message.ID + "/payment", Key: harness.Key(), Body: fields{},
	})
	require.Len(t, made.LeftOut, 1)
	require.Equal(t, [2]string{of.kiosk.ID, "payout_below_fee"}, [2]string{made.LeftOut[0].ClaimID, made.LeftOut[0].Code})
	require.Equal(t, "exported", harness.Get[claim](t, m.shop, "/v1/claims/"+of.shop.ID).State)
	require.Equal(t, "approved", harness.Get[claim](t, m.kiosk, "/v1/claims/"+of.kiosk.ID).State)
	m.isFile(t, made.File, of)
	return made.File
}

// content downloads a file and holds it to its hash.
func (m *market) content(t *testing.T, file bankFile) []byte {
	t.Helper()
	answer := get(t, m.city.Office, "/v1/admin/bank-files/"+file.ID+"/content")
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.Contains(t, answer.Header.Get("Content-Disposition"), file.Name)
	sum := sha256.Sum256(answer.Body)
	require.Equal(t, file.SHA256, hex.EncodeToString(sum[:]))
	return answer.Body
}

// isFile reads the 全銀 file as the bank will.
func (m *market) isFile(t *testing.T, file bankFile, of claimed) {
	t.Helper()
	content := m.content(t, file)
	read := readTransfers(t, content)
	require.Equal(t, [2]int64{2, 11_280 + 19_670}, [2]int64{read.count, read.total})
	require.EqualValues(t, (1+2+2)*(recordBytes+2), read.bytes)
	require.Equal(t, [2]int64{int64(file.Count), file.Total}, [2]int64{read.count, read.total})
	require.Equal(t, [7]string{"9990000001", "ｻｲｼﾞﾖｳｼ", strings.ReplaceAll(file.Date, "-", "")[4:], harness.TestBank, "001", "1", cityAccount},
		[7]string{read.originator, read.name, read.day, read.bank, read.branch, read.kind, read.number})
	month := "LSP" + strings.ReplaceAll(m.first.Until, "-", "")[:6] + " "
	want := map[string]transferRecord{
		of.diner.No: {
			bank: "0174", bankName: "ｲﾖ", branch: "255", branchName: "ｻｲｼﾞﾖｳ", kind: "1", number: dinerAccount, holder: "ｲｼﾂﾞﾁｼﾖｸﾄﾞｳ", amount: 19_670,
			newCode: "1", edi: month + of.diner.No, class: "7", mark: "Y",
		},
		of.shop.No: {
			bank: harness.TestBank, bankName: "ﾃｽﾄ", branch: "002", branchName: "ﾆｼ", kind: "1", number: shopAccount,
			holder: "ｳﾁﾇｷｼﾖｳﾃﾝ", amount: 11_280, newCode: "1", edi: month + of.shop.No, class: "7", mark: "Y",
		},
	}
	for _, record := range read.transfers {
		require.Equal(t, want[record.edi[len(month):]], record)
	}

	type looked struct {
		Acceptable bool   `json:"acceptable"`
		Count      int    `json:"count"`
		Total      int64  `json:"total"`
		SHA256     string `json:"sha256"`
		Violations []struct {
			Severity string `json:"severity"`
			Record   int    `json:"record"`
			Byte     *int   `json:"byte"`
			Code     string `json:"code"`
		} `json:"violations"`
	}
	check := harness.Get[looked](t, m.city.Office, "/v1/admin/bank-files/"+file.ID+"/check")
	require.True(t, check.Acceptable, "%+v", check)
	require.Equal(t, file.SHA256, check.SHA256)

	bad := append([]byte{}, content...)
	bad[recordBytes+2+50] = 0xa7 // a small ｧ begins the name of the first payee
	bad[recordBytes+2+43+6] = 'X'
	found := harness.Post[looked](t, m.city.Office, "/v1/admin/bank-files/validation", fields{"content": bad})
	require.False(t, found.Acceptable)
	places := map[string][2]int{}
	for _, v := range found.Violations {
		if v.Byte != nil {
			places[v.Code] = [2]int{v.Record, *v.Byte}
		}
	}
	require.Equal(t, map[string][2]int{"bank_kana_small": {2, 50}, "zengin_not_digits": {2, 49}}, places, "each at its record and byte")
}

// isMessage reads the ZEDI message with nothing but a reader of XML.
func (m *market) isMessage(t *testing.T, file bankFile) {
	t.Helper()
	require.Equal(t, "zedi", file.Format)
	content := m.content(t, file)
	var transfers, amounts, accounts []string
	decoder := xml.NewDecoder(strings.NewReader(string(content)))
	for element := ""; ; {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		switch part := token.(type) {
		case xml.StartElement:
			element = part.Name.Local
			if element == "CdtTrfTxInf" {
				transfers = append(transfers, element)
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(part)); text != "" && element == "InstdAmt" {
				amounts = append(amounts, text)
			} else if text == shopAccount || text == dinerAccount {
				accounts = append(accounts, text)
			}
		}
	}
	require.Len(t, transfers, 2)
	require.ElementsMatch(t, []string{"11280", "19670"}, amounts)
	require.ElementsMatch(t, []string{shopAccount, dinerAccount}, accounts)
}

// transfers pays the file; the diner's transfer comes back, and goes out again to an account that was put right.
func (m *market) transfers(t *testing.T, file bankFile, of claimed) {
	t.Helper()
	office := m.city.Office
	path := "/v1/admin/bank-files/" + file.ID
	early := harness.Request{Method: http.MethodPost, Path: "/v1/admin/payouts/" + m.transfersOf(t, m.diner)[0].ID + "/return", Key: harness.Key(), Body: fields{"reason": "口座番号相違"}}
	office.Refused(t, http.StatusConflict, "bank_file_not_sent", early)
	office.Refused(t, http.StatusConflict, "bank_file_not_sent", harness.Request{Method: http.MethodPost, Path: path + "/payment", Key: harness.Key(), Body: fields{}})
	require.Equal(t, "sent", harness.Post[bankFile](t, office, path+"/sending", fields{}).State)
	office.Refused(t, http.StatusConflict, "bank_file_state", harness.Request{Method: http.MethodPost, Path: path + "/re-export", Key: harness.Key(), Body: fields{}})
	office.Refused(t, http.StatusUnprocessableEntity, "payout_day_invalid", harness.Request{
		Method: http.MethodPost, Path: path + "/payment", Key: harness.Key(), Body: fields{"on": harness.Today(-1)},
	})
	type filePaid struct {
		Paid   int   `json:"paid"`
		Amount int64 `json:"amount"`
	}
	request := harness.Request{Method: http.MethodPost, Path: path + "/payment", Key: harness.Key(), Body: fields{}}
	answer := office.Call(t, request)
	require.Equal(t, http.StatusCreated, answer.Status, "%s", answer.Body)
	var paid filePaid
	require.NoError(t, answer.Into(&paid))
	require.Equal(t, filePaid{2, 31_500}, paid)
	require.Equal(t, http.StatusOK, office.Call(t, request).Status)
	require.EqualValues(t, 100_000-31_500, position(t, m.city, m.fund, "").Bank)

	sent := m.transfersOf(t, m.diner)
	require.Len(t, sent, 2, "the one of the voided file as well")
	back := sent[0]
	require.Equal(t, "voided", sent[1].State)
	require.Equal(t, [5]any{"paid", "merchant", int64(330), int64(19_670), "0174-255 普通 ****526"}, [5]any{back.State, back.Bearer, back.Fee, back.Transfer, back.Account})
	returning := harness.Request{Method: http.MethodPost, Path: "/v1/admin/payouts/" + back.ID + "/return", Key: harness.Key(), Body: fields{"reason": "口座番号相違"}}
	require.Equal(t, http.StatusCreated, office.Call(t, returning).Status)
	require.Equal(t, http.StatusOK, office.Call(t, returning).Status)
	returning.Key = harness.Key()
	office.Refused(t, http.StatusConflict, "payout_state", returning)
	require.Equal(t, "returned", harness.Get[claim](t, m.diner, "/v1/claims/"+of.diner.ID).State)
	require.Equal(t, "口座番号相違", m.transfersOf(t, m.diner)[0].Reason)
	require.EqualValues(t, 100_000-11_500, position(t, m.city, m.fund, "").Bank)
	office.Refused(t, http.StatusConflict, "bank_file_state", harness.Request{Method: http.MethodGet, Path: path + "/content"})
	exporting := harness.Request{Method: http.MethodPost, Path: "/v1/admin/bank-files", Key: harness.Key(), Body: fields{}}
	office.Refused(t, http.StatusUnprocessableEntity, "bank_file_without_claims", exporting)

	m.city.Account(t, m.diner, dinerAnother)
	require.Equal(t, "corrected", harness.Get[claim](t, m.diner, "/v1/claims/"+of.diner.ID).State)
	made := harness.Book[exported](t, office, "/v1/admin/bank-files", fields{"reason": "再振込"})
	record := readTransfers(t, m.content(t, made.File)).transfers[0]
	require.Equal(t, [4]any{dinerAnother, "2", back.Reference, int64(19_780)}, [4]any{record.number, record.newCode, record.edi, record.amount})
	once := m.transfersOf(t, m.diner)[0]
	require.Equal(t, [4]any{2, int64(220), back.Reference, "exported"}, [4]any{once.Attempt, once.Fee, once.Reference, once.State})
	require.Equal(t, "sent", harness.Post[bankFile](t, office, "/v1/admin/bank-files/"+made.File.ID+"/sending", fields{}).State)
	done := harness.Book[transfer](t, office, "/v1/admin/payouts/"+once.ID+"/payment", fields{"on": made.File.Date})
	require.Equal(t, [3]any{"paid", 2, made.File.Date}, [3]any{done.State, done.NewCode, *done.PaidOn})
	require.Equal(t, "paid", harness.Get[claim](t, m.diner, "/v1/claims/"+of.diner.ID).State)
	require.Equal(t, harness.Position{
		Fund: m.fund, Bank: 68_500, Cash: 68_500, Receivables: 1_000, Unissued: 39_700, Wallets: 24_700, Claimed: 5_100, Points: 69_500,
	}, position(t, m.city, m.fund, ""))
}

func (m *market) transfersOf(t *testing.T, shop *harness.Person) []transfer {
	t.Helper()
	return harness.Get[struct {
		Payouts []transfer `json:"payouts"`
	}](t, shop, "/v1/payouts").Payouts
}

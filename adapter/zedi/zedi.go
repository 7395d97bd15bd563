// Package zedi spells transfer files as ISO 20022 messages, pain.001.001.03, by the profile of ZEDI (全銀EDIシステム), for banks
// that take 総合振込 so (clause 8.3エ). The fixed-length file of package zengin is what every bank takes; this one is an
// option that needs a contract.
//
// 要銀行確認: before a bank gets such a file, it has to confirm
//   - where branches stand (BrnchId beside FinInstnId, as the ISO schema has it; the guide writes it within),
//   - that InstrForDbtrAgt and CdtrAgt's Othr may be missing (識別表示, 手形交換所番号 and the dummies of the fixed-length file),
//   - the contents of the 金融EDI情報: an XML document in base64, three lines of MIME before it, each line in a Ustrd of its
//     own. Its tags are agreed with the payee or registered with 全銀ネット; ours is one element with the reference,
//   - the business application header, if one is wanted. What stands in it is given by the bank, its password too.
//
// The messages carry no comment about this, since a comment is no part of the profile: Notice is for screens.
package zedi

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

// Notice is what a screen says beside such a file.
const Notice = "ZEDI形式(ISO 20022 pain.001.001.03)のファイルは、送信の前に取引銀行の確認が必要です。(要銀行確認)"

const (
	messageName    = "pain.001.001.03"
	clearingSystem = "JPZGN"
	yen            = "JPY"
	transferMethod = "TRF"
	bankScheme     = "BANK"
	unreferenced   = "NOTPROVIDED"
	codeDigits     = 10 // of each of the two customer codes
	base64Width    = 76
)

// Write spells the file as one message, made now. It returns a bank.RefusedError with all that is wrong where the file has
// blocking violations of its Form.
func Write(file bank.TransferFile, p bank.Profile, now time.Time) ([]byte, error) {
	if err := bank.Refuse(file.Form(p)); err != nil {
		return nil, fmt.Errorf("zedi file for %s: %w", file.Date, err)
	}
	return spell(messageOf(file, p, now))
}

// spell writes the roots one behind the other: a file with a header has two.
func spell(roots ...any) ([]byte, error) {
	text := []byte(xml.Header)
	for _, root := range roots {
		element, err := xml.MarshalIndent(root, "", " ")
		if err != nil {
			return nil, fmt.Errorf("zedi element: %w", err)
		}
		text = append(append(text, element...), '\n')
	}
	return text, nil
}

// messageID names a message by its originator, its day and the second it was made in.
func messageID(file bank.TransferFile, now time.Time) string {
	return file.Originator.Code + "-" + file.Date.Start().Format("20060102") + "-" + now.In(calendar.JST).Format("20060102150405")
}

func messageOf(file bank.TransferFile, p bank.Profile, now time.Time) document {
	o := file.Originator
	return document{Initiation: initiation{
		Header: groupHeader{
			MessageID: messageID(file, now),
			CreatedAt: now.In(calendar.JST).Format("2006-01-02T15:04:05"), // without an offset, by the profile
			Payments:  1,                                                  // blocks of payments, by the profile
		},
		Payment: payment{
			ID: "1", Method: transferMethod, Transfers: len(file.Transfers), Sum: int64(file.Total()), Date: file.Date.String(),
			Debtor:         party{ID: organisationOf(o.Code, scheme{Code: bankScheme})},
			DebtorAccount:  accountOf(o.Account),
			DebtorAgent:    agentOf(o.Account, o.BankName, o.BranchName, p),
			UltimateDebtor: party{Name: string(o.Name)},
			CreditTransfers: lo.Map(file.Transfers, func(t bank.CreditTransfer, _ int) transfer {
				return transferOf(t, p)
			}),
		},
	}}
}

func transferOf(t bank.CreditTransfer, p bank.Profile) transfer {
	spelled := transfer{
		ID:              paymentID{EndToEnd: lo.CoalesceOrEmpty(string(t.Reference), unreferenced)},
		Amount:          amount{Instructed: instructed{Currency: yen, Yen: int64(t.Amount)}},
		CreditorAgent:   agentOf(t.Payee, t.BankName, t.BranchName, p),
		Creditor:        party{Name: string(t.Payee.Holder)},
		CreditorAccount: accountOf(t.Payee),
		Purpose:         proprietary{Value: strconv.Itoa(int(t.New))},
	}
	if class := strings.TrimSpace(p.TransferClass); class != "" {
		spelled.Instruction = &instruction{Information: class}
	}
	switch {
	case t.Reference == "":
	case p.EDI:
		spelled.Remittance = &remittance{Unstructured: attachment(ediOf(t.Reference))}
	default:
		codes := strings.Repeat("0", 2*codeDigits-len(t.Reference)) + string(t.Reference)
		spelled.Creditor.ID = &organisation{Others: []other{
			{ID: codes[:codeDigits], Scheme: &scheme{Proprietary: "Customer Code1"}},
			{ID: codes[codeDigits:], Scheme: &scheme{Proprietary: "Customer Code2"}},
		}}
	}
	return spelled
}

// ediOf is the 金融EDI情報 of a reference: references have no character that XML would mind.
func ediOf(reference bank.Kana) string {
	return xml.Header + "<EDI><Reference>" + string(reference) + "</Reference></EDI>"
}

// attachment packs an XML document as the profile wants it: three lines of MIME, then base64 in lines of 76.
func attachment(text string) []string {
	lines := []string{"MIME-Version: 1.0", "Content-Type: text/xml", "Content-Transfer-Encoding: base64"}
	return append(lines, lo.ChunkString(base64.StdEncoding.EncodeToString([]byte(text)), base64Width)...)
}

func organisationOf(id string, s scheme) *organisation {
	return &organisation{Others: []other{{ID: id, Scheme: &s}}}
}

func accountOf(a bank.Account) account {
	return account{ID: a.Number, Type: proprietary{Value: strconv.Itoa(int(a.Type))}}
}

func agentOf(a bank.Account, bankName, branchName bank.Kana, p bank.Profile) agent {
	spelled := agent{Institution: institution{System: clearingSystem, Member: string(a.Bank)}, Branch: branch{ID: string(a.Branch)}}
	if p.BankNames {
		spelled.Institution.Name, spelled.Branch.Name = string(bankName), string(branchName)
	}
	return spelled
}

package zedi

import "encoding/xml"

// The elements of pain.001.001.03 that the profile uses, in the order of the schema. Fields that can be missing are
// pointers or omitted when empty.

type document struct {
	XMLName    xml.Name   `xml:"urn:iso:std:iso:20022:tech:xsd:pain.001.001.03 Document"`
	Initiation initiation `xml:"CstmrCdtTrfInitn"`
}

type initiation struct {
	Header  groupHeader `xml:"GrpHdr"`
	Payment payment     `xml:"PmtInf"`
}

type groupHeader struct {
	MessageID  string `xml:"MsgId"`
	CreatedAt  string `xml:"CreDtTm"`
	Payments   int    `xml:"NbOfTxs"`
	Initiating party  `xml:"InitgPty"`
}

type payment struct {
	ID              string     `xml:"PmtInfId"`
	Method          string     `xml:"PmtMtd"`
	Transfers       int        `xml:"NbOfTxs"`
	Sum             int64      `xml:"CtrlSum"`
	Date            string     `xml:"ReqdExctnDt"`
	Debtor          party      `xml:"Dbtr"`
	DebtorAccount   account    `xml:"DbtrAcct"`
	DebtorAgent     agent      `xml:"DbtrAgt"`
	UltimateDebtor  party      `xml:"UltmtDbtr"`
	CreditTransfers []transfer `xml:"CdtTrfTxInf"`
}

type transfer struct {
	ID              paymentID    `xml:"PmtId"`
	Amount          amount       `xml:"Amt"`
	CreditorAgent   agent        `xml:"CdtrAgt"`
	Creditor        party        `xml:"Cdtr"`
	CreditorAccount account      `xml:"CdtrAcct"`
	Instruction     *instruction `xml:"InstrForCdtrAgt"` // 振込指定区分
	Purpose         proprietary  `xml:"Purp"`            // 新規コード
	Remittance      *remittance  `xml:"RmtInf"`          // 金融EDI情報
}

type paymentID struct {
	EndToEnd string `xml:"EndToEndId"`
}

type amount struct {
	Instructed instructed `xml:"InstdAmt"`
}

type instructed struct {
	Currency string `xml:"Ccy,attr"`
	Yen      int64  `xml:",chardata"`
}

type party struct {
	Name string        `xml:"Nm,omitempty"`
	ID   *organisation `xml:"Id>OrgId"`
}

type organisation struct {
	Others []other `xml:"Othr"`
}

type other struct {
	ID     string  `xml:"Id"`
	Scheme *scheme `xml:"SchmeNm"`
}

type scheme struct {
	Code        string `xml:"Cd,omitempty"`
	Proprietary string `xml:"Prtry,omitempty"`
}

type account struct {
	ID   string      `xml:"Id>Othr>Id"`
	Type proprietary `xml:"Tp"` // 預金種目
}

type proprietary struct {
	Value string `xml:"Prtry"`
}

type agent struct {
	Institution institution `xml:"FinInstnId"`
	Branch      branch      `xml:"BrnchId"`
}

type institution struct {
	System string `xml:"ClrSysMmbId>ClrSysId>Cd"`
	Member string `xml:"ClrSysMmbId>MmbId"`
	Name   string `xml:"Nm,omitempty"`
}

type branch struct {
	ID   string `xml:"Id"`
	Name string `xml:"Nm,omitempty"`
}

type instruction struct {
	Information string `xml:"InstrInf"`
}

type remittance struct {
	Unstructured []string `xml:"Ustrd"`
}

package zedi_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// What the public schemas of ISO 20022 say about the elements that we write, by the names of their types: which elements
// stand in them, in which order and how often, and what a text may be. The schemas themselves are not ours to pass on; this
// table was held against them with xmllint when it was written.
type complexType struct {
	choice   bool // one of the elements, not all in a row
	elements []element
	text     string // the simple type of its text
	currency bool   // has the attribute Ccy
}

type element struct {
	name     string
	of       string // a type of one of the tables; "-" is one that we never write
	min, max int
}

const unbounded = 1 << 30

func one(name, of string) element  { return element{name, of, 1, 1} }
func may(name, of string) element  { return element{name, of, 0, 1} }
func many(name, of string) element { return element{name, of, 0, unbounded} }

var complexTypes = map[string]complexType{
	"Document": {elements: []element{one("CstmrCdtTrfInitn", "CustomerCreditTransferInitiationV03")}},
	"CustomerCreditTransferInitiationV03": {elements: []element{
		one("GrpHdr", "GroupHeader32"), {"PmtInf", "PaymentInstructionInformation3", 1, unbounded},
	}},
	"GroupHeader32": {elements: []element{
		one("MsgId", "Max35Text"), one("CreDtTm", "ISODateTime"),
		{"Authstn", "-", 0, 2},
		one("NbOfTxs", "Max15NumericText"),
		may("CtrlSum", "DecimalNumber"), one("InitgPty", "PartyIdentification32"), may("FwdgAgt", "-"),
	}},
	"PaymentInstructionInformation3": {elements: []element{
		one("PmtInfId", "Max35Text"), one("PmtMtd", "PaymentMethod3Code"), may("BtchBookg", "-"), may("NbOfTxs", "Max15NumericText"),
		may("CtrlSum", "DecimalNumber"), may("PmtTpInf", "-"), one("ReqdExctnDt", "ISODate"), may("PoolgAdjstmntDt", "-"),
		one("Dbtr", "PartyIdentification32"), one("DbtrAcct", "CashAccount16"), one("DbtrAgt", "BranchAndFinancialInstitutionIdentification4"),
		may("DbtrAgtAcct", "-"), may("UltmtDbtr", "PartyIdentification32"), may("ChrgBr", "-"), may("ChrgsAcct", "-"), may("ChrgsAcctAgt", "-"),
		{"CdtTrfTxInf", "CreditTransferTransactionInformation10", 1, unbounded},
	}},
	"PartyIdentification32": {elements: []element{
		may("Nm", "Max140Text"), may("PstlAdr", "-"), may("Id", "Party6Choice"), may("CtryOfRes", "-"), may("CtctDtls", "-"),
	}},
	"Party6Choice":                {choice: true, elements: []element{one("OrgId", "OrganisationIdentification4"), one("PrvtId", "-")}},
	"OrganisationIdentification4": {elements: []element{may("BICOrBEI", "-"), many("Othr", "GenericOrganisationIdentification1")}},
	"GenericOrganisationIdentification1": {elements: []element{
		one("Id", "Max35Text"), may("SchmeNm", "OrganisationIdentificationSchemeName1Choice"), may("Issr", "-"),
	}},
	"OrganisationIdentificationSchemeName1Choice": {choice: true, elements: []element{one("Cd", "Max4Text"), one("Prtry", "Max35Text")}},
	"CashAccount16": {elements: []element{
		one("Id", "AccountIdentification4Choice"), may("Tp", "CashAccountType2"), may("Ccy", "-"), may("Nm", "-"),
	}},
	"AccountIdentification4Choice":  {choice: true, elements: []element{one("IBAN", "-"), one("Othr", "GenericAccountIdentification1")}},
	"GenericAccountIdentification1": {elements: []element{one("Id", "Max34Text"), may("SchmeNm", "-"), may("Issr", "-")}},
	"CashAccountType2":              {choice: true, elements: []element{one("Cd", "-"), one("Prtry", "Max35Text")}},
	"BranchAndFinancialInstitutionIdentification4": {elements: []element{
		one("FinInstnId", "FinancialInstitutionIdentification7"), may("BrnchId", "BranchData2"),
	}},
	"FinancialInstitutionIdentification7": {elements: []element{
		may("BIC", "-"), may("ClrSysMmbId", "ClearingSystemMemberIdentification2"), may("Nm", "Max140Text"), may("PstlAdr", "-"), may("Othr", "-"),
	}},
	"ClearingSystemMemberIdentification2": {elements: []element{may("ClrSysId", "ClearingSystemIdentification2Choice"), one("MmbId", "Max35Text")}},
	"ClearingSystemIdentification2Choice": {choice: true, elements: []element{one("Cd", "Max5Text"), one("Prtry", "-")}},
	"BranchData2":                         {elements: []element{may("Id", "Max35Text"), may("Nm", "Max140Text"), may("PstlAdr", "-")}},
	"CreditTransferTransactionInformation10": {elements: []element{
		one("PmtId", "PaymentIdentification1"), may("PmtTpInf", "-"), one("Amt", "AmountType3Choice"), may("XchgRateInf", "-"), may("ChrgBr", "-"),
		may("ChqInstr", "-"), may("UltmtDbtr", "-"), may("IntrmyAgt1", "-"), may("IntrmyAgt1Acct", "-"), may("IntrmyAgt2", "-"),
		may("IntrmyAgt2Acct", "-"), may("IntrmyAgt3", "-"), may("IntrmyAgt3Acct", "-"),
		may("CdtrAgt", "BranchAndFinancialInstitutionIdentification4"), may("CdtrAgtAcct", "-"), may("Cdtr", "PartyIdentification32"),
		may("CdtrAcct", "CashAccount16"), may("UltmtCdtr", "-"), many("InstrForCdtrAgt", "InstructionForCreditorAgent1"),
		may("InstrForDbtrAgt", "-"), may("Purp", "Purpose2Choice"),
		{"RgltryRptg", "-", 0, 10},
		may("Tax", "-"),
		{"RltdRmtInf", "-", 0, 10},
		may("RmtInf", "RemittanceInformation5"),
	}},
	"PaymentIdentification1":            {elements: []element{may("InstrId", "-"), one("EndToEndId", "Max35Text")}},
	"AmountType3Choice":                 {choice: true, elements: []element{one("InstdAmt", "ActiveOrHistoricCurrencyAndAmount"), one("EqvtAmt", "-")}},
	"ActiveOrHistoricCurrencyAndAmount": {text: "Amount", currency: true},
	"InstructionForCreditorAgent1":      {elements: []element{may("Cd", "-"), may("InstrInf", "Max140Text")}},
	"Purpose2Choice":                    {choice: true, elements: []element{one("Cd", "-"), one("Prtry", "Max35Text")}},
	"RemittanceInformation5":            {elements: []element{many("Ustrd", "Max140Text"), many("Strd", "-")}},

	"BusinessApplicationHeaderV01": {elements: []element{
		may("CharSet", "-"), one("Fr", "Party9Choice"), one("To", "Party9Choice"), one("BizMsgIdr", "Max35Text"), one("MsgDefIdr", "Max35Text"),
		may("BizSvc", "Max35Text"), one("CreDt", "ISONormalisedDateTime"), may("CpyDplct", "-"), may("PssblDplct", "-"), may("Prty", "-"),
		may("Sgntr", "-"), may("Rltd", "-"),
	}},
	"Party9Choice": {choice: true, elements: []element{
		one("OrgId", "PartyIdentification42"), one("FIId", "BranchAndFinancialInstitutionIdentification5"),
	}},
	"PartyIdentification42": {elements: []element{
		may("Nm", "-"), may("PstlAdr", "-"), may("Id", "Party10Choice"), may("CtryOfRes", "-"), may("CtctDtls", "-"),
	}},
	"Party10Choice":                                {choice: true, elements: []element{one("OrgId", "OrganisationIdentification7"), one("PrvtId", "-")}},
	"OrganisationIdentification7":                  {elements: []element{may("AnyBIC", "-"), many("Othr", "GenericOrganisationIdentification1")}},
	"BranchAndFinancialInstitutionIdentification5": {elements: []element{one("FinInstnId", "FinancialInstitutionIdentification8"), may("BrnchId", "-")}},
	"FinancialInstitutionIdentification8": {elements: []element{
		may("BICFI", "-"), may("ClrSysMmbId", "-"), may("Nm", "-"), may("PstlAdr", "-"), may("Othr", "GenericFinancialIdentification1"),
	}},
	"GenericFinancialIdentification1": {elements: []element{one("Id", "Max35Text"), may("SchmeNm", "-"), may("Issr", "-")}},
}

var simpleTypes = map[string]func(text string) bool{
	"Max4Text": upTo(4), "Max5Text": upTo(5), "Max34Text": upTo(34), "Max35Text": upTo(35), "Max140Text": upTo(140),
	"Max15NumericText":      regexp.MustCompile(`^[0-9]{1,15}$`).MatchString,
	"DecimalNumber":         regexp.MustCompile(`^-?[0-9]{1,18}$`).MatchString, // without a fraction, as yen are
	"Amount":                regexp.MustCompile(`^[0-9]{1,18}$`).MatchString,
	"Currency":              regexp.MustCompile(`^[A-Z]{3}$`).MatchString,
	"PaymentMethod3Code":    regexp.MustCompile(`^(CHK|TRF|TRA)$`).MatchString,
	"ISODate":               inForm(time.DateOnly),
	"ISODateTime":           inForm("2006-01-02T15:04:05"),
	"ISONormalisedDateTime": inForm("2006-01-02T15:04:05Z"),
}

func upTo(runes int) func(string) bool {
	return func(text string) bool { return text != "" && utf8.RuneCountInString(text) <= runes }
}

func inForm(form string) func(string) bool {
	return func(text string) bool { _, err := time.Parse(form, text); return err == nil }
}

// roots are the elements that a file begins with, by their namespaces.
var roots = map[xml.Name]string{
	{Space: "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03", Local: "Document"}: "Document",
	{Space: "urn:iso:std:iso:20022:tech:xsd:head.001.001.01", Local: "AppHdr"}:   "BusinessApplicationHeaderV01",
}

// node is an element as it was found.
type node struct {
	name     xml.Name
	attrs    []xml.Attr
	text     string
	children []*node
}

// breaches lists what in a file is not as the schemas have it.
func breaches(file []byte) []string {
	found, err := parse(file)
	if err != nil {
		return []string{err.Error()}
	}
	var wrong []string
	for _, n := range found {
		of, known := roots[n.name]
		if !known {
			wrong = append(wrong, "root "+n.name.Local)
			continue
		}
		wrong = append(wrong, n.breaches(n.name.Space, n.name.Local, of)...)
	}
	return wrong
}

func (n *node) breaches(space, path, of string) []string {
	if n.name.Space != space {
		return []string{path + ": namespace " + n.name.Space}
	}
	if isText, simple := simpleTypes[of]; simple {
		if !isText(n.text) || len(n.children) > 0 || len(n.attributes()) > 0 {
			return []string{path + ": is no " + of}
		}
		return nil
	}
	t, known := complexTypes[of]
	if !known {
		return []string{path + ": is not to be written"}
	}
	var wrong []string
	if !t.attributesFit(n.attributes()) {
		wrong = append(wrong, path+": attributes")
	}
	if t.text != "" {
		if !simpleTypes[t.text](n.text) || len(n.children) > 0 {
			wrong = append(wrong, path+": is no "+t.text)
		}
		return wrong
	}
	if strings.TrimSpace(n.text) != "" {
		wrong = append(wrong, path+": has text")
	}
	if t.choice {
		return append(wrong, n.choiceBreaches(space, path, t)...)
	}
	return append(wrong, n.sequenceBreaches(space, path, t)...)
}

func (n *node) sequenceBreaches(space, path string, t complexType) []string {
	var wrong []string
	rest := n.children
	for _, e := range t.elements {
		count := 0
		for len(rest) > 0 && rest[0].name.Local == e.name && count < e.max {
			wrong = append(wrong, rest[0].breaches(space, path+"/"+e.name, e.of)...)
			rest, count = rest[1:], count+1
		}
		if count < e.min {
			wrong = append(wrong, path+": lacks "+e.name)
		}
	}
	for _, c := range rest {
		wrong = append(wrong, path+": out of place: "+c.name.Local)
	}
	return wrong
}

func (n *node) choiceBreaches(space, path string, t complexType) []string {
	if len(n.children) != 1 {
		return []string{fmt.Sprintf("%s: %d of a choice", path, len(n.children))}
	}
	for _, e := range t.elements {
		if only := n.children[0]; only.name.Local == e.name {
			return only.breaches(space, path+"/"+e.name, e.of)
		}
	}
	return []string{path + ": out of place: " + n.children[0].name.Local}
}

func (t complexType) attributesFit(attrs []xml.Attr) bool {
	if !t.currency {
		return len(attrs) == 0
	}
	return len(attrs) == 1 && attrs[0].Name.Local == "Ccy" && simpleTypes["Currency"](attrs[0].Value)
}

// attributes are those that are no declaration of a namespace.
func (n *node) attributes() []xml.Attr {
	var attrs []xml.Attr
	for _, a := range n.attrs {
		if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}

func parse(file []byte) ([]*node, error) {
	top := &node{}
	open := []*node{top}
	for decoder := xml.NewDecoder(bytes.NewReader(file)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return top.children, nil
		}
		if err != nil {
			return nil, err
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name, attrs: token.Copy().Attr}
			last.children = append(last.children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(token)
		case xml.Comment, xml.Directive:
			return nil, errors.New("a comment or directive")
		}
	}
}

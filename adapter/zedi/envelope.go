package zedi

import (
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
)

// Envelope is what the bank gives for the business application header, head.001.001.01. None of it can be derived from a
// file. Sender ends in a password, so an Envelope is never printed or logged.
type Envelope struct {
	Sender   string // Fr
	Receiver string // To: the bank's number and the code of its centre
	Service  string // BizSvc, the control string; empty where the bank wants none
}

const identifierRunesMax = 35

// ErrEnvelope refuses an envelope that lacks what the bank has given, or holds what no identifier can.
var ErrEnvelope = fault.Define(fault.Invalid, "zedi_envelope_invalid", "送信元、送信先、制御情報には、銀行から通知された35文字以内の値を入力してください。")

// Valid returns ErrEnvelope.
func (e Envelope) Valid() error {
	switch {
	case e.Sender == "" || !isIdentifier(e.Sender):
		return ErrEnvelope.At("sender")
	case e.Receiver == "" || !isIdentifier(e.Receiver):
		return ErrEnvelope.At("receiver")
	case !isIdentifier(e.Service):
		return ErrEnvelope.At("service")
	}
	return nil
}

// Format keeps the password out of printed text, whatever the verb.
func (e Envelope) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[envelope]") }

// LogValue keeps it out of logs.
func (e Envelope) LogValue() slog.Value { return slog.StringValue("[envelope]") }

// MarshalText keeps it out of JSON.
func (e Envelope) MarshalText() ([]byte, error) { return []byte("[envelope]"), nil }

// WriteIn is Write with the header in front: two XML roots in one file, as ZEDI transmits them. It returns ErrEnvelope as
// well.
func (e Envelope) WriteIn(file bank.TransferFile, p bank.Profile, now time.Time) ([]byte, error) {
	if err := e.Valid(); err != nil {
		return nil, fmt.Errorf("zedi envelope: %w", err)
	}
	if err := bank.Refuse(file.Form(p)); err != nil {
		return nil, fmt.Errorf("zedi file for %s: %w", file.Date, err)
	}
	return spell(header{
		From: e.Sender, To: e.Receiver, ID: messageID(file, now), Message: messageName, Service: e.Service,
		CreatedAt: now.UTC().Format("2006-01-02T15:04:05Z"),
	}, messageOf(file, p, now))
}

// header has the elements of head.001.001.01 that the profile uses, in the order of the schema.
type header struct {
	XMLName   xml.Name `xml:"urn:iso:std:iso:20022:tech:xsd:head.001.001.01 AppHdr"`
	From      string   `xml:"Fr>OrgId>Id>OrgId>Othr>Id"`
	To        string   `xml:"To>FIId>FinInstnId>Othr>Id"`
	ID        string   `xml:"BizMsgIdr"`
	Message   string   `xml:"MsgDefIdr"`
	Service   string   `xml:"BizSvc,omitempty"`
	CreatedAt string   `xml:"CreDt"`
}

func isIdentifier(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= identifierRunesMax &&
		strings.TrimSpace(text) == text && !strings.ContainsFunc(text, unicode.IsControl)
}

package proof

import (
	"encoding/binary"

	"lovesaijo/domain/ledger"
)

// The versions of the canonical form, of which each form begins with its own. A form that says more gets the next
// number and is used for entries that have more to say, so that blocks which were sealed before hash as they did.
const (
	canonicalPlain    = 1
	canonicalCorrects = 2 // the entry undoes another one
)

// AppendCanonical appends the canonical form of an entry, the bytes that seals are made over. Every field of the
// entry is in it, numbers big-endian in two's complement, texts as UTF-8 behind their length in four bytes, so that
// no two entries share a form:
//
//	version   1 byte  = 1; 2 for an entry that undoes another one
//	seq       8 bytes
//	id        16 bytes
//	type      1 byte
//	at        8 bytes, microseconds since 1970-01-01T00:00:00Z
//	actor     16 bytes, zero for the system
//	batch     16 bytes, zero for none
//	corrects  16 bytes, the entry that is undone; only in version 2
//	memo      4 + n bytes
//	postings  4 bytes, how many; then each:
//	  fund               4 + n bytes
//	  source             kind 1 byte, owner 16 bytes, lot 16 bytes (zero outside wallets)
//	  destination        the same
//	  points             kind 4 + n bytes, fund 4 + n bytes, expiry 4 bytes (days since 1970-01-01), hops 4 bytes, paid 1 byte
//	  amount             8 bytes
func AppendCanonical(b []byte, e *ledger.Entry) []byte {
	version := byte(canonicalPlain)
	if !e.Corrects.IsZero() {
		version = canonicalCorrects
	}
	b = append(b, version)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Seq))
	b = append(b, e.ID[:]...)
	b = append(b, byte(e.Type))
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
	b = append(b, e.Actor[:]...)
	b = append(b, e.Batch[:]...)
	if version == canonicalCorrects {
		b = append(b, e.Corrects[:]...)
	}
	b = appendText(b, e.Memo)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Postings)))
	for i := range e.Postings {
		p := &e.Postings[i]
		b = appendText(b, string(p.Fund))
		b = appendSide(b, p.Source, p.SourceLot)
		b = appendSide(b, p.Destination, p.DestinationLot)
		b = appendText(b, string(p.Points.Kind))
		b = appendText(b, string(p.Points.Fund))
		b = binary.BigEndian.AppendUint32(b, uint32(p.Points.Expires))
		b = binary.BigEndian.AppendUint32(b, uint32(p.Points.Hops))
		b = append(b, bit(p.Points.Paid))
		b = binary.BigEndian.AppendUint64(b, uint64(p.Amount))
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

func appendSide(b []byte, account ledger.Account, lot [16]byte) []byte {
	b = append(b, byte(account.Kind))
	b = append(b, account.Owner[:]...)
	return append(b, lot[:]...)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// Package ident gives every thing of the platform an identifier that cannot be mistaken for another's.
//
// An identifier is a UUID of version 7 (RFC 9562): its first 48 bits are the millisecond of its making, the
// next 12 bits the fraction of that millisecond, so identifiers made by one process sort by age and fill an
// index from its right edge. The type parameter names what it identifies; passing a lot's identifier where a
// wallet's is due does not compile.
package ident

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"
)

// ID identifies one K. Its zero value identifies nothing.
type ID[K any] [16]byte

// ErrMalformed tells that a text is not an identifier in the usual 8-4-4-4-12 form.
var ErrMalformed = errors.New("malformed identifier")

// New makes an identifier stamped with now.
func New[K any](now time.Time) ID[K] {
	var id ID[K]
	_, _ = rand.Read(id[8:]) // never fails: the runtime ends the program where the system has no randomness
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	fraction := uint16(now.Nanosecond() % int(time.Millisecond) * 4096 / int(time.Millisecond))
	id[6] = 0x70 | byte(fraction>>8)
	id[7] = byte(fraction)
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// Parse reads the 8-4-4-4-12 form, in either case. It returns ErrMalformed for anything else.
func Parse[K any](text string) (ID[K], error) {
	var id ID[K]
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return ID[K]{}, ErrMalformed
	}
	packed := make([]byte, 0, 32)
	for _, part := range []string{text[:8], text[9:13], text[14:18], text[19:23], text[24:]} {
		packed = append(packed, part...)
	}
	if _, err := hex.Decode(id[:], packed); err != nil {
		return ID[K]{}, ErrMalformed
	}
	return id, nil
}

// IsZero tells whether id identifies nothing.
func (id ID[K]) IsZero() bool { return id == ID[K]{} }

// String gives the 8-4-4-4-12 form.
func (id ID[K]) String() string {
	var text [36]byte
	encode(text[:], id)
	return string(text[:])
}

// AppendText appends the 8-4-4-4-12 form to b.
func (id ID[K]) AppendText(b []byte) ([]byte, error) {
	var text [36]byte
	encode(text[:], id)
	return append(b, text[:]...), nil
}

// MarshalText gives the 8-4-4-4-12 form.
func (id ID[K]) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText reads the 8-4-4-4-12 form.
func (id *ID[K]) UnmarshalText(text []byte) error {
	parsed, err := Parse[K](string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

func encode(text []byte, id [16]byte) {
	hex.Encode(text[0:8], id[0:4])
	text[8] = '-'
	hex.Encode(text[9:13], id[4:6])
	text[13] = '-'
	hex.Encode(text[14:18], id[6:8])
	text[18] = '-'
	hex.Encode(text[19:23], id[8:10])
	text[23] = '-'
	hex.Encode(text[24:36], id[10:16])
}

package proof

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
)

// BlockEntriesMax bounds the entries of one seal.
const BlockEntriesMax = 10_000

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// Seal closes a block of the journal: its hash covers the seal before and every entry from First to Last.
type Seal struct {
	No       int64 // 1, 2, 3 … without gaps
	First    int64 // number of the block's first entry
	Last     int64 // number of its last entry
	Entries  int64 // how many there are; the numbers may have gaps, where units were rolled back
	Previous Hash  // hash of the seal before; zero for the first
	Hash     Hash
	SealedAt time.Time // to the microsecond

	Signature []byte // over Head
}

// Head gives the bytes that are signed. Since Hash covers all that came before, a signed head vouches for the whole
// journal up to Last.
func (s *Seal) Head() []byte {
	b := []byte("lovesaijo seal 1\n")
	for _, n := range [...]int64{s.No, s.First, s.Last, s.Entries, s.SealedAt.UnixMicro()} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, s.Previous[:]...)
	return append(b, s.Hash[:]...)
}

// Same tells whether two seals say the same.
func (s *Seal) Same(other *Seal) bool {
	return string(s.Head()) == string(other.Head()) && string(s.Signature) == string(other.Signature)
}

// Seals keeps the seals beside the journal.
type Seals interface {
	// Last gives the newest seal; ok is false before the first.
	Last(ctx context.Context) (seal Seal, ok bool, err error)
	// After gives the seals whose number is above no, in order, at most limit.
	After(ctx context.Context, no int64, limit int) ([]Seal, error)
	// Settled gives the number up to which the journal is certain: every unit that could still add an entry with
	// that number or a smaller one has ended. It may wait a moment for such units, and gives a smaller number,
	// zero if need be, rather than wait for long.
	Settled(ctx context.Context) (seq int64, err error)
	// Entries gives the entries numbered above after and up to until, in order, at most limit.
	Entries(ctx context.Context, after, until int64, limit int) ([]ledger.Entry, error)
	// Append writes a seal. It returns ErrSealTaken where the number has one already.
	Append(ctx context.Context, seal Seal) error
}

// ErrSealTaken tells a sealer that another one was faster. Nothing is lost: the other sealed the same entries.
var ErrSealTaken = fault.Define(fault.Conflict, "seal_taken", "同じ番号の封印がすでにあります。")

// Heads keeps copies of the seals on another store than the journal, appended and never changed, so that a journal
// that was cut short together with its seals contradicts them.
type Heads interface {
	// Append adds heads; they survive a crash once it returns. A head may be appended twice.
	Append(ctx context.Context, heads []Seal) error
	// Last gives the head that was appended last; ok is false where there is none.
	Last(ctx context.Context) (head Seal, ok bool, err error)
	// Each calls yield for every head as it was appended. It ends early with the error that yield returns.
	Each(ctx context.Context, yield func(Seal) error) error
}

// CloseBlock seals entries, of which there is at least one, as the block after previous. A zero previous begins the
// chain. The entries are in the order of the journal. Whoever holds the database must not hold the signer's key.
func CloseBlock(previous Seal, entries []ledger.Entry, signer access.Seal, now time.Time) Seal {
	s := Seal{
		No: previous.No + 1, First: entries[0].Seq, Last: entries[len(entries)-1].Seq, Entries: int64(len(entries)),
		Previous: previous.Hash, SealedAt: now.Truncate(time.Microsecond),
	}
	var b block
	b.open(&s)
	for i := range entries {
		b.add(&entries[i])
	}
	s.Hash = b.sum()
	s.Signature = signer.Seal(s.Head())
	return s
}

// block hashes one block: SHA-256(previous ‖ no ‖ first ‖ last ‖ count ‖ SHA-256(entry) …), numbers in eight bytes.
type block struct {
	hash hash.Hash
	room []byte
}

func (b *block) open(s *Seal) {
	if b.hash == nil {
		b.hash = sha256.New()
	}
	b.hash.Reset()
	b.room = append(b.room[:0], s.Previous[:]...)
	for _, n := range [...]int64{s.No, s.First, s.Last, s.Entries} {
		b.room = binary.BigEndian.AppendUint64(b.room, uint64(n))
	}
	_, _ = b.hash.Write(b.room) // a hash never fails
}

func (b *block) add(e *ledger.Entry) {
	b.room = AppendCanonical(b.room[:0], e)
	sum := sha256.Sum256(b.room)
	_, _ = b.hash.Write(sum[:])
}

func (b *block) sum() Hash { return Hash(b.hash.Sum(nil)) }

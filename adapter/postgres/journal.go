package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
)

// journalChunk is how many entries are read at a time.
const journalChunk = 10_000

// The statements that read the journal. Identifiers carry their time, so the postings of a chunk of entries lie
// together in the index of their entries: one range of it is read instead of searching for each. Where the range
// holds much else, as in a journal that was imported out of order, they are searched for.
const (
	entriesBetween  = `SELECT seq, id, type, at, actor_id, batch_id, corrects_id, memo FROM entries WHERE seq > $1 AND seq <= $2`
	readChunk       = entriesBetween + ` ORDER BY seq LIMIT $3`
	readCorrected   = entriesBetween + ` AND id IN (SELECT corrects_id FROM entries WHERE corrects_id IS NOT NULL) ORDER BY seq LIMIT $3`
	journalPostings = `SELECT entry_id, at, fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on, hops, paid, amount FROM postings`
	readRange       = journalPostings + ` WHERE entry_id >= $1 AND entry_id <= $2 ORDER BY entry_id, no LIMIT $3`
	readScattered   = journalPostings + ` WHERE entry_id = ANY($1) ORDER BY entry_id, no`
)

// journal reads entries with their postings on one connection.
type journal struct {
	conn      *pgx.Conn
	entries   string // readChunk, or readCorrected
	scattered bool   // postings do not lie together
	names     names
	postings  int64           // read so far
	found     *proof.Findings // postings with another moment than their entry's
}

func newJournal(conn *pgx.Conn) *journal {
	return &journal{conn: conn, entries: readChunk, names: names{}, found: &proof.Findings{}}
}

// chunk is a stretch of the journal whose memory is used again.
type chunk struct {
	entries  []ledger.Entry
	postings []ledger.Posting
	byID     []int32 // places of entries in the order of their identifiers
}

// read fills the chunk with the entries numbered above after and up to until.
func (j *journal) read(ctx context.Context, c *chunk, after, until int64, limit int) error {
	if err := j.readEntries(ctx, c, after, until, limit); err != nil {
		return fmt.Errorf("entries after %d: %w", after, err)
	}
	if len(c.entries) == 0 {
		return nil
	}
	c.sort()
	if err := j.readPostings(ctx, c); err != nil {
		return fmt.Errorf("postings of entries after %d: %w", after, err)
	}
	return nil
}

func (j *journal) readEntries(ctx context.Context, c *chunk, after, until int64, limit int) error {
	c.entries = c.entries[:0]
	rows, err := j.conn.Query(ctx, j.entries, binaryRows, after, until, limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v := rows.RawValues()
		c.entries = append(c.entries, ledger.Entry{
			Seq: rawInt8(v[0]), ID: rawUUID(v[1]), Type: ledger.EntryType(rawInt2(v[2])), At: rawTime(v[3]),
			Actor: rawUUID(v[4]), Batch: rawUUID(v[5]), Corrects: rawUUID(v[6]), Memo: j.names.of(v[7]),
		})
	}
	return rows.Err()
}

// sort orders the places of entries by identifier, in which order postings come.
func (c *chunk) sort() {
	c.byID = c.byID[:0]
	for i := range c.entries {
		c.byID = append(c.byID, int32(i))
	}
	byID := func(a, b int32) int { return bytes.Compare(c.entries[a].ID[:], c.entries[b].ID[:]) }
	if !slices.IsSortedFunc(c.byID, byID) {
		slices.SortFunc(c.byID, byID)
	}
}

func (j *journal) readPostings(ctx context.Context, c *chunk) error {
	if !j.scattered {
		limit := 4*len(c.entries) + 1000
		first, last := c.entries[c.byID[0]].ID, c.entries[c.byID[len(c.byID)-1]].ID
		read, err := j.scan(ctx, c, readRange, [16]byte(first), [16]byte(last), limit)
		if err != nil || read < limit {
			return err
		}
		j.scattered = true
	}
	ids := make([][16]byte, len(c.entries))
	for i := range c.entries {
		ids[i] = c.entries[i].ID
	}
	_, err := j.scan(ctx, c, readScattered, ids)
	return err
}

// scan hands the postings of a query, which are in the order of their entries' identifiers, to their entries.
func (j *journal) scan(ctx context.Context, c *chunk, query string, args ...any) (read int, err error) {
	c.postings = slices.Grow(c.postings[:0], 2*len(c.entries))
	rows, err := j.conn.Query(ctx, query, append([]any{binaryRows}, args...)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	ends := make([]int32, len(c.byID)) // where each entry's postings end
	at, mistimed := 0, 0
	for rows.Next() {
		v := rows.RawValues()
		read++
		for at < len(c.byID) && bytes.Compare(c.entries[c.byID[at]].ID[:], v[0]) < 0 {
			ends[at] = int32(len(c.postings))
			at++
		}
		if at == len(c.byID) || !bytes.Equal(c.entries[c.byID[at]].ID[:], v[0]) {
			continue // of an entry in another chunk, or of none
		}
		if e := &c.entries[c.byID[at]]; rawMicros(v[1]) != e.At.UnixMicro() {
			mistimed++
			j.found.Add(proof.PostingMoment, fmt.Sprintf("posting of entry %s (no %d)", e.ID, e.Seq), "says %s, its entry %s", rawTime(v[1]), e.At)
		}
		c.postings = append(c.postings, j.posting(v[2:]))
	}
	for ; at < len(c.byID); at++ {
		ends[at] = int32(len(c.postings))
	}
	start := int32(0)
	for i, place := range c.byID {
		c.entries[place].Postings = c.postings[start:ends[i]:ends[i]]
		start = ends[i]
	}
	j.postings += int64(len(c.postings))
	return read, rows.Err()
}

func (j *journal) posting(v [][]byte) ledger.Posting {
	p := ledger.Posting{
		Fund:           lot.FundCode(j.names.of(v[0])),
		Source:         ledger.Account{Kind: ledger.PotKind(rawInt2(v[1])), Owner: rawUUID(v[2])},
		SourceLot:      rawUUID(v[3]),
		Destination:    ledger.Account{Kind: ledger.PotKind(rawInt2(v[4])), Owner: rawUUID(v[5])},
		DestinationLot: rawUUID(v[6]),
		Amount:         money.Points(rawInt8(v[11])),
	}
	if v[7] != nil {
		p.Points = lot.Key{
			Kind: lot.KindCode(j.names.of(v[7])), Fund: p.Fund, Expires: rawDay(v[8]),
			Hops: rawInt4(v[9]), Paid: rawBool(v[10]),
		}
	}
	return p
}

// each reads the whole journal, the next chunk while yield works on one.
func (j *journal) each(ctx context.Context, yield func([]ledger.Entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full, empty := make(chan *chunk), make(chan *chunk, 2)
	empty <- &chunk{}
	empty <- &chunk{}
	var failure error
	go func() {
		defer close(full)
		failure = j.produce(ctx, full, empty)
	}()
	var refusal error
	for c := range full {
		if refusal == nil {
			if refusal = yield(c.entries); refusal != nil {
				cancel()
			}
		}
		empty <- c
	}
	if refusal != nil {
		return refusal
	}
	return failure
}

func (j *journal) produce(ctx context.Context, full chan<- *chunk, empty <-chan *chunk) error {
	for after := int64(minSeq); ; {
		c := <-empty // both chunks come back: each gives them back after use
		if err := j.read(ctx, c, after, maxSeq, journalChunk); err != nil {
			return err
		}
		if len(c.entries) == 0 {
			return nil
		}
		after = c.entries[len(c.entries)-1].Seq
		select {
		case full <- c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// describeKey names an idempotency key for findings.
func describeKey(actor [16]byte, key string) string {
	return fmt.Sprintf("idempotency key %q of %s", key, ident.ID[proof.Books](actor))
}

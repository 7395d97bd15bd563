package postgres

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/calendar"
)

// binaryRows asks for columns in PostgreSQL's binary form, which the functions of this file read in place. Reading
// millions of rows through Scan costs several times as much.
var binaryRows = pgx.QueryResultFormats{pgx.BinaryFormatCode}

// The bounds of journal numbers, outside of any number given.
const (
	minSeq = math.MinInt64
	maxSeq = math.MaxInt64
)

const (
	epochMicros = 946_684_800_000_000 // 2000-01-01, from which PostgreSQL counts
	epochDays   = 10_957
)

func rawInt2(b []byte) int16 { return int16(binary.BigEndian.Uint16(b)) }

func rawInt4(b []byte) int32 { return int32(binary.BigEndian.Uint32(b)) }

func rawInt8(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) }

func rawBool(b []byte) bool { return b[0] != 0 }

// rawUUID gives the zero identifier for null.
func rawUUID(b []byte) (id [16]byte) {
	copy(id[:], b)
	return id
}

// rawMicros gives microseconds since 1970.
func rawMicros(b []byte) int64 { return rawInt8(b) + epochMicros }

func rawTime(b []byte) time.Time { return time.UnixMicro(rawMicros(b)).UTC() }

func rawDay(b []byte) calendar.Day { return calendar.Day(rawInt4(b)) + epochDays }

// names keeps one copy of each text that repeats, up to a bound.
type names map[string]string

const namesMax = 4096

func (n names) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if name, known := n[string(b)]; known {
		return name
	}
	name := string(b)
	if len(n) < namesMax {
		n[name] = name
	}
	return name
}

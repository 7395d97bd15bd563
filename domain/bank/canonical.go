package bank

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// The bounds of a master.
const (
	MasterBranchesMax = 200_000
	masterBytesMax    = 32 << 20
)

// The refusals of masters as a whole.
var (
	ErrMasterEmpty   = fault.Define(fault.Invalid, "bank_master_empty", "取り込める行がありません。")
	ErrMasterTooLong = fault.Define(fault.Invalid, "bank_master_too_long", "一度に取り込める行数を超えています。")
)

// errMasterMangled tells that a stored master is not what was stored. It is never a person's fault.
var errMasterMangled = errors.New("bank master is mangled")

// NewMaster makes a master of rows in any order. It refuses rows that cannot stand in one, or not beside one another.
func NewMaster(asOf calendar.Day, source string, listings []Listing) (*Master, error) {
	sorted := slices.Clone(listings)
	slices.SortStableFunc(sorted, func(a, b Listing) int {
		if order := strings.Compare(string(a.Bank.Code), string(b.Bank.Code)); order != 0 {
			return order
		}
		return strings.Compare(string(a.Branch.Code), string(b.Branch.Code))
	})
	var text strings.Builder
	var last Listing
	for _, l := range sorted {
		err := l.Valid()
		switch {
		case err != nil:
		case l.Bank.Code != last.Bank.Code:
			writeLine(&text, string(l.Bank.Code), l.Bank.Name, l.Bank.Kana)
		case l.Bank != last.Bank:
			err = ErrMasterBankOther
		case l.Branch.Code == last.Branch.Code:
			err = ErrMasterRowTwice
		}
		if err != nil {
			return nil, fmt.Errorf("branch %q of bank %q: %w", l.Branch.Code, l.Bank.Code, err)
		}
		writeLine(&text, string(l.Branch.Code), l.Branch.Name, l.Branch.Kana)
		last = l
	}
	switch {
	case len(sorted) == 0:
		return nil, ErrMasterEmpty
	case len(sorted) > MasterBranchesMax || text.Len() > masterBytesMax:
		return nil, ErrMasterTooLong
	}
	return index(asOf, source, text.String())
}

// Pack gives the canonical form compressed, for keeping.
func (m *Master) Pack() ([]byte, error) {
	var packed bytes.Buffer
	to, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(to, m.text); err != nil {
		return nil, err
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// Unpack makes a master of what Pack gave. It returns an error where that has another hash, or was never packed.
func Unpack(asOf calendar.Day, source, hash string, packed []byte) (*Master, error) {
	from, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack bank master of %s: %w", asOf, err)
	}
	var text strings.Builder
	if _, err := io.Copy(&text, io.LimitReader(from, masterBytesMax+1)); err != nil {
		return nil, fmt.Errorf("unpack bank master of %s: %w", asOf, err)
	}
	m, err := index(asOf, source, text.String())
	if err != nil {
		return nil, err
	}
	if m.SHA256 != hash {
		return nil, fmt.Errorf("%w: of %s, its hash is %s", errMasterMangled, asOf, m.SHA256)
	}
	return m, nil
}

// The canonical form has a line for each bank, and behind it one for each of its branches, by their codes: code, name
// and kana between tabs. Codes of banks have four digits and those of branches three, so the lines tell themselves apart.
func writeLine(to *strings.Builder, code, name string, kana Kana) {
	to.WriteString(code)
	to.WriteByte('\t')
	to.WriteString(name)
	to.WriteByte('\t')
	to.WriteString(string(kana))
	to.WriteByte('\n')
}

func cutLine(line string) (code, name string, kana Kana) {
	code, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
	name, last, _ := strings.Cut(rest, "\t")
	return code, name, Kana(last)
}

func bankOf(line string) Bank {
	code, name, kana := cutLine(line)
	return Bank{Code(code), name, kana}
}

func branchOf(line string) Branch {
	code, name, kana := cutLine(line)
	return Branch{BranchCode(code), name, kana}
}

// index makes a master of its canonical form. Every line is held against the rules: the form may come from a database.
func index(asOf calendar.Day, source, text string) (*Master, error) {
	m := &Master{AsOf: asOf, Source: source, text: text}
	var bank Bank
	var branch Branch
	at, lines := 0, 0
	for line := range strings.Lines(text) {
		err := error(nil)
		if strings.IndexByte(line, '\t') == bankDigits {
			next := bankOf(line)
			if err = next.valid(); err == nil && next.Code <= bank.Code || lines > 0 && branch == (Branch{}) {
				err = errMasterMangled
			}
			bank, branch = next, Branch{}
			m.banks = append(m.banks, int32(at))
		} else {
			next := branchOf(line)
			if err = next.valid(); err == nil && next.Code <= branch.Code || lines == 0 {
				err = errMasterMangled
			}
			branch = next
			m.branches++
		}
		if lines++; err != nil {
			return nil, fmt.Errorf("line %d of bank master of %s: %w", lines, asOf, err)
		}
		at += len(line)
	}
	if branch == (Branch{}) || !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("end of bank master of %s: %w", asOf, errMasterMangled)
	}
	m.banks = slices.Clip(m.banks)
	sum := sha256.Sum256([]byte(text))
	m.SHA256 = hex.EncodeToString(sum[:])
	return m, nil
}

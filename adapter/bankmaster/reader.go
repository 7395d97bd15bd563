package bankmaster

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// Reader reads CSV files of banks and branches: UTF-8, with or without a byte order mark, or CP932. The first line has
// the names of the columns, in any order and among others; every further line is one branch. Full-width digits and kana
// become narrow, small kana large and long marks hyphens.
type Reader struct{}

var _ bank.MasterReader = Reader{}

// columns are what every file has to have.
var columns = [...]string{"金融機関コード", "支店コード", "金融機関名", "金融機関名カナ", "支店名", "支店名カナ"}

const (
	byteOrderMark  = "\ufeff"
	unreadable     = "\ufffd"
	sourceRunesMax = 200 // kept of a bad row
)

// Read is bank.MasterReader's. A row never goes beyond its line, so that a stray quotation mark spoils no other row.
func (Reader) Read(asOf calendar.Day, source string, file []byte) (bank.Draft, error) {
	header, body, _ := strings.Cut(decoded(file), "\n")
	places, ok := placesOf(header)
	if !ok {
		return bank.Draft{}, bank.ErrMasterFile
	}
	var rows []bank.MasterRow
	kana := narrower{}
	no := 1
	for line := range strings.Lines(body) {
		no++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(strings.ReplaceAll(line, ",", "")) == "" {
			continue
		}
		if len(rows) == bank.MasterBranchesMax {
			return bank.Draft{}, bank.ErrMasterTooLong.With("limit", bank.MasterBranchesMax)
		}
		row := bank.MasterRow{No: no, Source: line}
		row.Listing, row.Fault = kana.listing(line, places)
		if row.Fault != nil {
			row.Source = shortened(line)
		}
		rows = append(rows, row)
	}
	return bank.NewDraft(asOf, source, rows)
}

// decoded gives the file as text, with a sign that stands for what is unreadable. A file without a byte order mark is
// UTF-8 if its first line is.
func decoded(file []byte) string {
	header, _, _ := bytes.Cut(file, []byte("\n"))
	rest, marked := bytes.CutPrefix(file, []byte(byteOrderMark))
	if marked || utf8.Valid(header) {
		return strings.ToValidUTF8(string(rest), unreadable)
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// placesOf finds the columns in the first line.
func placesOf(header string) (places [len(columns)]int, ok bool) {
	names, ok := fields(strings.TrimRight(header, "\r"))
	for i, column := range columns {
		places[i] = -1
		for at, name := range names {
			if strings.Join(strings.Fields(name), "") == column {
				places[i] = at
			}
		}
		ok = ok && places[i] >= 0
	}
	return places, ok
}

// fields takes a line apart.
func fields(line string) (cells []string, ok bool) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), true
	}
	cells, err := csv.NewReader(strings.NewReader(line)).Read()
	return cells, err == nil
}

// narrower remembers the kana of the bank before, which most rows repeat.
type narrower struct {
	typed string
	kana  bank.Kana
}

func (n *narrower) listing(line string, places [len(columns)]int) (l bank.Listing, wrong *fault.Fault) {
	cells, ok := fields(line)
	if !ok || strings.Contains(line, unreadable) {
		return l, bank.ErrMasterRowForm
	}
	var cell [len(columns)]string
	for i, place := range places {
		if place >= len(cells) {
			return l, bank.ErrMasterRowForm
		}
		cell[i] = strings.TrimSpace(cells[place])
	}
	note := func(err error) {
		if why, bad := fault.Of(err); bad && wrong == nil {
			wrong = why
		}
	}
	var err error
	l.Bank.Code, err = bank.ParseCode(cell[0])
	note(err)
	l.Branch.Code, err = bank.ParseBranch(cell[1])
	note(err)
	l.Bank.Name, l.Branch.Name = cell[2], cell[4]
	if cell[3] != n.typed || n.typed == "" {
		n.typed = ""
		if n.kana, err = narrow(cell[3]); err == nil {
			n.typed = cell[3]
		}
		note(err)
	}
	l.Bank.Kana = n.kana
	l.Branch.Kana, err = narrow(cell[5])
	note(err)
	return l, wrong
}

// narrow makes kana for transfer files of those of a list. Lists write the middle dot of foreign names as a full stop.
func narrow(typed string) (bank.Kana, error) {
	reading, err := bank.Narrow(fullStops.Replace(typed), bank.NameOfBank, bank.DefaultProfile())
	if err != nil {
		return "", err
	}
	if reading.NeedsConfirmation() {
		return "", bank.ErrMasterKana
	}
	return reading.Kana, nil
}

var fullStops = strings.NewReplacer(".", "・", "．", "・")

// shortened gives what is kept of a bad row: text that can be shown and stored.
func shortened(line string) string {
	line = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, line)
	if runes := []rune(line); len(runes) > sourceRunesMax {
		return string(runes[:sourceRunesMax])
	}
	return line
}

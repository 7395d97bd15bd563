package granting

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/money"
)

// ListRow is one row of a list as it was handed in.
type ListRow struct {
	No     int // its line in the file, from 1; zero takes its place in the list
	Email  string
	Amount string
	Source string // the whole row, to be handed back; empty takes address and amount
}

// emailNames and amountNames are headings by which a file may name its columns.
var (
	emailNames  = []string{"email", "e-mail", "mail", "メールアドレス", "メール"}
	amountNames = []string{"amount", "points", "金額", "ポイント", "ポイント数", "給付額"}
)

// ReadCSV reads a list from a file in UTF-8, with or without a byte order mark; other encodings are the edge's to
// convert. Columns are found by their headings; a file without headings has the address first and the amount
// second. A row that lacks either is kept, to be handed back. It returns fund.ErrBatchTooLong beyond linesMax rows.
func ReadCSV(text string, linesMax int) ([]ListRow, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord, reader.LazyQuotes, reader.ReuseRecord = -1, true, true
	var lines []ListRow
	email, amount := 0, 1
	for first := true; ; first = false {
		start := reader.InputOffset()
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fund.ErrRowForm.At("csv")
		}
		if first {
			if e, a := column(record, emailNames), column(record, amountNames); e >= 0 && a >= 0 {
				email, amount = e, a
				continue
			}
		}
		if len(lines) == linesMax {
			return nil, fund.ErrBatchTooLong.With("limit", int64(linesMax))
		}
		no, _ := reader.FieldPos(0)
		line := ListRow{No: no, Source: strings.TrimSpace(text[start:reader.InputOffset()])}
		if max(email, amount) < len(record) {
			line.Email, line.Amount = strings.Clone(record[email]), strings.Clone(record[amount])
		}
		lines = append(lines, line)
	}
}

func column(headings, names []string) int {
	for i, heading := range headings {
		for _, name := range names {
			if strings.EqualFold(strings.TrimSpace(heading), name) {
				return i
			}
		}
	}
	return -1
}

// amount reads what people write into spreadsheets: digits of either width, grouped or not. Anything else, and any
// amount that no act can have, is no amount.
func (l ListRow) amount() (money.Points, bool) {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == ',' || r == '，':
			return -1
		}
		return r
	}, strings.TrimSpace(l.Amount))
	for _, r := range digits {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	amount, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || money.Points(amount).Valid() != nil {
		return 0, false
	}
	return money.Points(amount), true
}

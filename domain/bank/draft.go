package bank

import (
	"strconv"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// MasterRow is one row of a file with a newer master.
type MasterRow struct {
	No      int    // its line, from 1
	Source  string // as it was handed in
	Listing Listing
	Fault   *fault.Fault // set where the row could not be read
}

// Reason gives why the row was refused, in Japanese.
func (r MasterRow) Reason() string { return r.Fault.Message }

// Draft is the master that a file would make, and the rows of the file that could not be taken.
type Draft struct {
	Master  *Master
	Refused []MasterRow
}

// MasterReader reads the file of a newer master, which administrators hand in.
type MasterReader interface {
	// Read judges the file row by row: one that is bad is handed back and keeps no other from being taken. It returns
	// ErrMasterFile where the file as a whole cannot be read, ErrMasterEmpty where no row is good.
	Read(asOf calendar.Day, source string, file []byte) (Draft, error)
}

// The refusals of files.
var (
	ErrMasterFile    = fault.Define(fault.Invalid, "bank_master_file_malformed", "ファイルを読み取れません。1行目に「金融機関コード,支店コード,金融機関名,金融機関名カナ,支店名,支店名カナ」の見出しがあるCSV（UTF-8またはShift_JIS）を指定してください。")
	ErrMasterPartial = fault.Define(fault.Refused, "bank_master_partial", "取り込めない行があるか、支店の数が大きく減ります。内容を確かめ、それでもよいときは、一部だけで置き換えることを指定してください。")
	ErrMasterRowForm = fault.Define(fault.Invalid, "bank_master_row_malformed", "行を読み取れません。列の数、引用符、文字コードを確認してください。")
)

const (
	fieldsMax = 100 // bad rows that a refusal names
	goneShare = 20  // one branch in so many may go without a question
)

// NewDraft judges rows in the order of the file. A row is bad that cannot stand in a master, that repeats a branch, or
// whose bank is called otherwise than in the good rows above.
func NewDraft(asOf calendar.Day, source string, rows []MasterRow) (Draft, error) {
	var draft Draft
	var good []Listing
	banks, branches := map[Code]Bank{}, map[[2]string]bool{}
	for _, row := range rows {
		l := row.Listing
		place := [2]string{string(l.Bank.Code), string(l.Branch.Code)}
		if row.Fault == nil {
			row.Fault = judge(l, banks, branches[place])
		}
		if row.Fault != nil {
			draft.Refused = append(draft.Refused, row)
			continue
		}
		banks[l.Bank.Code], branches[place] = l.Bank, true
		good = append(good, l)
	}
	if len(good) == 0 {
		return Draft{}, draft.refusing(ErrMasterEmpty)
	}
	var err error
	draft.Master, err = NewMaster(asOf, source, good)
	return draft, err
}

func judge(l Listing, banks map[Code]Bank, taken bool) *fault.Fault {
	if why, bad := fault.Of(l.Valid()); bad {
		return why
	}
	known, before := banks[l.Bank.Code]
	switch {
	case before && known != l.Bank:
		return ErrMasterBankOther
	case taken:
		return ErrMasterRowTwice
	}
	return nil
}

// refusing gives a refusal that names the first of the bad rows.
func (d Draft) refusing(refusal *fault.Fault) error {
	named := refusal.With("refused", int64(len(d.Refused)))
	for _, row := range d.Refused[:min(len(d.Refused), fieldsMax)] {
		named.Fields = append(named.Fields, fault.Field{Path: "rows[" + strconv.Itoa(row.No) + "]", Code: row.Fault.Code, Message: row.Reason()})
	}
	return named
}

// Complete refuses a draft that leaves something out, with ErrMasterPartial: rows of its file, or more than one in
// twenty branches of the present master, as where the end of a file is missing.
func (d Draft) Complete(present *Master) error {
	_, branches := present.Counts()
	gone := 0
	for _, change := range present.Difference(d.Master).Removed {
		if change.Branch != "" {
			gone++
		}
	}
	if len(d.Refused) == 0 && gone*goneShare <= branches {
		return nil
	}
	return d.refusing(ErrMasterPartial.With("removed_branches", int64(gone)))
}

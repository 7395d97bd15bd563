package bank

import (
	"iter"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// MasterStaleDays is the age from which a master should be replaced: they are published about monthly.
const MasterStaleDays = 60

const masterNameRunesMax = 40

// The refusals of rows of a master.
var (
	ErrMasterName      = fault.Define(fault.Invalid, "bank_master_name_invalid", "金融機関名と支店名は1文字から40文字で入力してください。")
	ErrMasterKana      = fault.Define(fault.Invalid, "bank_master_kana_invalid", "カナは、カナ・英字・数字・空白・ハイフンで、半角にして15文字以内で入力してください。濁点と半濁点も1文字に数えます。")
	ErrMasterRowTwice  = fault.Define(fault.Invalid, "bank_master_row_duplicate", "同じ金融機関コードと支店コードの行が前にあります。")
	ErrMasterBankOther = fault.Define(fault.Invalid, "bank_master_bank_differs", "金融機関名またはカナが、同じ金融機関コードの前の行と違います。")
)

// Bank is a bank of the master.
type Bank struct {
	Code Code
	Name string // 伊予銀行 is written 伊予 in the master
	Kana Kana
}

// Branch is one branch of a bank.
type Branch struct {
	Code BranchCode
	Name string
	Kana Kana
}

// Listing is a branch with its bank: one row of a master.
type Listing struct {
	Bank   Bank
	Branch Branch
}

// Valid refuses what cannot stand in a master.
func (l Listing) Valid() error {
	if err := l.Bank.valid(); err != nil {
		return err
	}
	return l.Branch.valid()
}

func (b Bank) valid() error {
	if !isNumber(string(b.Code), bankDigits) {
		return ErrBankCode
	}
	return validNames(b.Name, b.Kana)
}

func (b Branch) valid() error {
	if !isNumber(string(b.Code), branchDigits) {
		return ErrBranchCode
	}
	return validNames(b.Name, b.Kana)
}

func validNames(name string, kana Kana) error {
	if length := utf8.RuneCountInString(name); length < 1 || length > masterNameRunesMax ||
		!utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return ErrMasterName
	}
	if len(DefaultProfile().Flaws(NameOfBank, kana)) > 0 {
		return ErrMasterKana
	}
	return nil
}

// Master is the list of all banks and their branches as of a day. It is never changed; a newer one replaces it.
//
// It keeps its rows as one text, their canonical form, and finds banks in it by an index: so the 29,000 branches of the
// country take one megabyte, of which names and kana that it gives out are parts.
type Master struct {
	AsOf     calendar.Day
	Source   string // where it comes from, with its licence
	SHA256   string // of the canonical form, in hexadecimal
	text     string
	banks    []int32 // where each bank begins in the text
	branches int
}

// Counts tells how many banks and branches there are.
func (m *Master) Counts() (banks, branches int) { return len(m.banks), m.branches }

// Stale tells whether the master is so old that a newer one should be brought in.
func (m *Master) Stale(today calendar.Day) bool { return today-m.AsOf > MasterStaleDays }

// Bank gives a bank of the master.
func (m *Master) Bank(code Code) (Bank, bool) {
	bank, _, known := m.section(code)
	return bank, known
}

// Find gives a bank and branch of the master. Where the bank has no such branch it gives the bank alone and false.
func (m *Master) Find(code Code, branch BranchCode) (Bank, Branch, bool) {
	bank, branches, known := m.section(code)
	if !known || !isNumber(string(branch), branchDigits) {
		return bank, Branch{}, false
	}
	at := strings.Index(branches, "\n"+string(branch)+"\t")
	if at < 0 {
		return bank, Branch{}, false
	}
	line, _, _ := strings.Cut(branches[at+1:], "\n")
	return bank, branchOf(line), true
}

// Banks gives the banks by code.
func (m *Master) Banks() iter.Seq[Bank] {
	return func(yield func(Bank) bool) {
		for i := range m.banks {
			if bank, _ := m.sectionAt(i); !yield(bank) {
				return
			}
		}
	}
}

// Branches gives the branches of a bank by code; none of a bank that is not there.
func (m *Master) Branches(code Code) iter.Seq[Branch] {
	return func(yield func(Branch) bool) {
		_, branches, _ := m.section(code)
		for line := range strings.Lines(strings.TrimPrefix(branches, "\n")) {
			if !yield(branchOf(line)) {
				return
			}
		}
	}
}

// Listings gives every branch with its bank, by their codes.
func (m *Master) Listings() iter.Seq[Listing] {
	return func(yield func(Listing) bool) {
		for bank := range m.Banks() {
			for branch := range m.Branches(bank.Code) {
				if !yield(Listing{bank, branch}) {
					return
				}
			}
		}
	}
}

// With gives a master that has further rows.
func (m *Master) With(listings ...Listing) (*Master, error) {
	return NewMaster(m.AsOf, m.Source, slices.AppendSeq(slices.Clone(listings), m.Listings()))
}

// section finds a bank, and the lines of its branches behind a line end.
func (m *Master) section(code Code) (bank Bank, branches string, known bool) {
	at := sort.Search(len(m.banks), func(i int) bool { return m.text[m.banks[i]:][:bankDigits] >= string(code) })
	if at == len(m.banks) {
		return Bank{}, "", false
	}
	if bank, branches = m.sectionAt(at); bank.Code != code {
		return Bank{}, "", false
	}
	return bank, branches, true
}

func (m *Master) sectionAt(i int) (bank Bank, branches string) {
	section := m.text[m.banks[i]:]
	if i+1 < len(m.banks) {
		section = m.text[m.banks[i]:m.banks[i+1]]
	}
	end := strings.IndexByte(section, '\n')
	return bankOf(section[:end]), section[end:]
}

package bank

import (
	"context"
	"time"

	"lovesaijo/domain/calendar"
)

// Bank is one row of the bank master.
type Bank struct {
	Code     Code
	Name     string // 伊予銀行 is written 伊予 in the master
	Kana     Kana
	Branches map[BranchCode]Branch
}

// Branch is one branch of a bank.
type Branch struct {
	Code BranchCode
	Name string
	Kana Kana
}

// Master is the list of all banks and their branches as of a day. It is never changed; a newer one replaces it.
type Master struct {
	AsOf   calendar.Day
	Source string // where it comes from, with its licence
	SHA256 string // of the rows in their canonical form
	Banks  map[Code]Bank
}

// Find gives a bank and branch of the master.
func (m *Master) Find(code Code, branch BranchCode) (Bank, Branch, bool) {
	b, known := m.Banks[code]
	if !known {
		return Bank{}, Branch{}, false
	}
	br, known := b.Branches[branch]
	return b, br, known
}

// Masters keeps the bank masters that administrators brought in, inside a unit of work.
type Masters interface {
	// Replace makes a master the newest.
	Replace(ctx context.Context, master *Master, by [16]byte, at time.Time) error
}

// Directory gives the newest master: the embedded one until an administrator has brought in another.
type Directory interface {
	Master(ctx context.Context) (*Master, error)
}

package memory

import (
	"context"
	"time"

	"lovesaijo/domain/bank"
)

// bankMasterRow is a master that was brought in.
type bankMasterRow struct {
	master *bank.Master
	by     [16]byte
	at     time.Time
}

// BankMasters is bank.Masters on a session.
type BankMasters struct {
	session  *Session
	embedded bank.Embedded
}

// BankMasters gives the session's bank masters, over the embedded one.
func (s *Session) BankMasters(embedded bank.Embedded) *BankMasters { return &BankMasters{s, embedded} }

// BankDirectory is bank.Directory on a store.
type BankDirectory struct {
	store    *Store
	embedded bank.Embedded
}

// Banks gives the directory of banks, over the embedded master.
func (s *Store) Banks(embedded bank.Embedded) *BankDirectory { return &BankDirectory{s, embedded} }

var (
	_ bank.Masters   = (*BankMasters)(nil)
	_ bank.Directory = (*BankDirectory)(nil)
)

// Current is bank.Masters'. The unit has the whole store for itself.
func (m *BankMasters) Current(context.Context) (*bank.Master, error) {
	return bank.Newer(m.embedded, m.session.broughtMaster())
}

// Replace is bank.Masters'.
func (m *BankMasters) Replace(_ context.Context, master *bank.Master, by [16]byte, at time.Time) error {
	if master.Source == "" {
		return m.session.fail(violation("bank_masters_source_given", "master of %s", master.AsOf))
	}
	m.session.bankMasters.add(bankMasterRow{master, by, at})
	return nil
}

// Master is bank.Directory's.
func (d *BankDirectory) Master(context.Context) (*bank.Master, error) {
	var brought *bank.Master
	d.store.read(func(t *tables) { brought = t.broughtMaster() })
	return bank.Newer(d.embedded, brought)
}

// broughtMaster gives the last master that was brought in; nil where none was.
func (t *tables) broughtMaster() (last *bank.Master) {
	for row := range t.bankMasters.all() {
		last = row.master
	}
	return last
}

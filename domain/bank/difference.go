package bank

import "iter"

// MasterChange is one bank or branch that two masters have differently.
type MasterChange struct {
	Bank   Code
	Branch BranchCode // empty for the bank itself
	Before Named      // empty where it is new
	After  Named      // empty where it is gone
}

// Named is how a bank or a branch is called.
type Named struct {
	Name string
	Kana Kana
}

// Difference is what a newer master changes, each part by codes. A bank that comes or goes does so with its branches.
type Difference struct {
	Added, Removed, Renamed []MasterChange
}

// Difference tells what next changes of m.
func (m *Master) Difference(next *Master) Difference {
	var d Difference
	before, stopBefore := iter.Pull(m.places())
	defer stopBefore()
	after, stopAfter := iter.Pull(next.places())
	defer stopAfter()
	was, more := before()
	is, further := after()
	for more || further {
		switch {
		case !further || more && was.before(is):
			d.Removed = append(d.Removed, MasterChange{was.Bank, was.Branch, was.After, Named{}})
			was, more = before()
		case !more || is.before(was):
			d.Added = append(d.Added, is)
			is, further = after()
		default:
			if was.After != is.After {
				d.Renamed = append(d.Renamed, MasterChange{is.Bank, is.Branch, was.After, is.After})
			}
			was, more = before()
			is, further = after()
		}
	}
	return d
}

func (c MasterChange) before(other MasterChange) bool {
	return c.Bank < other.Bank || c.Bank == other.Bank && c.Branch < other.Branch
}

// places gives every bank, and behind it its branches, as if all of them were new.
func (m *Master) places() iter.Seq[MasterChange] {
	return func(yield func(MasterChange) bool) {
		for bank := range m.Banks() {
			if !yield(MasterChange{Bank: bank.Code, After: Named{bank.Name, bank.Kana}}) {
				return
			}
			for branch := range m.Branches(bank.Code) {
				if !yield(MasterChange{Bank: bank.Code, Branch: branch.Code, After: Named{branch.Name, branch.Kana}}) {
					return
				}
			}
		}
	}
}

package proof

import (
	"encoding/binary"
	"hash/maphash"
	"slices"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
)

// fingerprint gives lines a number that a forger cannot foresee, since its seed is drawn anew for each proof. Sums
// of fingerprints compare two sets of lines in any order without keeping either; which line it is is found by
// looking again at the wallets whose sums differ.
type fingerprint struct {
	seed maphash.Seed
	room []byte
}

func (f *fingerprint) of(l *ledger.Line) uint64 {
	b := f.room[:0]
	b = append(b, l.Wallet[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.No))
	b = append(b, l.Entry[:]...)
	b = append(b, byte(l.Type), byte(l.Counterpart.Kind))
	b = binary.BigEndian.AppendUint64(b, uint64(l.At.UnixMicro()))
	b = binary.BigEndian.AppendUint64(b, uint64(l.Delta))
	b = binary.BigEndian.AppendUint64(b, uint64(l.Cashback))
	b = binary.BigEndian.AppendUint64(b, uint64(l.Balance))
	b = append(b, l.Counterpart.Owner[:]...)
	b = append(b, l.Memo...)
	f.room = b
	return maphash.Bytes(f.seed, b)
}

// Lines takes the stored lines of all wallets, in any order. It may be fed while the proof folds the journal.
type Lines struct {
	print   fingerprint
	wallets map[ledger.WalletID]*tally
	count   int64
}

type tally struct {
	lines int64
	print uint64
}

// Lines makes a reader of stored lines that CompareLines understands.
func (p *Proof) Lines() *Lines {
	return &Lines{print: fingerprint{seed: p.print.seed}, wallets: map[ledger.WalletID]*tally{}}
}

// Add takes a stored line. The line is not kept.
func (l *Lines) Add(line *ledger.Line) {
	l.count++
	of, known := l.wallets[line.Wallet]
	if !known {
		of = &tally{}
		l.wallets[line.Wallet] = of
	}
	of.lines++
	of.print += l.print.of(line)
}

// CompareLines gives the wallets whose stored history is not the one that the journal makes, by identifier.
func (p *Proof) CompareLines(stored *Lines) []ledger.WalletID {
	p.counts.Lines = stored.count
	var suspects []ledger.WalletID
	for i := range p.holders {
		h := &p.holders[i]
		if of, known := stored.wallets[h.id]; !known || of.lines != h.lines || of.print != h.print {
			suspects = append(suspects, h.id)
		}
	}
	for id := range stored.wallets {
		if _, known := p.wallets[id]; !known {
			suspects = append(suspects, id)
		}
	}
	slices.SortFunc(suspects, func(a, b ledger.WalletID) int { return slices.Compare(a[:], b[:]) })
	return suspects
}

// CompareHistory names the lines of one wallet that differ between what the journal makes and what is stored. Both
// are by number.
func (f *Findings) CompareHistory(wallet ledger.WalletID, recomputed, stored []ledger.Line) {
	subject := "history of wallet " + wallet.String()
	for len(recomputed) > 0 || len(stored) > 0 {
		switch {
		case len(stored) == 0 || len(recomputed) > 0 && recomputed[0].No < stored[0].No:
			l := recomputed[0]
			f.Add(LineMissing, subject, "lacks line %d: %s %+d by entry %s", l.No, l.Type, l.Delta, l.Entry)
			recomputed = recomputed[1:]
		case len(recomputed) == 0 || stored[0].No < recomputed[0].No:
			l := stored[0]
			f.Add(LineExtra, subject, "has line %d, of which the journal knows nothing: %s %+d by entry %s", l.No, l.Type, l.Delta, l.Entry)
			stored = stored[1:]
		default:
			f.compareLine(subject, &recomputed[0], &stored[0])
			recomputed, stored = recomputed[1:], stored[1:]
		}
	}
}

func (f *Findings) compareLine(subject string, journal, stored *ledger.Line) {
	differs := func(what string, has, says any) {
		f.Add(LineDiffers, subject, "has in line %d the %s %v, journal says %v", stored.No, what, has, says)
	}
	if stored.Entry != journal.Entry {
		differs("entry", stored.Entry, journal.Entry)
		return // everything else differs with it
	}
	if stored.Type != journal.Type {
		differs("type", stored.Type, journal.Type)
	}
	if has, says := stored.At.UTC(), journal.At.UTC(); has.UnixMicro() != says.UnixMicro() {
		differs("moment", has, says)
	}
	if stored.Delta != journal.Delta {
		differs("change", int64(stored.Delta), int64(journal.Delta))
	}
	if stored.Cashback != journal.Cashback {
		differs("cashback", int64(stored.Cashback), int64(journal.Cashback))
	}
	if stored.Balance != journal.Balance {
		differs("balance", int64(stored.Balance), int64(journal.Balance))
	}
	if stored.Counterpart != journal.Counterpart {
		differs("counterpart", describeAccount(stored.Counterpart), describeAccount(journal.Counterpart))
	}
	if stored.Memo != journal.Memo {
		f.Add(LineDiffers, subject, "has in line %d another memo than its entry %s", stored.No, stored.Entry)
	}
}

func describeAccount(a ledger.Account) string {
	return a.Kind.String() + ":" + ident.ID[ledger.Account](a.Owner).String()
}

package proof

import (
	"cmp"
	"slices"
	"time"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// ComparePot compares a stored pot; cash is negative, as in the ledger.
func (p *Proof) ComparePot(pot ledger.Pot, balance money.Points) {
	p.counts.Pots++
	p.standing(pot.Fund).Add(pot.Kind, balance)
	state, known := p.pots[pot]
	if known {
		state.seen = true
	} else {
		state = &potState{} // a pot that was opened and never used
	}
	if balance != state.balance {
		p.findings.Add(PotDiffers, describePot(pot), "has %d, journal says %d", shown(pot, balance), shown(pot, state.balance))
	}
}

// CompareWallet compares a stored wallet's balance and count of lines.
func (p *Proof) CompareWallet(id ledger.WalletID, balance money.Points, lines int64) {
	p.counts.Wallets++
	var h holder // a wallet that was never used
	if at, known := p.wallets[id]; known {
		p.holders[at].seen = true
		h = p.holders[at]
	}
	subject := "wallet " + id.String()
	if balance != h.balance {
		p.findings.Add(WalletDiffers, subject, "has %d, journal says %d", int64(balance), int64(h.balance))
	}
	if lines != h.lines {
		p.findings.Add(WalletDiffers, subject, "counts %d lines, journal says %d", lines, h.lines)
	}
}

// CompareLot compares a stored lot.
func (p *Proof) CompareLot(wallet ledger.WalletID, stored *lot.Lot) {
	p.counts.Lots++
	p.standing(stored.Fund).Wallets += stored.Remaining
	at, known := p.lots[stored.ID]
	if !known {
		p.findings.Add(LotExtra, "lot "+stored.ID.String(), "has %d in wallet %s, journal knows no such lot", int64(stored.Remaining), wallet)
		return
	}
	l := &p.lotStates[at]
	l.seen = true
	if stored.Remaining != l.remaining {
		p.findings.Add(LotDiffers, "lot "+stored.ID.String(), "has %d, journal says %d", int64(stored.Remaining), int64(l.remaining))
	}
	if holder := p.holders[l.holder].id; wallet != holder {
		p.findings.Add(LotDiffers, "lot "+stored.ID.String(), "is in wallet %s, journal says %s", wallet, holder)
	}
	if key := p.keyList[l.key]; stored.Key != key {
		p.findings.Add(LotDiffers, "lot "+stored.ID.String(), "is %s, journal says %s", describe(stored.Key), describe(key))
	}
	if stored.Since.UnixMicro() != l.since {
		p.findings.Add(LotDiffers, "lot "+stored.ID.String(), "came on %s, journal says %s",
			stored.Since.UTC().Format(time.RFC3339Nano), time.UnixMicro(l.since).UTC().Format(time.RFC3339Nano))
	}
}

// CompareReturned compares what awards say that payments returned to a wallet at once. All wallets that are said to have
// got something are shown.
func (p *Proof) CompareReturned(id ledger.WalletID, amount money.Points) {
	var earned money.Points
	if at, known := p.wallets[id]; known {
		earned, p.holders[at].earned = p.holders[at].earned, 0
	}
	if amount != earned {
		p.findings.Add(AwardDiffers, "wallet "+id.String(), "was awarded %d, journal says %d", int64(amount), int64(earned))
	}
}

// concludeReturned names cashback that no award tells of.
func (p *Proof) concludeReturned() {
	for i := range p.holders {
		if h := &p.holders[i]; h.earned != 0 {
			p.findings.Add(AwardDiffers, "wallet "+h.id.String(), "was awarded nothing, journal says %d", int64(h.earned))
		}
	}
}

// Conclude names what the journal has and nobody showed, once all stored pots, wallets and lots were compared, and
// checks for each fund that what is stored keeps bank + tills + receivables = unissued + reserved + wallets + claimed.
func (p *Proof) Conclude() {
	for pot, state := range p.pots {
		if !state.seen {
			p.findings.Add(PotMissing, describePot(pot), "is missing, journal says %d", shown(pot, state.balance))
		}
	}
	for i := range p.holders {
		if h := &p.holders[i]; !h.seen {
			p.findings.Add(WalletMissing, "wallet "+h.id.String(), "is missing, journal says %d in %d lines", int64(h.balance), h.lines)
		}
	}
	if int64(len(p.lotStates)) > p.counts.Lots || slices.ContainsFunc(p.lotStates, func(l lotState) bool { return !l.seen }) {
		for id, at := range p.lots {
			if l := &p.lotStates[at]; !l.seen {
				p.findings.Add(LotMissing, "lot "+id.String(), "is missing, journal says %d in wallet %s", int64(l.remaining), p.holders[l.holder].id)
			}
		}
	}
	p.concludeCorrections()
	p.concludeReturned()
	for _, f := range positions(p.stored) {
		if int64(f.Assets()) != int64(f.Points()) {
			p.findings.Add(FundUnbalanced, "fund "+string(f.Fund),
				"has %d in bank, %d in tills and %d receivable, but %d unissued, %d reserved, %d in wallets and %d claimed",
				int64(f.Bank), int64(f.Tills), int64(f.Receivables), int64(f.Unissued), int64(f.Reserved), int64(f.Wallets), int64(f.Claimed))
		}
	}
}

// Position gives what the journal says every fund has and owes, by fund code.
func (p *Proof) Position() []ledger.FundPosition {
	funds := map[lot.FundCode]*ledger.FundPosition{}
	for pot, state := range p.pots {
		positionOf(funds, pot.Fund).Add(pot.Kind, state.balance)
	}
	for i := range p.lotStates {
		l := &p.lotStates[i]
		positionOf(funds, p.keyList[l.key].Fund).Wallets += l.remaining
	}
	return positions(funds)
}

func (p *Proof) standing(fund lot.FundCode) *ledger.FundPosition { return positionOf(p.stored, fund) }

func positionOf(funds map[lot.FundCode]*ledger.FundPosition, fund lot.FundCode) *ledger.FundPosition {
	f, known := funds[fund]
	if !known {
		f = &ledger.FundPosition{Fund: fund}
		funds[fund] = f
	}
	return f
}

func positions(funds map[lot.FundCode]*ledger.FundPosition) []ledger.FundPosition {
	list := make([]ledger.FundPosition, 0, len(funds))
	for _, f := range funds {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b ledger.FundPosition) int { return cmp.Compare(a.Fund, b.Fund) })
	return list
}

// shown gives a pot's balance as people read it: assets are positive.
func shown(pot ledger.Pot, balance money.Points) int64 {
	if pot.Kind.IsAsset() {
		return -int64(balance)
	}
	return int64(balance)
}

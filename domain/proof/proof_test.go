package proof_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
)

func lived(t *testing.T) *prooftest.Town {
	t.Helper()
	town := prooftest.NewTown()
	town.Live(t)
	return unshared(town)
}

// livedOn is a town whose journal has all types of entries.
func livedOn(t *testing.T) *prooftest.Town {
	t.Helper()
	town := prooftest.NewTown()
	town.Live(t)
	town.LiveOn(t)
	return unshared(town)
}

func unshared(town *prooftest.Town) *prooftest.Town {
	for i := range town.Entries {
		town.Entries[i].Postings = slices.Clone(town.Entries[i].Postings)
	}
	return town
}

// prove folds the town's journal and compares it with what stands in the town.
func prove(town *prooftest.Town) *proof.Proof {
	p := proof.New()
	for i := range town.Entries {
		p.Fold(&town.Entries[i])
	}
	for _, u := range town.Undoings {
		p.CompareUndoing(u)
	}
	town.Corrected(p.CompareCorrected)
	town.Returned(p.CompareReturned)
	for pot, balance := range town.Pots {
		p.ComparePot(pot, balance)
	}
	for _, w := range town.Wallets {
		p.CompareWallet(w.ID, w.Balance, w.Lines)
		for i := range w.Lots {
			p.CompareLot(w.ID, &w.Lots[i])
		}
	}
	p.Conclude()
	lines := p.Lines()
	for i := range town.Lines {
		lines.Add(&town.Lines[i])
	}
	again := proof.New()
	suspects := p.CompareLines(lines)
	again.Watch(suspects)
	for i := range town.Entries {
		again.Fold(&town.Entries[i])
	}
	for _, wallet := range suspects {
		stored := slices.DeleteFunc(slices.Clone(town.Lines), func(l ledger.Line) bool { return l.Wallet != wallet })
		p.Findings().CompareHistory(wallet, again.Recomputed(wallet), stored)
	}
	return p
}

func codes(p *proof.Proof) []proof.Code {
	var list []proof.Code
	for _, f := range p.Findings().Kept() {
		if !slices.Contains(list, f.Code) {
			list = append(list, f.Code)
		}
	}
	return list
}

func texts(p *proof.Proof) []string {
	var list []string
	for _, f := range p.Findings().Kept() {
		list = append(list, f.Text)
	}
	return list
}

func TestBooksThatActsWroteProveThemselves(t *testing.T) {
	t.Parallel()
	town := livedOn(t)
	p := prove(town)
	require.Empty(t, p.Findings().Kept())
	types := map[ledger.EntryType]bool{}
	for _, e := range town.Entries {
		types[e.Type] = true
	}
	require.Len(t, types, 19, "story and sequel have every type of entry")
	counts := p.Counts()
	require.EqualValues(t, len(town.Entries), counts.Entries)
	require.EqualValues(t, len(town.Lines), counts.Lines)
	require.EqualValues(t, len(town.Entries), counts.LastSeq)
}

func TestThePositionIsRecomputedFromTheJournalAlone(t *testing.T) {
	t.Parallel()
	town := livedOn(t)
	position := prove(town).Position()
	require.Len(t, position, 2)
	for _, f := range position {
		require.EqualValues(t, f.Assets(), f.Points(), f.Fund)
	}
	city := position[0]
	require.EqualValues(t, "city", city.Fund)
	require.EqualValues(t, 100_300, city.Bank)
	require.EqualValues(t, 5_600, city.Tills)
	require.EqualValues(t, 300, city.Receivables)
	require.EqualValues(t, 300, city.Claimed)
	var held money.Points
	for _, w := range town.Wallets {
		held += w.Balance
	}
	require.Equal(t, held, position[0].Wallets+position[1].Wallets)
}

func TestWhatStandsWrongIsNamedWithBothFigures(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]struct {
		do    func(*prooftest.Town)
		codes []proof.Code
		text  string
	}{
		"a lot": {
			func(town *prooftest.Town) { open(town, prooftest.Stall).Remaining += 100 },
			[]proof.Code{proof.LotDiffers, proof.FundUnbalanced},
			"journal says",
		},
		"a wallet's balance": {
			func(town *prooftest.Town) { town.Wallets[0].Balance = 1 },
			[]proof.Code{proof.WalletDiffers},
			"has 1, journal says",
		},
		"a wallet's count of lines": {
			func(town *prooftest.Town) { town.Wallets[0].Lines = 99 },
			[]proof.Code{proof.WalletDiffers},
			"counts 99 lines, journal says",
		},
		"a lot's key": {
			func(town *prooftest.Town) { open(town, prooftest.Stall).Hops = 0 },
			[]proof.Code{proof.LotDiffers},
			"0 hops",
		},
		"a lot's moment": {
			func(town *prooftest.Town) { open(town, prooftest.Stall).Since = town.Now },
			[]proof.Code{proof.LotDiffers},
			"came on",
		},
		"a lot from nowhere": {func(town *prooftest.Town) {
			town.Wallets[0].Lots = append(town.Wallets[0].Lots, lot.Lot{ID: lot.ID{1}, Remaining: 7, Key: lot.Key{Fund: "city"}})
		}, []proof.Code{proof.LotExtra, proof.FundUnbalanced}, "journal knows no such lot"},
		"a pot of cash": {func(town *prooftest.Town) {
			town.Pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Bank}, Fund: "city"}] -= 5
		}, []proof.Code{proof.PotDiffers, proof.FundUnbalanced}, "pot bank:city has 84005, journal says 84000"},
		"a pot taken away": {func(town *prooftest.Town) {
			delete(town.Pots, ledger.Pot{Account: ledger.Account{Kind: ledger.Till, Owner: prooftest.Shop}, Fund: "city"})
		}, []proof.Code{proof.PotMissing, proof.FundUnbalanced}, "is missing, journal says 1300"},
		"a line's balance": {
			func(town *prooftest.Town) { town.Lines[1].Balance += 3 },
			[]proof.Code{proof.LineDiffers},
			"the balance 3003, journal says 3000",
		},
		"a line's memo": {
			func(town *prooftest.Town) { town.Lines[1].Memo = "別" },
			[]proof.Code{proof.LineDiffers},
			"another memo",
		},
		"a line taken away": {
			func(town *prooftest.Town) { town.Lines = slices.Delete(town.Lines, 3, 4) },
			[]proof.Code{proof.LineMissing},
			"lacks line",
		},
		"a line too many": {func(town *prooftest.Town) {
			town.Lines = append(town.Lines, ledger.Line{Wallet: prooftest.Hana, No: 99, Delta: 5, Type: ledger.Grant})
		}, []proof.Code{proof.LineExtra}, "has line 99, of which the journal knows nothing: grant +5"},
		"two lines that changed places": {func(town *prooftest.Town) {
			mine := slices.DeleteFunc([]int{0, 1, 2, 3, 4, 5, 6}, func(i int) bool { return town.Lines[i].Wallet != prooftest.Hana })
			a, b := &town.Lines[mine[0]], &town.Lines[mine[1]]
			a.Entry, b.Entry = b.Entry, a.Entry
		}, []proof.Code{proof.LineDiffers}, "the entry"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			town := lived(t)
			plant.do(town)
			p := prove(town)
			require.ElementsMatch(t, plant.codes, codes(p), texts(p))
			require.Contains(t, texts(p)[0], plant.text)
		})
	}
}

func TestAWalletTakenAwayIsNamed(t *testing.T) {
	t.Parallel()
	town := lived(t)
	town.Wallets = slices.DeleteFunc(town.Wallets, func(w *ledger.Wallet) bool { return w.ID == prooftest.Stall })
	require.ElementsMatch(t, []proof.Code{proof.WalletMissing, proof.LotMissing, proof.FundUnbalanced}, codes(prove(town)))
}

// payment finds the posting of the first payment.
func payment(town *prooftest.Town) *ledger.Posting { return &town.Entries[10].Postings[0] }

func TestAnEntryThatNoActCouldHaveWrittenIsNamed(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]struct {
		do   func(*prooftest.Town)
		code proof.Code
	}{
		"without a posting":                {func(town *prooftest.Town) { town.Entries[10].Postings = nil }, proof.EntryEmpty},
		"of an unknown type":               {func(town *prooftest.Town) { town.Entries[10].Type = 77 }, proof.EntryType},
		"of a type with another route":     {func(town *prooftest.Town) { town.Entries[10].Type = ledger.Charge }, proof.PostingRoute},
		"with an amount of zero":           {func(town *prooftest.Town) { payment(town).Amount = 0 }, proof.PostingAmount},
		"with a negative amount":           {func(town *prooftest.Town) { payment(town).Amount = -5 }, proof.PostingAmount},
		"without a lot":                    {func(town *prooftest.Town) { payment(town).SourceLot = lot.ID{} }, proof.PostingForm},
		"with a lot outside a wallet":      {func(town *prooftest.Town) { town.Entries[0].Postings[0].SourceLot = lot.ID{1} }, proof.PostingForm},
		"with points between pots":         {func(town *prooftest.Town) { town.Entries[0].Postings[0].Points.Kind = "gift" }, proof.PostingForm},
		"with an owner of a bank":          {func(town *prooftest.Town) { town.Entries[0].Postings[0].Source.Owner[3] = 1 }, proof.PostingForm},
		"with points of another fund":      {func(town *prooftest.Town) { payment(town).Points.Fund = "other" }, proof.PostingFund},
		"from a lot of nobody":             {func(town *prooftest.Town) { payment(town).SourceLot = lot.ID{9} }, proof.LotUnknown},
		"from another wallet's lot":        {func(town *prooftest.Town) { payment(town).Source.Owner = prooftest.Taro }, proof.LotHolder},
		"into another wallet's lot":        {func(town *prooftest.Town) { payment(town).DestinationLot = open(town, prooftest.Taro).ID }, proof.LotHolder},
		"of more than the lot had":         {func(town *prooftest.Town) { payment(town).Amount += 10_000_000 }, proof.LotOverdrawn},
		"that overdraws a wallet":          {func(town *prooftest.Town) { payment(town).Amount += 10_000_000 }, proof.WalletOverdrawn},
		"that overdraws a pot":             {func(town *prooftest.Town) { town.Entries[2].Postings[0].Amount += 1_000_000 }, proof.PotOverdrawn},
		"that pays out cash not there":     {func(town *prooftest.Town) { town.Entries[13].Postings[0].Amount += 1_000_000 }, proof.PotOverdrawn},
		"with a forgotten hop":             {func(town *prooftest.Town) { payment(town).Points.Hops = 0 }, proof.PostingPassed},
		"with a hop too many":              {func(town *prooftest.Town) { payment(town).Points.Hops = 2 }, proof.PostingPassed},
		"that changes the kind":            {func(town *prooftest.Town) { payment(town).Points.Kind = "charge" }, proof.PostingPassed},
		"that makes free points paid":      {func(town *prooftest.Town) { payment(town).Points.Paid = true }, proof.PostingPassed},
		"that prolongs an expiry":          {func(town *prooftest.Town) { payment(town).Points.Expires++ }, proof.PostingExpiry},
		"that grants points with hops":     {func(town *prooftest.Town) { town.Entries[4].Postings[0].Points.Hops = 1 }, proof.PostingOriginal},
		"that grants points as paid":       {func(town *prooftest.Town) { town.Entries[4].Postings[0].Points.Paid = true }, proof.PostingOriginal},
		"that spends a lapsed lot":         {func(town *prooftest.Town) { town.Entries[10].At = calendar.On(2027, 11, 1).Start() }, proof.PostingLapse},
		"that lapses a lot before its day": {func(town *prooftest.Town) { town.Entries[15].At = town.Entries[14].At }, proof.PostingLapse},
		"with a number given before":       {func(town *prooftest.Town) { town.Entries[10].Seq = 3 }, proof.EntryOrder},
		"that puts other points in a lot": {func(town *prooftest.Town) {
			town.Entries[16].Postings[0].DestinationLot = town.Entries[9].Postings[0].DestinationLot
			town.Entries[16].Postings[0].Points.Expires = calendar.On(2028, 1, 1)
		}, proof.LotKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			town := lived(t)
			plant.do(town)
			require.Contains(t, codes(prove(town)), plant.code)
		})
	}
}

func TestAnEntryTakenAwayShowsInWhatStands(t *testing.T) {
	t.Parallel()
	for n := range len(livedOn(t).Entries) {
		town := livedOn(t)
		town.Entries = slices.Delete(town.Entries, n, n+1)
		require.NotZero(t, prove(town).Findings().Total(), "entry %d", n+1)
	}
}

func TestManyFindingsAreCountedAndTheFirstAreKept(t *testing.T) {
	t.Parallel()
	var f, others proof.Findings
	for range 700 {
		f.Add(proof.EntryEmpty, "entry", "is empty")
		others.Add(proof.EntryEmpty, "entry", "is empty")
	}
	f.Join(&others)
	require.Equal(t, 1400, f.Total())
	require.Len(t, f.Kept(), 1000)
}

func open(town *prooftest.Town, wallet ledger.WalletID) *lot.Lot {
	for _, w := range town.Wallets {
		for i := range w.Lots {
			if w.ID == wallet && w.Lots[i].Remaining > 0 {
				return &w.Lots[i]
			}
		}
	}
	return nil
}

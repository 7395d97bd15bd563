package proof_test

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
)

var key = prooftest.NewKey(1)

// sealed closes blocks of five entries and leaves the rest open.
func sealed(town *prooftest.Town) []proof.Seal {
	var seals []proof.Seal
	var last proof.Seal
	for block := range slices.Chunk(town.Entries, 5) {
		if len(block) == 5 {
			last = proof.CloseBlock(last, block, key, town.Now)
			seals = append(seals, last)
		}
	}
	return seals
}

func check(town *prooftest.Town, seals, heads []proof.Seal) *proof.Findings {
	c := proof.NewChain(seals, key)
	for i := range town.Entries {
		c.Fold(&town.Entries[i])
	}
	c.Conclude()
	numbers := map[int64]bool{}
	for i := range heads {
		numbers[heads[i].No] = true
		c.Head(&heads[i], key)
	}
	c.Exported(numbers)
	return c.Findings()
}

func TestAJournalAgreesWithItsSeals(t *testing.T) {
	t.Parallel()
	town := lived(t)
	seals := sealed(town)
	require.Len(t, seals, 3)
	require.Empty(t, check(town, seals, seals).Kept())
	require.Empty(t, check(town, seals, seals[:2]).Kept(), "the newest head may not be exported yet")

	c := proof.NewChain(seals, key)
	for i := range town.Entries {
		c.Fold(&town.Entries[i])
	}
	require.EqualValues(t, 2, c.Unsealed())
}

func TestGapsInTheNumbersOfAJournalAreNoFinding(t *testing.T) {
	t.Parallel()
	town := lived(t)
	for i := range town.Entries {
		town.Entries[i].Seq *= 7
	}
	seals := sealed(town)
	require.Empty(t, check(town, seals, seals).Kept())
}

func TestAForgerWithTheDatabaseButWithoutTheKeyIsFound(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]struct {
		do    func(town *prooftest.Town, seals []proof.Seal) (*prooftest.Town, []proof.Seal)
		codes []proof.Code
	}{
		"who changes a memo": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			town.Entries[7].Memo = "別"
			return town, s
		}, []proof.Code{proof.SealHash}},
		"who deletes an entry": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			town.Entries = slices.Delete(town.Entries, 7, 8)
			return town, s
		}, []proof.Code{proof.SealHash}},
		"who swaps two entries": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			a, b := &town.Entries[6], &town.Entries[7]
			*a, *b = *b, *a
			a.Seq, b.Seq = b.Seq, a.Seq
			return town, s
		}, []proof.Code{proof.SealHash}},
		"who forges a lot's key": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			payment(town).Points.Hops++
			return town, s
		}, []proof.Code{proof.SealHash}},
		"who cuts the tail": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			town.Entries = town.Entries[:12]
			return town, s
		}, []proof.Code{proof.JournalCutShort, proof.SealHash}},
		"who cuts the tail and its seals": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			town.Entries = town.Entries[:10]
			return town, s[:2]
		}, []proof.Code{proof.JournalCutShort}},
		"who takes a seal away": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			return town, slices.Delete(s, 1, 2)
		}, []proof.Code{proof.SealOrder, proof.SealBypassed, proof.SealMissing}},
		"who slips an entry between blocks": {func(town *prooftest.Town, _ []proof.Seal) (*prooftest.Town, []proof.Seal) {
			for i := range town.Entries {
				town.Entries[i].Seq *= 2
			}
			s := sealed(town)
			more := town.Entries[0]
			more.Seq = 11
			town.Entries = slices.Insert(town.Entries, 5, more)
			return town, s
		}, []proof.Code{proof.SealBypassed, proof.HeadDiffers}},
		"who seals anew with another key": {func(town *prooftest.Town, s []proof.Seal) (*prooftest.Town, []proof.Seal) {
			town.Entries[12].Memo = "別"
			s[2] = proof.CloseBlock(s[1], town.Entries[10:15], prooftest.NewKey(2), town.Now)
			return town, s
		}, []proof.Code{proof.SealSignature, proof.HeadDiffers}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			town := lived(t)
			heads := sealed(town)
			town, seals := plant.do(town, slices.Clone(heads))
			var found []proof.Code
			for _, f := range check(town, seals, heads).Kept() {
				if !slices.Contains(found, f.Code) {
					found = append(found, f.Code)
				}
			}
			require.ElementsMatch(t, plant.codes, found)
		})
	}
}

func TestTheExportedHeadTellsWhereACutJournalEnded(t *testing.T) {
	t.Parallel()
	town := lived(t)
	heads := sealed(town)
	town.Entries = town.Entries[:10]
	findings := check(town, heads[:2], heads).Kept()
	require.Len(t, findings, 1)
	require.Equal(t, "journal ends at 10, exported head 3 says 15", findings[0].Text)
}

func TestAHeadThatWasNeverExportedOrIsForgedIsFound(t *testing.T) {
	t.Parallel()
	town := lived(t)
	seals := sealed(town)
	missing := check(town, seals, []proof.Seal{seals[0], seals[2]}).Kept()
	require.Len(t, missing, 1)
	require.Equal(t, proof.HeadMissing, missing[0].Code)

	forged := prooftest.Example(4)
	forged.Signature[0]++
	findings := check(town, seals, append(slices.Clone(seals), forged)).Kept()
	require.Len(t, findings, 1)
	require.Equal(t, proof.HeadSignature, findings[0].Code)
}

// The form is what seals of years ago were made over: it may be added to under a new version, never changed.
func TestTheCanonicalFormOfAnEntryStaysAsItIs(t *testing.T) {
	t.Parallel()
	e := ledger.Entry{
		ID: ledger.EntryID{1}, Seq: 2, Type: ledger.Payment, At: calendar.On(2026, 11, 23).Start(), Actor: [16]byte{3}, Batch: ledger.BatchID{4}, Memo: "西条",
		Postings: []ledger.Posting{{
			Fund: "city", Source: ledger.Account{Kind: ledger.InWallet, Owner: [16]byte{5}}, SourceLot: lot.ID{6},
			Destination: ledger.Account{Kind: ledger.InWallet, Owner: [16]byte{7}}, DestinationLot: lot.ID{8},
			Points: lot.Key{Kind: "gift", Fund: "city", Expires: 1, Hops: 2, Paid: true}, Amount: 9,
		}},
	}
	zeros := func(n int) string { return hex.EncodeToString(make([]byte, n)) }
	require.Equal(t, "01"+"0000000000000002"+"01"+zeros(15)+"08"+"000660debb33bc00"+"03"+zeros(15)+"04"+zeros(15)+
		"00000006"+"e8a5bfe69da1"+"00000001"+
		"00000004"+"63697479"+"05"+"05"+zeros(15)+"06"+zeros(15)+"05"+"07"+zeros(15)+"08"+zeros(15)+
		"00000004"+"67696674"+"00000004"+"63697479"+"00000001"+"00000002"+"01"+"0000000000000009",
		hex.EncodeToString(proof.AppendCanonical(nil, &e)))
}

// An entry that undoes another one says so in a form of its own. All others hash as they did before there were any.
func TestWhatAnEntryUndoesIsSealed(t *testing.T) {
	t.Parallel()
	town := livedOn(t)
	plain, correction := *entry(town, 21), *entry(town, 22)
	require.Equal(t, byte(1), proof.AppendCanonical(nil, &plain)[0])
	form := proof.AppendCanonical(nil, &correction)
	require.Equal(t, byte(2), form[0])
	const behindBatch = 1 + 8 + 16 + 1 + 8 + 16 + 16
	require.Equal(t, plain.ID[:], form[behindBatch:behindBatch+16])
	correction.Corrects[15]++
	require.NotEqual(t, form, proof.AppendCanonical(nil, &correction))
	correction.Corrects = ledger.EntryID{}
	require.Equal(t, append([]byte{1}, append(slices.Clone(form[1:behindBatch]), form[behindBatch+16:]...)...), proof.AppendCanonical(nil, &correction))
}

func TestEveryFieldOfAnEntryIsSealed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ledger.Entry){
		"id":              func(e *ledger.Entry) { e.ID[4]++ },
		"seq":             func(e *ledger.Entry) { e.Seq++ },
		"type":            func(e *ledger.Entry) { e.Type++ },
		"at":              func(e *ledger.Entry) { e.At = e.At.Add(1000) },
		"actor":           func(e *ledger.Entry) { e.Actor[0]++ },
		"batch":           func(e *ledger.Entry) { e.Batch[0]++ },
		"memo":            func(e *ledger.Entry) { e.Memo += "." },
		"a posting less":  func(e *ledger.Entry) { e.Postings = e.Postings[1:] },
		"fund":            func(e *ledger.Entry) { e.Postings[0].Fund += "x" },
		"source kind":     func(e *ledger.Entry) { e.Postings[0].Source.Kind++ },
		"source":          func(e *ledger.Entry) { e.Postings[0].Source.Owner[0]++ },
		"source lot":      func(e *ledger.Entry) { e.Postings[0].SourceLot[0]++ },
		"destination":     func(e *ledger.Entry) { e.Postings[0].Destination.Owner[0]++ },
		"destination lot": func(e *ledger.Entry) { e.Postings[0].DestinationLot[0]++ },
		"kind":            func(e *ledger.Entry) { e.Postings[0].Points.Kind += "x" },
		"points' fund":    func(e *ledger.Entry) { e.Postings[0].Points.Fund += "x" },
		"expiry":          func(e *ledger.Entry) { e.Postings[0].Points.Expires++ },
		"hops":            func(e *ledger.Entry) { e.Postings[0].Points.Hops++ },
		"paid":            func(e *ledger.Entry) { e.Postings[0].Points.Paid = !e.Postings[0].Points.Paid },
		"amount":          func(e *ledger.Entry) { e.Postings[0].Amount++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			town := lived(t)
			e := town.Entries[10]
			before := proof.AppendCanonical(nil, &e)
			change(&e)
			require.NotEqual(t, before, proof.AppendCanonical(nil, &e))
		})
	}
}

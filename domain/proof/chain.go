package proof

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
)

// Chain checks the journal against the seals. Each block is checked against the hash that the seal before says it
// has, so one changed entry is one finding and not one for every later block.
type Chain struct {
	seals    []Seal
	next     int // the seal whose block is open, or comes next
	block    block
	begun    bool
	taken    int64 // entries of the open block
	last     int64 // number of the last entry
	unsealed int64
	findings *Findings
}

// NewChain makes a check against seals, which are by number, and verifies the seals themselves.
func NewChain(seals []Seal, signer access.Seal) *Chain {
	c := &Chain{seals: seals, findings: &Findings{}}
	var former Seal
	for i := range seals {
		s := &seals[i]
		if s.No != former.No+1 {
			c.findings.Add(SealOrder, sealSubject(s), "follows seal %d", former.No)
		}
		if s.First <= former.Last || s.Last < s.First {
			c.findings.Add(SealOrder, sealSubject(s), "covers entries %d to %d, the one before ends at %d", s.First, s.Last, former.Last)
		}
		if s.Previous != former.Hash {
			c.findings.Add(SealOrder, sealSubject(s), "follows a seal with hash %s…, the one before has %s…", brief(s.Previous), brief(former.Hash))
		}
		if !signer.Verify(s.Head(), s.Signature) {
			c.findings.Add(SealSignature, sealSubject(s), "does not carry the platform's signature")
		}
		former = *s
	}
	return c
}

// Fold takes the next entry of the journal. The entry is not kept.
func (c *Chain) Fold(e *ledger.Entry) {
	c.last = e.Seq
	for c.next < len(c.seals) && e.Seq > c.seals[c.next].Last {
		c.close()
	}
	if c.next == len(c.seals) {
		c.unsealed++
		return
	}
	s := &c.seals[c.next]
	if e.Seq < s.First {
		c.findings.Add(SealBypassed, fmt.Sprintf("entry %s (no %d)", e.ID, e.Seq), "stands before seal %d (entries %d to %d), which does not cover it", s.No, s.First, s.Last)
		return
	}
	if !c.begun {
		c.block.open(s)
		c.begun = true
	}
	c.block.add(e)
	c.taken++
}

// close compares the block that ended.
func (c *Chain) close() {
	s := &c.seals[c.next]
	if !c.begun {
		c.block.open(s)
	}
	if c.taken != s.Entries {
		c.findings.Add(SealHash, sealSubject(s), "covers %d entries from %d to %d, the journal has %d", s.Entries, s.First, s.Last, c.taken)
	} else if hash := c.block.sum(); hash != s.Hash {
		c.findings.Add(SealHash, sealSubject(s), "says entries %d to %d have hash %s…, the journal's have %s…", s.First, s.Last, brief(s.Hash), brief(hash))
	}
	c.begun, c.taken = false, 0
	c.next++
}

// Conclude ends the journal: blocks that it does not reach are compared with what is left of it.
func (c *Chain) Conclude() {
	if n := len(c.seals); n > 0 && c.last < c.seals[n-1].Last {
		c.findings.Add(JournalCutShort, "journal", "ends at %d, seal %d says %d", c.last, c.seals[n-1].No, c.seals[n-1].Last)
	}
	for c.next < len(c.seals) {
		c.close()
	}
}

// Head compares an exported head with the seals, once the journal is folded.
func (c *Chain) Head(head *Seal, signer access.Seal) {
	subject := fmt.Sprintf("exported head %d", head.No)
	if at, stands := slices.BinarySearchFunc(c.seals, head.No, func(s Seal, no int64) int { return cmp.Compare(s.No, no) }); stands {
		if s := &c.seals[at]; !s.Same(head) {
			c.findings.Add(HeadDiffers, subject, "says entries up to %d have hash %s…, the seal says %d and %s…", head.Last, brief(head.Hash), s.Last, brief(s.Hash))
		}
		return // the same bytes as the seal's, whose signature is verified
	}
	switch {
	case !signer.Verify(head.Head(), head.Signature):
		c.findings.Add(HeadSignature, subject, "does not carry the platform's signature")
	case head.Last > c.last:
		c.findings.Add(JournalCutShort, "journal", "ends at %d, exported head %d says %d", c.last, head.No, head.Last)
	default:
		c.findings.Add(SealMissing, subject, "has no seal in the database")
	}
}

// Exported compares the numbers of all exported heads with the seals: up to the newest head none may be missing.
func (c *Chain) Exported(numbers map[int64]bool) {
	var newest int64
	for no := range numbers {
		newest = max(newest, no)
	}
	for i := range c.seals {
		if s := &c.seals[i]; s.No < newest && !numbers[s.No] {
			c.findings.Add(HeadMissing, sealSubject(s), "was never exported, though head %d was", newest)
		}
	}
}

// Unsealed tells how many entries came after the last seal.
func (c *Chain) Unsealed() int64 { return c.unsealed }

// Findings gives what the chain found.
func (c *Chain) Findings() *Findings { return c.findings }

func sealSubject(s *Seal) string { return fmt.Sprintf("seal %d", s.No) }

func brief(h Hash) string { return hex.EncodeToString(h[:6]) }

package settling

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/settlement"
)

// fieldsMax bounds the violations that a refusal names.
const fieldsMax = 100

// spell gives the file's bytes once nothing stands against them any more: neither in the bank's view before, nor when
// they are read again as the bank will. A payout that the bank would refuse is left out; what is wrong with the file as
// a whole refuses it.
func (m *maker) spell() ([]byte, error) {
	var found []bank.Violation
	for {
		if len(m.payouts) == 0 {
			return nil, m.empty()
		}
		found = bank.Check(m.file, m.settings.Profile, m.master, m.settings.Closures().BankOpen, calendar.DayOf(m.now))
		if !m.drop(found) {
			break
		}
	}
	if err := refuse(found); err != nil {
		return nil, err
	}
	content, err := m.format.Write(m.file, m.settings.Profile, m.now)
	var refused *bank.RefusedError
	switch {
	case errors.As(err, &refused):
		return nil, refuse(refused.Violations)
	case err != nil:
		return nil, fmt.Errorf("write file as %s: %w", m.format.Name(), err)
	}
	read, again := m.format.Read(content, m.settings.Profile, m.file.Date)
	if err := refuse(again); err != nil {
		return nil, err
	}
	if len(read.Transfers) != len(m.file.Transfers) || read.Total() != m.file.Total() {
		return nil, fmt.Errorf("file as %s reads otherwise than it was written", m.format.Name())
	}
	m.out.Warnings = merge(found, again)
	return content, nil
}

// empty refuses a file without claims, and names those that were left out.
func (m *maker) empty() error {
	refusal := settlement.ErrFileEmpty.With("left_out", int64(len(m.out.LeftOut)))
	for _, left := range m.out.LeftOut[:min(len(m.out.LeftOut), fieldsMax)] {
		refusal.Fields = append(refusal.Fields, fault.Field{Path: "claims." + left.Claim.ID.String(), Code: left.Fault.Code, Message: left.Fault.Message})
	}
	return refusal
}

// drop leaves out the payouts that the bank would refuse, and tells whether there were any.
func (m *maker) drop(found []bank.Violation) bool {
	bad := map[int]bank.Violation{}
	for _, v := range found {
		if at := v.Record - 2; v.IsBlocking() && at >= 0 {
			bad[at] = v
		}
	}
	if len(bad) == 0 {
		return false
	}
	transfers, claims, payouts := m.file.Transfers, m.claims, m.payouts
	m.file.Transfers, m.claims, m.payouts = nil, nil, nil
	for i := range payouts {
		if v, is := bad[i]; is {
			m.leave(claims[i], &fault.Fault{Kind: fault.Refused, Code: fault.Code(v.Code), Message: v.Field + ": " + v.Message})
			continue
		}
		m.file.Transfers = append(m.file.Transfers, transfers[i])
		m.claims, m.payouts = append(m.claims, claims[i]), append(m.payouts, payouts[i])
	}
	return true
}

// refuse refuses a file with all that blocks it.
func refuse(found []bank.Violation) error {
	var refusal *fault.Fault
	blocking := lo.Filter(found, func(v bank.Violation, _ int) bool { return v.IsBlocking() })
	if len(blocking) == 0 {
		return nil
	}
	refusal = bank.ErrFileRefused.With("violations", int64(len(blocking)))
	for _, v := range blocking[:min(len(blocking), fieldsMax)] {
		refusal.Fields = append(refusal.Fields, fault.Field{
			Path: fmt.Sprintf("records[%d]", v.Record), Code: fault.Code(v.Code), Message: strings.TrimPrefix(v.Field+": "+v.Message, ": "),
		})
	}
	return refusal
}

// merge lists each violation once.
func merge(some, others []bank.Violation) []bank.Violation {
	type place struct {
		record      int
		field, code string
	}
	all := lo.UniqBy(append(slices.Clone(some), others...), func(v bank.Violation) place { return place{v.Record, v.Field, v.Code} })
	slices.SortStableFunc(all, func(a, b bank.Violation) int { return a.Record - b.Record })
	return all
}

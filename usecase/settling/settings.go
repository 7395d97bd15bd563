package settling

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Decisions is what administrators decide about settlement: who pays, how the paying bank wants its files, who bears
// which fee, how periods follow one another.
type Decisions struct {
	office auditing.Office[Stores]
	reader settlement.Reader
	banks  bank.Directory
}

// NewDecisions makes the activity.
func NewDecisions(unit usecase.Unit[Stores], reader settlement.Reader, banks bank.Directory, clock usecase.Clock) *Decisions {
	return &Decisions{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader, banks}
}

// Settings shows what is in force. Who shows it to people masks the originator's account.
func (d *Decisions) Settings(ctx context.Context, actor access.Actor) (settlement.Settings, error) {
	if err := access.Allow(actor, access.SeeSettlement); err != nil {
		return settlement.Settings{}, err
	}
	return d.reader.Settings(ctx)
}

// Versions shows what was decided, newest first.
func (d *Decisions) Versions(ctx context.Context, actor access.Actor) ([]settlement.SettingsVersion, error) {
	if err := access.Allow(actor, access.SeeSettlement); err != nil {
		return nil, err
	}
	return d.reader.SettingsVersions(ctx)
}

// Amend puts settings in force in place of the version that they name. An originator without a number keeps the one
// that it has: nobody sees the number, so nobody can send it back. Why is for whoever reads the versions.
func (d *Decisions) Amend(ctx context.Context, actor access.Actor, next settlement.Settings, reason string) (settlement.Settings, error) {
	reason = strings.TrimSpace(reason)
	act := audit.Act{Action: ActAmendSettings, Target: decimal(next.Version), Reason: reason}
	if err := auditing.Allow(ctx, d.office, actor, access.ManageSettlement, act); err != nil {
		return settlement.Settings{}, err
	}
	master, err := d.banks.Master(ctx)
	if err != nil {
		return settlement.Settings{}, fmt.Errorf("bank master: %w", err)
	}
	return auditing.Do(ctx, d.office, actor, access.ManageSettlement, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (settlement.Settings, error) {
		if reason == "" {
			return settlement.Settings{}, ErrReason.At("reason")
		}
		was, err := s.Decisions.Settings(ctx)
		if err != nil {
			return settlement.Settings{}, fmt.Errorf("lock settings of settlement: %w", err)
		}
		if was.Version != next.Version {
			return settlement.Settings{}, settlement.ErrSettingsChanged
		}
		is := next
		if is.HasOriginator() && is.Originator.Account.Number == "" {
			is.Originator.Account.Number = was.Originator.Account.Number
		}
		if err := is.Valid(); err != nil {
			return settlement.Settings{}, err
		}
		if err := payer(is, master); err != nil {
			return settlement.Settings{}, err
		}
		act.Before, act.After = saySettings(was), saySettings(is)
		if is.Originator.Account.Number != was.Originator.Account.Number {
			act.After["originator_number"] = "changed"
		}
		if err := s.Decisions.Amend(ctx, is, actor.User, now, reason); err != nil {
			return settlement.Settings{}, err
		}
		is.Version++
		return is, nil
	})
}

// payer refuses an originator whose bank or branch nobody knows.
func payer(s settlement.Settings, master *bank.Master) error {
	if !s.HasOriginator() {
		return nil
	}
	of, _, known := master.Find(s.Originator.Account.Bank, s.Originator.Account.Branch)
	switch {
	case of.Code == "":
		return bank.ErrBankUnknown.At("originator.bank")
	case !known:
		return bank.ErrBranchUnknown.At("originator.branch")
	}
	return nil
}

// saySettings puts into words what the trail keeps. The number of the originator's account is not among it.
func saySettings(s settlement.Settings) map[string]string {
	p := s.Profile
	return map[string]string{
		"cycle": s.Cycle.String(), "auto_close": strconv.FormatBool(s.AutoClose), "bearer": s.Bearer.String(),
		"offset_tills": strconv.FormatBool(s.OffsetTills), "bank_days": strconv.Itoa(s.BankDays),
		"fees": strings.Join(lo.Map(s.Fees, func(f settlement.Fee, _ int) string {
			return fmt.Sprintf("%s from %d: %d", lo.Ternary(f.SameBank, "same bank", "other banks"), f.From, f.Fee)
		}), ", "),
		"extra_holidays": strings.Join(lo.Map(s.ExtraHolidays, func(d calendar.Day, _ int) string { return d.String() }), ", "),
		"originator":     strings.TrimSpace(s.Originator.Code + " " + string(s.Originator.Name)),
		"originator_account": strings.Trim(
			string(s.Originator.Account.Bank)+"-"+string(s.Originator.Account.Branch)+" "+strconv.Itoa(int(s.Originator.Account.Type)), "- 0"),
		"profile": fmt.Sprintf("wo %t, names %q, references %q, crlf %t, clearing blank %t, class %q, edi %t, bank names %t, records %d, days ahead %d, business days %d",
			p.Wo, p.NameSymbols, p.ReferenceSymbol, p.CRLF, p.ClearingBlank, p.TransferClass, p.EDI, p.BankNames, p.RecordsMax, p.DaysAheadMax, p.BusinessDaysMin),
	}
}

// Package ruling decides on what the moving of points goes by: kinds of points with their defaults (clause 4.2.2),
// the order in which lots are used (clause 4.3.5), and limits. Rules are versions that are never changed. Whoever
// amends them says which version they have seen, so nobody overwrites what somebody else has just decided.
//
// What one administrator may correct alone is for two to raise: an amendment that does so is asked for, and made as it
// was asked for when a second administrator approves it (package approving, clause 4.6.1). All others are made at once.
package ruling

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// The acts that stand in the trail.
const (
	ActAmend    = "rules.amend"
	ActSaveKind = "kind.save"
)

// The refusals of this package.
var (
	ErrRulesChanged = fault.Define(fault.Conflict, "rules_changed", "ほかの人が先に設定を変更しました。画面を読み直してください。")
	ErrKindInUse    = fault.Define(fault.Refused, "kind_in_use", "チャージに使われている種別は終了できません。先にチャージの種別を変更してください。")
	ErrKindPromised = fault.Define(fault.Refused, "kind_promised", "このポイント種別で還元するキャンペーンがまだ支払われていないため、終了できません。")
)

// Stores are what ruling needs of a unit of work.
type Stores struct {
	Rulebook ledger.Rulebook
	Ledger   ledger.Ledger
	Treasury fund.Treasury
	Requests approval.Requests
	Trail    audit.Trail
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Approvals is approving.Holding's.
func (s Stores) Approvals() approval.Requests { return s.Requests }

// Ruling changes and shows rules and kinds.
type Ruling struct {
	office auditing.Office[Stores]
	reader ledger.RulesReader
	offers cashback.Reader
}

// New makes the activity.
func New(unit usecase.Unit[Stores], reader ledger.RulesReader, offers cashback.Reader, clock usecase.Clock) *Ruling {
	return &Ruling{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader, offers}
}

// Kinds shows all kinds by rank, retired ones as well.
func (r *Ruling) Kinds(ctx context.Context, actor access.Actor) ([]lot.Kind, error) {
	if err := access.Allow(actor, access.ManageKinds); err != nil {
		return nil, err
	}
	rules, err := r.reader.Rules(ctx)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return slices.SortedFunc(maps.Values(rules.Kinds), func(a, b lot.Kind) int {
		if a.Rank != b.Rank {
			return int(a.Rank) - int(b.Rank)
		}
		return strings.Compare(string(a.Code), string(b.Code))
	}), nil
}

// SaveKind adds or replaces a kind. Points that exist keep their expiry; rank and rules of transfer are the new
// ones at once. A kind is retired by the day from which no more points of it are made; zero leaves it open. The
// kind of charges cannot be retired, nor one that a campaign has yet to pay in.
func (r *Ruling) SaveKind(ctx context.Context, actor access.Actor, kind lot.Kind, reason string) (lot.Kind, error) {
	if kind.Retired == 0 {
		kind.Retired = calendar.Never
	}
	act := audit.Act{Action: ActSaveKind, Target: string(kind.Code), Reason: reason}
	return auditing.Do(ctx, r.office, actor, access.ManageKinds, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (lot.Kind, error) {
		if err := kind.Valid(); err != nil {
			return lot.Kind{}, err
		}
		current, err := s.Rulebook.Current(ctx)
		if err != nil {
			return lot.Kind{}, fmt.Errorf("lock rules: %w", err)
		}
		was, known := current.Kinds[kind.Code]
		if kind.Retired != calendar.Never && current.ChargeKind == kind.Code {
			return lot.Kind{}, ErrKindInUse
		}
		if kind.Retired != calendar.Never {
			if err := r.promised(ctx, kind.Code); err != nil {
				return lot.Kind{}, err
			}
		}
		if !known || was.Validity != kind.Validity {
			if _, err := kind.Expiry(calendar.DayOf(now), 0); err != nil {
				return lot.Kind{}, err
			}
		}
		if known {
			act.Before, act.After = changes(sayKind(was), sayKind(kind))
		} else {
			act.After = sayKind(kind)
		}
		return kind, s.Rulebook.SaveKind(ctx, kind, now)
	})
}

// promised refuses a kind that an open campaign, or one that has not paid yet, gives its points in.
func (r *Ruling) promised(ctx context.Context, kind lot.KindCode) error {
	query := cashback.CampaignQuery{States: []cashback.CampaignState{cashback.Open, cashback.Ended, cashback.Paying}, Limit: page.LimitMax}
	for {
		found, err := r.offers.Campaigns(ctx, query)
		if err != nil {
			return fmt.Errorf("campaigns that pay in kind %s: %w", kind, err)
		}
		if slices.ContainsFunc(found.Rows, func(c cashback.Campaign) bool { return c.Terms.Kind == kind }) {
			return ErrKindPromised
		}
		if query.After = found.Next; query.After == "" {
			return nil
		}
	}
}

// Rules shows the rules in force.
func (r *Ruling) Rules(ctx context.Context, actor access.Actor) (ledger.Rules, error) {
	if err := access.Allow(actor, access.ManageRules); err != nil {
		return ledger.Rules{}, err
	}
	return r.reader.Rules(ctx)
}

// Versions shows all versions of the rules, newest first.
func (r *Ruling) Versions(ctx context.Context, actor access.Actor) ([]ledger.RulesVersion, error) {
	if err := access.Allow(actor, access.ManageRules); err != nil {
		return nil, err
	}
	return r.reader.Versions(ctx)
}

// sayRules and sayKind put into words what the trail keeps.
func sayRules(r ledger.Rules) map[string]string {
	points := func(p money.Points) string { return strconv.FormatInt(int64(p), 10) }
	criteria := make([]string, len(r.Precedence))
	for i, c := range r.Precedence {
		criteria[i] = string(c)
	}
	return map[string]string{
		"version": strconv.FormatInt(r.Version, 10), "precedence": strings.Join(criteria, ","),
		"transfers": strconv.FormatBool(r.Transfers.Allowed), "transfer_per_time_max": points(r.Transfers.PerTimeMax),
		"transfer_per_month_max": points(r.Transfers.PerMonthMax), "payment_max": points(r.PaymentMax),
		"charge_kind": string(r.ChargeKind), "charge_fund": string(r.ChargeFund), "charge_max": points(r.ChargeMax),
		"till_cash_max": points(r.TillCashMax), "till_days_max": strconv.Itoa(r.TillDaysMax), "soon_days": strconv.Itoa(r.SoonDays), "batch_rows_max": strconv.Itoa(r.BatchRowsMax),
		"correct_alone": points(r.CorrectAlone),
	}
}

func sayKind(k lot.Kind) map[string]string {
	validity := "never lapses"
	switch v := k.Validity; {
	case v.Months != 0:
		validity = strconv.Itoa(int(v.Months)) + " months"
	case v.Days != 0:
		validity = strconv.Itoa(int(v.Days)) + " days"
	case v.Until != 0:
		validity = "until " + v.Until.String()
	case v.YearEnds != 0:
		validity = strconv.Itoa(int(v.YearEnds)) + " fiscal years"
	}
	return map[string]string{
		"name": k.Name, "rank": strconv.Itoa(int(k.Rank)), "validity": validity, "cleared_at_merchant": strconv.FormatBool(k.ClearedAtMerchant),
		"transferable": strconv.FormatBool(k.Transferable), "earns": strconv.FormatBool(k.Earns), "premium": strconv.FormatBool(k.Premium), "retired": k.Retired.String(),
	}
}

// changes keeps of two states what differs.
func changes(before, after map[string]string) (was, is map[string]string) {
	was, is = map[string]string{}, map[string]string{}
	for name, value := range after {
		if before[name] != value {
			was[name], is[name] = before[name], value
		}
	}
	return was, is
}

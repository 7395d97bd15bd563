package ruling

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/auditing"
)

// Amended is what an amendment led to.
type Amended struct {
	Rules   ledger.Rules     // in force now
	Request approval.Request // that asks for the amendment; its zero value where it was made at once
}

// Waits tells whether somebody else must decide first.
func (a Amended) Waits() bool { return a.Request.State == approval.Waiting }

// Executors are what approving does for requests that this package makes.
func (r *Ruling) Executors() map[string]approving.Executor {
	return map[string]approving.Executor{ActAmend: approving.Executing(r.office, access.ManageRules, prepareAmendment)}
}

// Amend puts rules in force, in place of the version that the actor has seen: next.Version. Kinds are not amended
// this way. It returns ErrRulesChanged when another version is in force by now. Rules by which one administrator could
// correct more alone than before are asked for instead: else whoever has a limit could lift it.
func (r *Ruling) Amend(ctx context.Context, actor access.Actor, next ledger.Rules, reason string) (Amended, error) {
	act := audit.Act{Action: ActAmend, Target: strconv.FormatInt(next.Version, 10), Reason: reason}
	return auditing.Do(ctx, r.office, actor, access.ManageRules, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (Amended, error) {
		current, amended, err := decide(ctx, s, next, now)
		if err != nil {
			return Amended{}, err
		}
		act.Before, act.After = changes(sayRules(current), sayRules(amended))
		if amended.CorrectAlone <= current.CorrectAlone {
			amended.Version, err = enact(ctx, s, amended, actor.User, now, reason)
			return Amended{Rules: amended}, err
		}
		wish, err := askAmendment(current, amended, reason)
		if err != nil {
			return Amended{}, err
		}
		request, err := approving.Ask(ctx, s.Requests, actor, now, wish, act)
		return Amended{current, request}, err
	})
}

// decide locks the rulebook and holds the next rules against it. amended are the next rules with the kinds of today.
func decide(ctx context.Context, s Stores, next ledger.Rules, now time.Time) (current, amended ledger.Rules, err error) {
	if current, err = s.Rulebook.Current(ctx); err != nil {
		return current, amended, fmt.Errorf("lock rules: %w", err)
	}
	if current.Version != next.Version {
		return current, amended, ErrRulesChanged.With("version", current.Version)
	}
	amended = next
	amended.Kinds = current.Kinds
	if err := amended.Valid(); err != nil {
		return current, amended, err
	}
	return current, amended, chargeable(ctx, s, amended, now)
}

func enact(ctx context.Context, s Stores, amended ledger.Rules, by user.ID, now time.Time, reason string) (int64, error) {
	version, err := s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: amended, By: by, At: now, Reason: reason})
	if err != nil {
		return 0, fmt.Errorf("amend rules: %w", err)
	}
	return version, nil
}

// chargeable refuses rules by which no charge could be booked: charges need a kind and a fund that are open, or
// neither. The fund's pot is locked, so that it is not being closed meanwhile.
func chargeable(ctx context.Context, s Stores, rules ledger.Rules, now time.Time) error {
	if rules.ChargeKind == "" && rules.ChargeFund == "" {
		return nil
	}
	kind, known := rules.Kinds[rules.ChargeKind]
	switch {
	case !known:
		return lot.ErrKindUnknown.At("charge_kind")
	case kind.Retired != calendar.Never:
		return lot.ErrKindRetired.At("charge_kind")
	}
	pots := ledger.CashMove{Fund: rules.ChargeFund}.TreasuryPots(ledger.Withdrawal)
	if _, err := s.Ledger.Open(ctx, now, ledger.Want{Pots: pots}); err != nil {
		return fmt.Errorf("lock fund %s: %w", rules.ChargeFund, err)
	}
	of, err := s.Treasury.Get(ctx, rules.ChargeFund)
	if err != nil {
		return err
	}
	return of.Open()
}

// wantedRules are rules as they were asked for, with the version that they are to take the place of.
type wantedRules struct {
	Version             int64          `json:"version"`
	Precedence          lot.Precedence `json:"precedence"`
	Transfers           bool           `json:"transfers_allowed"`
	TransferPerTimeMax  money.Points   `json:"transfer_per_time_max"`
	TransferPerMonthMax money.Points   `json:"transfer_per_month_max"`
	PaymentMax          money.Points   `json:"payment_max"`
	ChargeKind          lot.KindCode   `json:"charge_kind"`
	ChargeFund          lot.FundCode   `json:"charge_fund"`
	ChargeMax           money.Points   `json:"charge_max"`
	TillCashMax         money.Points   `json:"till_cash_max"`
	TillDaysMax         int            `json:"till_days_max"`
	SoonDays            int            `json:"soon_days"`
	BatchRowsMax        int            `json:"batch_rows_max"`
	CorrectAlone        money.Points   `json:"correct_alone"`
}

func askAmendment(current, amended ledger.Rules, reason string) (approving.Wish, error) {
	payload, err := json.Marshal(wantedRules{
		Version: amended.Version, Precedence: amended.Precedence, Transfers: amended.Transfers.Allowed,
		TransferPerTimeMax: amended.Transfers.PerTimeMax, TransferPerMonthMax: amended.Transfers.PerMonthMax,
		PaymentMax: amended.PaymentMax, ChargeKind: amended.ChargeKind, ChargeFund: amended.ChargeFund, ChargeMax: amended.ChargeMax,
		TillCashMax: amended.TillCashMax, TillDaysMax: amended.TillDaysMax, SoonDays: amended.SoonDays, BatchRowsMax: amended.BatchRowsMax,
		CorrectAlone: amended.CorrectAlone,
	})
	if err != nil {
		return approving.Wish{}, fmt.Errorf("encode %s: %w", ActAmend, err)
	}
	return approving.Wish{
		Action: ActAmend, Subject: strconv.FormatInt(amended.Version, 10),
		Summary: "一人で取消・調整できる上限を " + current.CorrectAlone.String() + "ポイントから " + amended.CorrectAlone.String() + "ポイントに上げる設定の変更",
		Payload: payload, Reason: reason,
	}, nil
}

func (w wantedRules) rules() ledger.Rules {
	return ledger.Rules{
		Version: w.Version, Precedence: w.Precedence,
		Transfers:  ledger.TransferLimits{Allowed: w.Transfers, PerTimeMax: w.TransferPerTimeMax, PerMonthMax: w.TransferPerMonthMax},
		PaymentMax: w.PaymentMax, ChargeKind: w.ChargeKind, ChargeFund: w.ChargeFund, ChargeMax: w.ChargeMax,
		TillCashMax: w.TillCashMax, TillDaysMax: w.TillDaysMax, SoonDays: w.SoonDays, BatchRowsMax: w.BatchRowsMax,
		CorrectAlone: w.CorrectAlone,
	}
}

// prepareAmendment is what an approver does of an amendment. It is made in the name of who asked for it, and only on
// the version that they have seen: an approval of old rules must not undo what was decided since.
func prepareAmendment(_ context.Context, _ access.Actor, request approval.Request) (approving.Work[Stores], error) {
	var wanted wantedRules
	if err := json.Unmarshal(request.Payload, &wanted); err != nil {
		return nil, fmt.Errorf("decode amendment: %w", err)
	}
	return func(ctx context.Context, s Stores, now time.Time, act *audit.Act) ([16]byte, error) {
		current, amended, err := decide(ctx, s, wanted.rules(), now)
		if err != nil {
			return [16]byte{}, err
		}
		before, after := changes(sayRules(current), sayRules(amended))
		act.Before = before
		maps.Copy(act.After, after)
		_, err = enact(ctx, s, amended, request.RequestedBy, now, request.Reason)
		return [16]byte{}, err
	}, nil
}

package correcting

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/approving"
)

// wantedCorrection is a correction as it was asked for. The amount is the one that was seen: "all that is left" may be
// less when it is approved.
type wantedCorrection struct {
	Entry      ledger.EntryID `json:"entry_id"`
	Amount     money.Points   `json:"amount"`
	Receivable bool           `json:"receivable"`
	Reason     string         `json:"reason"`
}

// wantedAdjustment is an adjustment as it was asked for.
type wantedAdjustment struct {
	Wallet  ledger.WalletID `json:"wallet_id"`
	Fund    fund.Code       `json:"fund"`
	Amount  money.Points    `json:"amount"`
	Kind    lot.KindCode    `json:"kind,omitempty"`
	Expires string          `json:"expires_on,omitempty"`
	Reason  string          `json:"reason"`
}

// typeNames are the words for the entries that can be undone.
var typeNames = map[ledger.EntryType]string{
	ledger.Deposit: "入金", ledger.Withdrawal: "出金", ledger.Remittance: "納金", ledger.Grant: "給付", ledger.Charge: "チャージ",
	ledger.Payment: "支払い", ledger.Transfer: "送付",
}

func askCorrection(correction ledger.Correction, effect ledger.Effect) (approving.Wish, error) {
	summary := typeNames[correction.Original.Type] + " " + correction.Original.Amount().String() + "ポイント"
	if effect.Type == ledger.Partial {
		summary += "のうち " + effect.Amount.String() + "ポイント"
	}
	return wishOf(ActCorrect, correction.Original.ID.String(), summary+"の取消", correction.Memo, wantedCorrection{
		Entry: correction.Original.ID, Amount: effect.Amount, Receivable: correction.Receivable, Reason: correction.Memo,
	})
}

func askAdjustment(change ledger.Change) (approving.Wish, error) {
	wanted := wantedAdjustment{Wallet: change.Wallet, Fund: change.Fund, Amount: change.Amount, Kind: change.Kind, Reason: change.Memo}
	if change.Expires != 0 {
		wanted.Expires = change.Expires.String()
	}
	summary := (-change.Amount).String() + "ポイントの減額調整"
	if change.Amount > 0 {
		summary = change.Amount.String() + "ポイントの増額調整"
	}
	return wishOf(ActAdjust, change.Wallet.String(), summary, change.Memo, wanted)
}

func wishOf(action, subject, summary, reason string, wanted any) (approving.Wish, error) {
	payload, err := json.Marshal(wanted)
	if err != nil {
		return approving.Wish{}, fmt.Errorf("encode %s: %w", action, err)
	}
	return approving.Wish{Action: action, Subject: subject, Summary: summary, Payload: payload, Reason: reason}, nil
}

// askedFor gives the amount that a request would undo or adjust by; like that of an entry, it has no sign.
func askedFor(request approval.Request) (money.Points, error) {
	var wanted struct {
		Amount money.Points `json:"amount"`
	}
	if err := json.Unmarshal(request.Payload, &wanted); err != nil {
		return 0, fmt.Errorf("decode request %s: %w", request.ID, err)
	}
	return max(wanted.Amount, -wanted.Amount), nil
}

// prepareCorrection is what an approver does of a correction. The entry is made in the name of who asked for it.
func (c *Correcting) prepareCorrection(ctx context.Context, approver access.Actor, request approval.Request) (approving.Work[Stores], error) {
	var wanted wantedCorrection
	if err := json.Unmarshal(request.Payload, &wanted); err != nil {
		return nil, fmt.Errorf("decode correction: %w", err)
	}
	if wanted.Receivable {
		if err := access.Allow(approver, access.BookReceivable); err != nil {
			return nil, err
		}
	}
	original, err := c.original(ctx, wanted.Entry)
	if err != nil {
		return nil, err
	}
	cmd := Command{Entry: wanted.Entry, Amount: wanted.Amount, Receivable: wanted.Receivable, Reason: wanted.Reason}
	return func(ctx context.Context, s Stores, now time.Time, act *audit.Act) ([16]byte, error) {
		correction := cmd.correction(request.RequestedBy, original)
		book, effect, err := c.correct(ctx, s, now, correction)
		if err != nil {
			return [16]byte{}, err
		}
		say(act, correction, effect)
		return effect.Entry, c.write(ctx, s, book)
	}, nil
}

// prepareAdjustment is what an approver does of an adjustment.
func (c *Correcting) prepareAdjustment(_ context.Context, _ access.Actor, request approval.Request) (approving.Work[Stores], error) {
	var wanted wantedAdjustment
	if err := json.Unmarshal(request.Payload, &wanted); err != nil {
		return nil, fmt.Errorf("decode adjustment: %w", err)
	}
	change := ledger.Change{
		Actor: request.RequestedBy, Wallet: wanted.Wallet, Fund: wanted.Fund, Amount: wanted.Amount, Kind: wanted.Kind, Memo: wanted.Reason,
	}
	if wanted.Expires != "" {
		day, err := calendar.ParseDay(wanted.Expires)
		if err != nil {
			return nil, fmt.Errorf("decode adjustment: %w", err)
		}
		change.Expires = day
	}
	return func(ctx context.Context, s Stores, now time.Time, act *audit.Act) ([16]byte, error) {
		book, before, err := openChange(ctx, s, now, change)
		if err != nil {
			return [16]byte{}, err
		}
		receipt, err := adjust(ctx, s, book, change)
		if err != nil {
			return [16]byte{}, err
		}
		sayChange(act, change, before, receipt)
		return receipt.Entry, c.write(ctx, s, book)
	}, nil
}

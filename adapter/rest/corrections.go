package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/correcting"
)

// CorrectionFields say what is to be undone.
type CorrectionFields struct {
	EntryID    string       `json:"entry_id" maxLength:"36"`
	Amount     money.Points `json:"amount,omitempty" minimum:"1" maximum:"10000000000" doc:"Without it all that is left"`
	Receivable bool         `json:"receivable,omitempty" doc:"Book as owed what cannot be taken back"`
}

type correctionRequest struct {
	Keyed
	Body struct {
		CorrectionFields
		Reason string `json:"reason" minLength:"1" maxLength:"100" doc:"People read it in their history"`
	}
}

type correctionPreviewRequest struct {
	Body CorrectionFields
}

type adjustmentBody struct {
	WalletID  string       `json:"wallet_id,omitempty" maxLength:"36" doc:"Whose, or"`
	Email     string       `json:"email,omitempty" maxLength:"254"`
	Fund      string       `json:"fund" maxLength:"20"`
	Amount    money.Points `json:"amount" minimum:"-10000000000" maximum:"10000000000" doc:"Above zero into the wallet, below zero out of it"`
	Kind      string       `json:"kind,omitempty" maxLength:"20" doc:"Of points that go in; where points go out, only these"`
	ExpiresOn string       `json:"expires_on,omitempty" format:"date" doc:"Of points that go in; without it as the kind has it"`
	Reason    string       `json:"reason" minLength:"1" maxLength:"100" doc:"People read it in their history"`
}

type adjustmentRequest struct {
	Keyed
	Body adjustmentBody
}

type adjustmentPreviewRequest struct {
	Body adjustmentBody
}

type correctionAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     correctionView
}

// correctionView is what a correction, adjustment or recovery led to.
type correctionView struct {
	State      string       `json:"state" enum:"done,waiting,refused,withdrawn,expired" doc:"waiting: a second person must approve it first"`
	ApprovalID string       `json:"approval_id,omitempty" format:"uuid" doc:"Of the request that asks for it"`
	EntryID    string       `json:"entry_id,omitempty" format:"uuid" doc:"None while it waits"`
	Type       string       `json:"type,omitempty"`
	At         string       `json:"at" format:"date-time" doc:"Of the entry; of the request while there is none"`
	Amount     money.Points `json:"amount" doc:"Undone, adjusted or recovered; while it waits, what was asked for"`
}

type adjustmentPreviewAnswer struct {
	Body adjustmentPreviewView
}

type adjustmentPreviewView struct {
	Wallet       partyView    `json:"wallet"`
	Before       money.Points `json:"before" doc:"In the wallet now"`
	After        money.Points `json:"after"`
	FundBefore   money.Points `json:"fund_before" doc:"Unissued in the fund now"`
	FundAfter    money.Points `json:"fund_after"`
	ExpiresOn    *string      `json:"expires_on" format:"date" nullable:"true" doc:"Of points that go in"`
	Lots         []drawnView  `json:"lots" doc:"That points go out of, in the order in which they go"`
	Today        money.Points `json:"adjusted_today" doc:"What the wallet was adjusted by today already, up and down; it counts towards the limit"`
	Limit        money.Points `json:"limit" doc:"What one administrator does alone"`
	SecondPerson bool         `json:"second_person" doc:"A second administrator must approve it"`
}

func (c *contract) corrections() {
	const tag = "corrections"
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/corrections", id: "correct", summary: "取引を取り消す・一部を取り消す", tag: tag, needs: may(access.Correct),
		repeats: true, waits: true,
	}, func(ctx context.Context, actor access.Actor, in *correctionRequest) (*correctionAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		cmd.Key, cmd.Reason = key, in.Body.Reason
		return viewCorrection(c.Correcting.Correct(ctx, actor, cmd))
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/corrections/preview", id: "preview-correction", summary: "取消の影響をすべて前もって見る", tag: tag,
		needs: may(access.Correct), status: http.StatusOK,
	}, c.previewCorrection)
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/adjustments", id: "adjust", summary: "財布の残高を調整する", tag: tag, needs: may(access.Correct),
		repeats: true, waits: true,
	}, func(ctx context.Context, actor access.Actor, in *adjustmentRequest) (*correctionAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		cmd.Key = key
		return viewCorrection(c.Correcting.Adjust(ctx, actor, cmd))
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/adjustments/preview", id: "preview-adjustment", summary: "調整の結果を前もって見る", tag: tag,
		needs: may(access.Correct), status: http.StatusOK,
	}, c.previewAdjustment)
}

func (f CorrectionFields) command() (correcting.Command, error) {
	cmd := correcting.Command{Amount: f.Amount, Receivable: f.Receivable}
	err := parse(&cmd.Entry, f.EntryID, ledger.ErrEntryUnknown.At("entry_id"))
	return cmd, err
}

func (b adjustmentBody) command() (correcting.Adjustment, error) {
	cmd := correcting.Adjustment{
		Email: user.FoldEmail(b.Email), Fund: fund.Code(b.Fund), Amount: b.Amount, Kind: lot.KindCode(b.Kind), Reason: b.Reason,
	}
	var err error
	if cmd.Expires, err = dayGiven(b.ExpiresOn, lot.ErrExpiryPast.At("expires_on")); err == nil && b.WalletID != "" {
		err = parse(&cmd.Wallet, b.WalletID, ledger.ErrWalletUnknown.At("wallet_id"))
	}
	return cmd, err
}

// viewCorrection shows what came of a command: 201 where it was done, 202 where it waits, 200 where it was asked before.
func viewCorrection(result correcting.Result, err error) (*correctionAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &correctionAnswer{Body: correctionView{State: "done", ApprovalID: identifier(result.Request.ID), At: instant(result.At), Amount: result.Amount}}
	if result.Entry.IsZero() {
		answer.Body.State = result.Request.State.String()
	} else {
		answer.Body.EntryID, answer.Body.Type = result.Entry.String(), result.Type.String()
	}
	answer.Status, answer.Replayed = replayed(result.Replayed)
	if result.Waits() && !result.Replayed {
		answer.Status = http.StatusAccepted
	}
	return answer, nil
}

func (c *contract) previewAdjustment(ctx context.Context, actor access.Actor, in *adjustmentPreviewRequest) (*adjustmentPreviewAnswer, error) {
	cmd, err := in.Body.command()
	if err != nil {
		return nil, err
	}
	preview, err := c.Correcting.PreviewAdjustment(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	account := ledger.WalletAccount(preview.Wallet)
	names, err := c.nameParties(ctx, actor, account)
	if err != nil {
		return nil, err
	}
	v := adjustmentPreviewView{
		Wallet: names.view(account, false), Before: preview.Before, After: preview.After, FundBefore: preview.FundBefore, FundAfter: preview.FundAfter,
		Lots:  viewDrawn(preview.Slices, ledger.Rules{Kinds: preview.Kinds}),
		Today: preview.Today, Limit: preview.Limit, SecondPerson: preview.SecondPerson,
	}
	if cmd.Amount > 0 {
		v.ExpiresOn = lastDay(preview.Expires)
	}
	return &adjustmentPreviewAnswer{v}, nil
}

type correctionPreviewAnswer struct {
	Body correctionPreviewView
}

// correctionPreviewView is everything that a correction would do.
type correctionPreviewView struct {
	Original     originalView     `json:"original"`
	Type         string           `json:"type" enum:"reversal,partial_correction"`
	Amount       money.Points     `json:"amount" doc:"Of the original that is undone"`
	Left         money.Points     `json:"left" doc:"Of the original afterwards"`
	Refused      bool             `json:"refused" doc:"It would be refused for what is missing"`
	Moves        []undoingView    `json:"moves" doc:"What moves, in the order in which it does; where the receiver is a wallet, a lot that comes back"`
	Lapsed       money.Points     `json:"lapsed" doc:"Of what comes back, points that have lapsed meanwhile"`
	Cashback     undoneCashback   `json:"cashback"`
	Awards       []takenBackView  `json:"awards" doc:"What programmes and campaigns take back"`
	Statements   []settledView    `json:"statements" doc:"Closed statements that the original stands in; they stay, and the correction counts in the open period"`
	Owed         []lackView       `json:"owed" doc:"What would be booked as owed"`
	Shortages    []lackView       `json:"shortages" doc:"What is missing, since it was spent"`
	Limit        money.Points     `json:"limit" doc:"What one administrator does alone"`
	SecondPerson bool             `json:"second_person" doc:"A second administrator must approve it"`
	Waiting      []ApprovalFields `json:"waiting" doc:"Requests for corrections of the same entry that wait already"`
}

type originalView struct {
	EntryID string       `json:"entry_id" format:"uuid"`
	Type    string       `json:"type"`
	At      string       `json:"at" format:"date-time"`
	From    partyView    `json:"from"`
	To      partyView    `json:"to"`
	Amount  money.Points `json:"amount"`
	Undone  money.Points `json:"undone" doc:"By corrections before"`
	Memo    string       `json:"memo"`
}

type undoingView struct {
	Part      string       `json:"part" enum:"entry,cashback,campaign" doc:"What it undoes: the act itself, cashback at once, or what a campaign paid"`
	From      partyView    `json:"from"`
	To        partyView    `json:"to"`
	Kind      string       `json:"kind,omitempty" doc:"None where no wallet is involved"`
	KindName  string       `json:"kind_name,omitempty"`
	Fund      string       `json:"fund"`
	ExpiresOn *string      `json:"expires_on" format:"date" nullable:"true"`
	Hops      int32        `json:"hops"`
	Paid      bool         `json:"paid"`
	Amount    money.Points `json:"amount"`
	Lapsed    bool         `json:"lapsed" doc:"Its last day is over: it comes back, and lapses"`
}

type undoneCashback struct {
	Returned money.Points `json:"returned" doc:"At once, as far as corrections have not taken it back"`
	Taken    money.Points `json:"taken" doc:"Out of the person's wallet"`
	Netted   money.Points `json:"netted" doc:"Spent by the person, so that so much less of the payment comes back"`
}

type takenBackView struct {
	OfferID  string       `json:"offer_id" format:"uuid"`
	Campaign bool         `json:"campaign"`
	Name     string       `json:"name"`
	Amount   money.Points `json:"amount"`
	How      string       `json:"how" enum:"cashback,accrual,payout,never_got" doc:"accrual: promised only, nothing moves; payout: out of the person's wallet; never_got: could not be paid"`
}

type settledView struct {
	Merchant   partyView `json:"merchant"`
	PeriodID   string    `json:"period_id" format:"uuid"`
	PeriodName string    `json:"period_name"`
}

type lackView struct {
	Wallet  partyView    `json:"wallet"`
	Fund    string       `json:"fund"`
	Needed  money.Points `json:"needed"`
	Missing money.Points `json:"missing"`
}

func (c *contract) previewCorrection(ctx context.Context, actor access.Actor, in *correctionPreviewRequest) (*correctionPreviewAnswer, error) {
	cmd, err := in.Body.command()
	if err != nil {
		return nil, err
	}
	p, err := c.Correcting.Preview(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	accounts := lo.FlatMap(p.Moves, func(m correcting.Move, _ int) []ledger.Account { return []ledger.Account{m.Source, m.Destination} })
	for _, posting := range p.Original.Postings {
		accounts = append(accounts, posting.Source, posting.Destination)
	}
	names, err := c.nameParties(ctx, actor, accounts...)
	if err != nil {
		return nil, err
	}
	first := p.Original.Postings[0]
	return &correctionPreviewAnswer{correctionPreviewView{
		Original: originalView{
			EntryID: p.Original.ID.String(), Type: p.Original.Type.String(), At: instant(p.Original.At), From: names.view(first.Source, false),
			To: names.view(first.Destination, false), Amount: p.Original.Amount(), Undone: p.Undone, Memo: p.Original.Memo,
		},
		Type: p.Effect.Type.String(), Amount: p.Effect.Amount, Left: p.Effect.Left, Refused: p.Refused(), Lapsed: p.Effect.Lapsed,
		Moves:    lo.Map(p.Moves, func(m correcting.Move, _ int) undoingView { return viewUndoing(m, names, p.Kinds) }),
		Cashback: undoneCashback(p.Cashback),
		Awards: lo.Map(p.Awards, func(a correcting.TakenBack, _ int) takenBackView {
			return takenBackView{OfferID: a.Offer.String(), Campaign: a.Campaign, Name: a.Name, Amount: a.Amount, How: string(a.How)}
		}),
		Statements: lo.Map(p.Statements, func(s correcting.Settled, _ int) settledView {
			return settledView{Merchant: names.view(ledger.WalletAccount(s.Merchant), false), PeriodID: s.Period.ID.String(), PeriodName: s.Period.Name}
		}),
		Owed: viewLacks(p.Effect.Owed, names), Shortages: viewLacks(p.Effect.Shortages, names), Limit: p.Limit, SecondPerson: p.SecondPerson,
		Waiting: lo.Map(p.Waiting, func(r approval.Request, _ int) ApprovalFields { return viewApprovalFields(r) }),
	}}, nil
}

func viewUndoing(m correcting.Move, names parties, kinds map[lot.KindCode]lot.Kind) undoingView {
	v := undoingView{
		Part: string(m.Part), From: names.view(m.Source, false), To: names.view(m.Destination, false), Kind: string(m.Points.Kind),
		KindName: kinds[m.Points.Kind].Name, Fund: string(m.Fund), Hops: m.Points.Hops, Paid: m.Points.Paid, Amount: m.Amount, Lapsed: m.Lapsed,
	}
	if m.Points.Kind != "" {
		v.ExpiresOn = lastDay(m.Points.Expires)
	}
	return v
}

func viewLacks(lacks []ledger.Lack, names parties) []lackView {
	return lo.Map(lacks, func(l ledger.Lack, _ int) lackView {
		return lackView{Wallet: names.view(ledger.WalletAccount(l.Wallet), false), Fund: string(l.Fund), Needed: l.Needed, Missing: l.Missing}
	})
}

package rest

import (
	"context"
	"net/http"
	"slices"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/reading"
)

type entryRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type receiptAnswer struct {
	Body receiptView
}

// receiptView is an entry as one side sees it.
type receiptView struct {
	EntryID  string        `json:"entry_id" format:"uuid"`
	Type     string        `json:"type"`
	At       string        `json:"at" format:"date-time"`
	Amount   money.Points  `json:"amount" doc:"Without cashback"`
	Delta    *money.Points `json:"delta,omitempty" doc:"What it did to one's own wallet, cashback included"`
	Balance  *money.Points `json:"balance,omitempty" doc:"Of one's own wallet afterwards"`
	From     partyView     `json:"from"`
	To       partyView     `json:"to"`
	Memo     string        `json:"memo"`
	Slices   []movedView   `json:"slices" doc:"What moved, in the order in which it went"`
	Cashback money.Points  `json:"cashback" doc:"What the shop returned at once"`
	Returned []movedView   `json:"returned" doc:"The points that it returned"`
	Awards   []awardView   `json:"awards" doc:"What the offers in force gave, at once or for later; in a correction, what it took back"`

	CorrectedBy []correctedView `json:"corrected_by" doc:"The corrections that undid it, oldest first"`
	Corrects    *correctedView  `json:"corrects,omitempty" doc:"Of a correction: what it undid"`
}

// correctedView is the other end of a correction.
type correctedView struct {
	EntryID string       `json:"entry_id" format:"uuid"`
	Type    string       `json:"type"`
	At      string       `json:"at" format:"date-time"`
	Amount  money.Points `json:"amount" doc:"Of the original that was undone"`
}

// movedView is what one posting moved.
type movedView struct {
	Kind      string       `json:"kind"`
	KindName  string       `json:"kind_name"`
	Fund      string       `json:"fund"`
	Amount    money.Points `json:"amount"`
	ExpiresOn *string      `json:"expires_on" format:"date" nullable:"true" doc:"As the receiving side holds the points"`
	Hops      int32        `json:"hops" doc:"As the receiving side holds the points"`
	Paid      bool         `json:"paid"`
	LotID     string       `json:"lot_id,omitempty" format:"uuid" doc:"One's own lot that gave or took"`
}

func (c *contract) entries() {
	handle(c, route{
		method: http.MethodGet, path: "/v1/entries/{id}", id: "get-receipt", summary: "取引の明細を見る", tag: "wallet", needs: may(access.SeeOwnHistory, access.SeeAnyHistory),
	}, func(ctx context.Context, actor access.Actor, in *entryRequest) (*receiptAnswer, error) {
		var id ledger.EntryID
		if err := parse(&id, in.ID, ledger.ErrEntryUnknown); err != nil {
			return nil, err
		}
		receipt, err := c.Reading.Receipt(ctx, actor, id)
		if err != nil {
			return nil, err
		}
		postings := slices.Concat(receipt.Entry.Postings, receipt.Undone.Original.Postings)
		names, err := c.nameParties(ctx, actor, lo.FlatMap(postings, func(p ledger.Posting, _ int) []ledger.Account {
			return []ledger.Account{p.Source, p.Destination}
		})...)
		if err != nil {
			return nil, err
		}
		return &receiptAnswer{viewReceipt(receipt, names, actor)}, nil
	})
}

func viewReceipt(receipt reading.Receipt, names parties, actor access.Actor) receiptView {
	entry := receipt.Entry
	forward := entry.Forward()
	v := receiptView{
		EntryID: entry.ID.String(), Type: entry.Type.String(), At: instant(entry.At), Memo: entry.Memo, Amount: entry.Amount(),
		Slices: viewMoved(forward, receipt, actor), Cashback: entry.Cashback(), Returned: viewMoved(entry.Returned(), receipt, actor),
		Awards: viewAwards(receipt.Awards),
	}
	if receipt.Line.No > 0 {
		v.Delta, v.Balance = &receipt.Line.Delta, &receipt.Line.Balance
	}
	if len(forward) > 0 {
		v.From, v.To = names.view(forward[0].Source, false), names.view(forward[0].Destination, false)
	}
	v.undone(receipt.Undone, names)
	return v
}

// undone shows what the entry has to do with corrections. A correction goes the other way than what it undid.
func (v *receiptView) undone(undone reading.Undone, names parties) {
	v.CorrectedBy = lo.Map(undone.CorrectedBy, func(c ledger.Corrected, _ int) correctedView {
		return correctedView{EntryID: c.Entry.String(), Type: c.Type.String(), At: instant(c.At), Amount: c.Amount}
	})
	if undone.Original.ID.IsZero() {
		return
	}
	c, way := undone.Corrects, undone.Original.Postings[0]
	v.Corrects = &correctedView{EntryID: c.Original.String(), Type: c.OriginalType.String(), At: instant(c.OriginalAt), Amount: c.Amount}
	v.Amount, v.From, v.To = c.Amount, names.view(way.Destination, false), names.view(way.Source, false)
}

func viewMoved(postings []ledger.Posting, receipt reading.Receipt, actor access.Actor) []movedView {
	return lo.Map(postings, func(p ledger.Posting, _ int) movedView {
		v := movedView{
			Kind: string(p.Points.Kind), KindName: receipt.Kinds[p.Points.Kind].Name, Fund: string(p.Fund), Amount: p.Amount,
			Hops: p.Points.Hops, Paid: p.Points.Paid, LotID: identifier(ownLot(p, actor)),
		}
		if p.Points.Kind != "" {
			v.ExpiresOn = lastDay(p.Points.Expires)
		}
		return v
	})
}

// ownLot gives the lot of the reader's side, whose ancestry they may ask for; for an administrator the receiver's.
func ownLot(p ledger.Posting, actor access.Actor) lot.ID {
	if !actor.Wallet.IsZero() && p.Source == ledger.WalletAccount(actor.Wallet) {
		return p.SourceLot
	}
	if actor.Wallet.IsZero() || p.Destination == ledger.WalletAccount(actor.Wallet) {
		return p.DestinationLot
	}
	return lot.ID{}
}

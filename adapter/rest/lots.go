package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/reading"
)

type ancestryRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type ancestryAnswer struct {
	Body ancestryView
}

// ancestryView is where a lot's points came from (+2).
type ancestryView struct {
	Lot       lotView        `json:"lot"`
	Sources   []ancestorView `json:"sources" doc:"How points came into the lot, newest first"`
	Claimable bool           `json:"claimable" doc:"Whether a shop can turn the points into a transfer to its bank"`
	Why       string         `json:"why" enum:"received_by_payment,not_a_merchant,never_passed_on"`
	Truncated bool           `json:"truncated" doc:"There is more than is shown"`
}

// ancestorView is one way by which points came.
type ancestorView struct {
	EntryID  string         `json:"entry_id" format:"uuid"`
	Type     string         `json:"type"`
	Returned bool           `json:"returned,omitempty" doc:"The points are cashback that the shop returned for that payment"`
	At       string         `json:"at" format:"date-time"`
	From     partyView      `json:"from"`
	Amount   money.Points   `json:"amount"`
	Hops     int32          `json:"hops" doc:"Of the points once they had come"`
	LotID    string         `json:"lot_id,omitempty" format:"uuid" doc:"The lot they came from; none where they were made"`
	Before   []ancestorView `json:"before,omitempty" doc:"How points came into that lot"`
}

func (c *contract) lots() {
	handle(c, route{
		method: http.MethodGet, path: "/v1/lots/{id}/ancestry", id: "get-ancestry", summary: "ポイントがどこから来たかを見る", tag: "wallet",
		needs: may(access.SeeOwnHistory, access.SeeAnyHistory),
	}, func(ctx context.Context, actor access.Actor, in *ancestryRequest) (*ancestryAnswer, error) {
		var id lot.ID
		if err := parse(&id, in.ID, ledger.ErrLotUnknown); err != nil {
			return nil, err
		}
		ancestry, err := c.Reading.Ancestry(ctx, actor, id)
		if err != nil {
			return nil, err
		}
		rules, err := c.Rules.Rules(ctx)
		if err != nil {
			return nil, err
		}
		names, err := c.nameParties(ctx, actor, lo.Map(ancestry.Sources, func(a reading.Ancestor, _ int) ledger.Account {
			return a.Posting.Source
		})...)
		if err != nil {
			return nil, err
		}
		tree := tree{names: names, into: lo.GroupBy(ancestry.Sources, func(a reading.Ancestor) lot.ID { return a.Posting.DestinationLot })}
		return &ancestryAnswer{ancestryView{
			Lot: viewLot(ancestry.Lot, rules.Kinds), Sources: tree.before(id), Claimable: ancestry.Claim == reading.Claimable,
			Why: string(ancestry.Claim), Truncated: ancestry.Truncated,
		}}, nil
	})
}

// tree puts the flat list of an ancestry in the shape of a tree.
type tree struct {
	names parties
	into  map[lot.ID][]reading.Ancestor
}

// before gives the sources of a lot with all that came before them. Each lot's sources are given once: points can
// come back to a wallet, and a tree has no circles.
func (t tree) before(id lot.ID) []ancestorView {
	sources := t.into[id]
	delete(t.into, id)
	return lo.Map(sources, func(a reading.Ancestor, _ int) ancestorView {
		v := ancestorView{
			EntryID: a.Entry.String(), Type: a.Type.String(), Returned: a.Cashback(), At: instant(a.At), From: t.names.view(a.Posting.Source, a.Depth > 1),
			Amount: a.Posting.Amount, Hops: a.Posting.Points.Hops, LotID: identifier(a.Posting.SourceLot),
		}
		if !a.Posting.SourceLot.IsZero() {
			v.Before = t.before(a.Posting.SourceLot)
		}
		return v
	})
}

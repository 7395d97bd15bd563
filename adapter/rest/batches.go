package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/granting"
)

const (
	batchesPath   = "/v1/admin/batches"
	csvLinesMax   = 200_000 // read of a CSV; how many may be granted is a rule
	refusalsShown = 1_000   // handed back at once; the rest is in the file
)

type batchBody struct {
	TermsFields
	List   []listRowView `json:"list,omitempty" maxItems:"10000" doc:"The recipients, or"`
	CSV    string        `json:"csv,omitempty" doc:"A file with e-mail address and amount, up to 16 MB, or"`
	Search *batchSearch  `json:"search,omitempty" doc:"Whoever is found by it"`
}

// listRowView is judged row by row, like the line of a file: whatever its fields hold, a bad row comes back with the
// reason and the good ones are granted.
type listRowView struct {
	Email  asHandedIn `json:"email,omitempty" doc:"The recipient's e-mail address"`
	Amount asHandedIn `json:"amount,omitempty" doc:"Points, a whole number from 1"`
}

// asHandedIn is a value of which any JSON is taken, as its text.
type asHandedIn string

// asHandedInBytesMax bounds what is kept of a value that is no text.
const asHandedInBytesMax = 100

// UnmarshalJSON is json.Unmarshaler's.
func (v *asHandedIn) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		text = strings.ToValidUTF8(string(raw[:min(len(raw), asHandedInBytesMax)]), "")
	}
	*v = asHandedIn(strings.ReplaceAll(text, "\x00", "")) // PostgreSQL cannot keep it
	return nil
}

// Schema is huma.SchemaProvider's: there is nothing to hold the value against before its row is judged.
func (asHandedIn) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

type batchSearch struct {
	Q          string       `json:"q,omitempty" maxLength:"100"`
	Role       string       `json:"role,omitempty" enum:"resident,merchant"`
	BornFrom   string       `json:"born_from,omitempty" format:"date"`
	BornUntil  string       `json:"born_until,omitempty" format:"date"`
	PostalCode string       `json:"postal_code,omitempty" maxLength:"8"`
	Amount     money.Points `json:"amount" minimum:"1" maximum:"10000000000" doc:"For each who is found"`
}

type batchCreateRequest struct {
	Keyed
	Body batchBody
}

type batchPreviewRequest struct {
	Body batchBody
}

type batchCreateAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     batchCreatedView
}

type batchCreatedView struct {
	ID          string       `json:"id" format:"uuid"`
	Rows        int          `json:"rows" doc:"Handed in, good and bad"`
	Total       money.Points `json:"total" doc:"What the good rows ask for; reserved from now on"`
	Refused     int          `json:"refused" doc:"Rows refused at once"`
	RefusedRows []refusedRow `json:"refused_rows" doc:"The first 1000 of them; all are in refusals.csv"`
}

// refusedRow is a row that is handed back.
type refusedRow struct {
	Row    int    `json:"row" doc:"Its place in what was handed in, from 1"`
	Source string `json:"source" doc:"As it was handed in"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

type batchPreviewAnswer struct {
	Body batchPreviewView
}

type batchPreviewView struct {
	Estimate    estimateView `json:"estimate"`
	Refused     int          `json:"refused"`
	RefusedRows []refusedRow `json:"refused_rows" doc:"The first 1000 of them"`
}

type batchesAnswer struct {
	Body struct {
		Batches []batchView `json:"batches" doc:"Newest first"`
		Next    string      `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type pageRequest struct {
	Paged
}

type batchRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type batchCancelRequest struct {
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type batchAnswer struct {
	Body batchView
}

type batchView struct {
	ID        string       `json:"id" format:"uuid"`
	Fund      string       `json:"fund"`
	Kind      string       `json:"kind"`
	ExpiresOn *string      `json:"expires_on" format:"date" nullable:"true"`
	Memo      string       `json:"memo"`
	State     string       `json:"state" enum:"running,ended"`
	Rows      int          `json:"rows" doc:"Handed in, good and bad"`
	Total     money.Points `json:"total" doc:"What the good rows ask for"`
	Done      int          `json:"done" doc:"Rows that wait no more"`
	Refused   int          `json:"refused" doc:"Of those, the ones that were not granted"`
	Granted   money.Points `json:"granted"`
	CreatedBy string       `json:"created_by" format:"uuid"`
	CreatedAt string       `json:"created_at" format:"date-time"`
	EndedAt   *string      `json:"ended_at" format:"date-time" nullable:"true"`
}

func (c *contract) batches() {
	const tag = "grants"
	handle(c, route{
		method: http.MethodPost, path: batchesPath, id: "create-batch", summary: "一括で給付する", tag: tag, needs: may(access.Grant),
		status: http.StatusAccepted, repeats: true, bodyBytesMax: bodyBytesMaxBatch, patient: true,
	}, c.createBatch)
	handle(c, route{
		method: http.MethodPost, path: batchesPath + "/preview", id: "preview-batch", summary: "一括給付の結果を前もって見る", tag: tag,
		needs: may(access.Grant), status: http.StatusOK, bodyBytesMax: bodyBytesMaxBatch, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *batchPreviewRequest) (*batchPreviewAnswer, error) {
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		forecast, err := c.Bulk.Preview(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		return &batchPreviewAnswer{batchPreviewView{
			Estimate: viewEstimate(forecast.Estimate), Refused: len(forecast.RefusedRows), RefusedRows: viewRefused(forecast.RefusedRows),
		}}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: batchesPath, id: "list-batches", summary: "一括給付の一覧を見る", tag: tag, needs: may(access.Grant),
	}, func(ctx context.Context, actor access.Actor, in *pageRequest) (*batchesAnswer, error) {
		found, err := c.Bulk.Batches(ctx, actor, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &batchesAnswer{}
		answer.Body.Batches, answer.Body.Next = lo.Map(found.Rows, func(b fund.Batch, _ int) batchView { return viewBatch(b) }), found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: batchesPath + "/{id}", id: "get-batch", summary: "一括給付の進み具合を見る", tag: tag, needs: may(access.Grant),
	}, func(ctx context.Context, actor access.Actor, in *batchRequest) (*batchAnswer, error) {
		batch, err := c.batchOf(ctx, actor, in.ID)
		if err != nil {
			return nil, err
		}
		return &batchAnswer{viewBatch(batch)}, nil
	})
	handle(c, route{
		method: http.MethodPost, path: batchesPath + "/{id}/cancellation", id: "cancel-batch", summary: "一括給付を途中で取りやめる", tag: tag,
		needs: may(access.Grant), status: http.StatusOK, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *batchCancelRequest) (*batchAnswer, error) {
		var id ledger.BatchID
		if err := parse(&id, in.ID, fund.ErrBatchUnknown); err != nil {
			return nil, err
		}
		batch, err := c.Bulk.Cancel(ctx, actor, id, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return &batchAnswer{viewBatch(batch)}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: batchesPath + "/{id}/refusals.csv", id: "download-refusals", summary: "給付できなかった行をCSVで受け取る", tag: tag,
		needs: may(access.Grant), answers: fileAnswer(csvMIME),
	}, c.downloadRefusals)
}

func (c *contract) createBatch(ctx context.Context, actor access.Actor, in *batchCreateRequest) (*batchCreateAnswer, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	cmd, err := in.Body.command()
	if err != nil {
		return nil, err
	}
	cmd.Key = key
	result, err := c.Bulk.Create(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	answer := &batchCreateAnswer{Status: http.StatusAccepted, Body: batchCreatedView{
		ID: result.ID.String(), Rows: result.Rows, Total: result.Total, Refused: len(result.RefusedRows), RefusedRows: viewRefused(result.RefusedRows),
	}}
	if result.Replayed {
		answer.Status, answer.Replayed = replayed(true)
	}
	return answer, nil
}

func (c *contract) batchOf(ctx context.Context, actor access.Actor, text string) (fund.Batch, error) {
	var id ledger.BatchID
	if err := parse(&id, text, fund.ErrBatchUnknown); err != nil {
		return fund.Batch{}, err
	}
	return c.Bulk.Batch(ctx, actor, id)
}

// downloadRefusals writes the rows that were refused, in the form in which they can be put right and handed in again.
func (c *contract) downloadRefusals(ctx context.Context, actor access.Actor, in *batchRequest) (*huma.StreamResponse, error) {
	batch, err := c.batchOf(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return c.file("refusals-"+batch.ID.String()+".csv", func(ctx context.Context, to sheet) error {
		if err := to.write("行", "内容", "理由", "理由コード"); err != nil {
			return err
		}
		for after, count := 0, 0; count < csvLinesMax; {
			rows, err := c.Bulk.Refusals(ctx, actor, batch.ID, after)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, row := range rows {
				if err := to.write(row.No, row.Source, row.Reason(), string(row.Fault)); err != nil {
					return err
				}
			}
			if err := to.send(); err != nil {
				return err
			}
			after, count = rows[len(rows)-1].No, count+len(rows)
		}
		return nil
	}), nil
}

// command says the body in the activity's words.
func (b batchBody) command() (granting.BatchCommand, error) {
	terms, err := b.terms()
	if err != nil {
		return granting.BatchCommand{}, err
	}
	cmd := granting.BatchCommand{Terms: terms}
	ways := lo.CountBy([]bool{len(b.List) > 0, b.CSV != "", b.Search != nil}, func(is bool) bool { return is })
	switch {
	case ways != 1:
		return cmd, granting.ErrRecipients
	case b.CSV != "":
		cmd.List, err = granting.ReadCSV(b.CSV, csvLinesMax)
	case b.Search != nil:
		cmd.Amount = b.Search.Amount
		filter, wrong := UserFilter{
			Q: b.Search.Q, Role: b.Search.Role, BornFrom: b.Search.BornFrom, BornUntil: b.Search.BornUntil, PostalCode: b.Search.PostalCode,
		}.filter()
		cmd.Search, err = &filter, wrong
	default:
		cmd.List = lo.Map(b.List, func(row listRowView, i int) granting.ListRow {
			return granting.ListRow{No: i + 1, Email: string(row.Email), Amount: string(row.Amount)}
		})
	}
	return cmd, err
}

func viewRefused(rows []fund.Row) []refusedRow {
	return lo.Map(rows[:min(len(rows), refusalsShown)], func(row fund.Row, _ int) refusedRow {
		return refusedRow{Row: row.No, Source: row.Source, Code: string(row.Fault), Reason: row.Reason()}
	})
}

func viewBatch(b fund.Batch) batchView {
	return batchView{
		ID: b.ID.String(), Fund: string(b.Fund), Kind: string(b.Kind), ExpiresOn: lastDay(b.Expires), Memo: b.Memo, State: b.State.String(),
		Rows: b.Rows, Total: b.Total, Done: b.Done, Refused: b.Refused, Granted: b.Granted, CreatedBy: b.CreatedBy.String(),
		CreatedAt: instant(b.CreatedAt), EndedAt: instantOr(b.EndedAt),
	}
}

package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/uptrace/bun"

	"lovesaijo/domain/approval"
	"lovesaijo/domain/page"
)

// Requests is approval.Requests on a session.
type Requests struct{ session *Session }

// Requests gives the session's requests that wait for a second person.
func (s *Session) Requests() *Requests { return &Requests{s} }

var (
	_ approval.Requests = (*Requests)(nil)
	_ approval.Reader   = (*DB)(nil)
)

const (
	requestColumns = `id, action, subject, summary, payload, reason, requested_by, requested_at, expires_at, state, decided_by, decided_at, note, result, version`
	readRequest    = `SELECT ` + requestColumns + ` FROM approval_requests WHERE id = $1`
	lockRequest    = readRequest + ` FOR NO KEY UPDATE`
	addRequest     = `INSERT INTO approval_requests (id, action, subject, summary, payload, reason, requested_by, requested_at, expires_at, state, decided_by, decided_at, note, result)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	saveRequest = `UPDATE approval_requests SET state = $3, decided_by = $4, decided_at = $5, note = $6, result = $7, version = version + 1
		WHERE id = $1 AND version = $2 RETURNING id`
)

// Add is approval.Requests'.
func (r *Requests) Add(_ context.Context, q approval.Request) error {
	r.session.write(addRequest, [16]byte(q.ID), q.Action, q.Subject, q.Summary, q.Payload, q.Reason, [16]byte(q.RequestedBy), q.RequestedAt, q.ExpiresAt,
		q.State.String(), nullable(q.DecidedBy), nullableTime(q.DecidedAt), q.Note, nullable(q.Result))
	return nil
}

// Lock is approval.Requests'.
func (r *Requests) Lock(ctx context.Context, id approval.ID) (approval.Request, error) {
	return readOne(ctx, r.session, scanRequest, approval.ErrUnknown, lockRequest, [16]byte(id))
}

// Save is approval.Requests'.
func (r *Requests) Save(ctx context.Context, q approval.Request) error {
	err := r.session.changes(ctx, 1, approval.ErrDecided, saveRequest, [16]byte(q.ID), q.Version, q.State.String(), nullable(q.DecidedBy), nullableTime(q.DecidedAt),
		q.Note, nullable(q.Result))
	if err != nil {
		return fmt.Errorf("save request %s: %w", q.ID, err)
	}
	return nil
}

// Request is approval.Reader's.
func (db *DB) Request(ctx context.Context, id approval.ID) (approval.Request, error) {
	return queryOne(ctx, db, scanRequest, approval.ErrUnknown, readRequest, [16]byte(id))
}

// Requests is approval.Reader's.
func (db *DB) Requests(ctx context.Context, query approval.Query) (page.Of[approval.Request], error) {
	q := db.bun.NewSelect().TableExpr("approval_requests").ColumnExpr(requestColumns).
		OrderBy("requested_at", bun.OrderDesc).OrderBy("id", bun.OrderDesc).Limit(int64(query.Limit) + 1)
	if query.State != 0 {
		q.Where("state = ?", query.State.String())
	}
	if query.Action != "" {
		q.Where("action = ?", query.Action)
	}
	if query.Subject != "" {
		q.Where("subject = ?", query.Subject)
	}
	if query.After != "" {
		at, id, err := parseAfter(query.After)
		if err != nil {
			return page.Of[approval.Request]{}, err
		}
		q.Where("(requested_at, id) < (?, ?)", at, id)
	}
	requests, err := list(ctx, db, q, scanRequest)
	if err != nil {
		return page.Of[approval.Request]{}, fmt.Errorf("list requests: %w", err)
	}
	return page.Cut(requests, query.Limit, func(r approval.Request) string { return afterText(r.RequestedAt, r.ID.String()) }), nil
}

func scanRequest(row pgx.CollectableRow) (approval.Request, error) {
	var r approval.Request
	var state string
	var by, result pgtype.UUID
	var decided pgtype.Timestamptz
	err := row.Scan((*[16]byte)(&r.ID), &r.Action, &r.Subject, &r.Summary, &r.Payload, &r.Reason, (*[16]byte)(&r.RequestedBy), &r.RequestedAt, &r.ExpiresAt,
		&state, &by, &decided, &r.Note, &result, &r.Version)
	r.State, _ = approval.ParseState(state)
	r.DecidedBy, r.DecidedAt, r.Result = by.Bytes, instant(decided), result.Bytes
	r.RequestedAt, r.ExpiresAt = r.RequestedAt.UTC(), r.ExpiresAt.UTC()
	return r, err
}

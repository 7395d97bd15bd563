package postgres

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/uptrace/bun"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

type actRow struct {
	bun.BaseModel `bun:"table:audit_acts,alias:a"`

	ID      string            `bun:"id,pk,type:uuid"`
	At      time.Time         `bun:"at"`
	Actor   *string           `bun:"actor_id,type:uuid"`
	Role    string            `bun:"role"`
	Session *string           `bun:"session,type:uuid"`
	Address string            `bun:"address"`
	Request string            `bun:"request"`
	Action  string            `bun:"action"`
	Target  string            `bun:"target"`
	Before  map[string]string `bun:"before,type:jsonb,nullzero"`
	After   map[string]string `bun:"after,type:jsonb,nullzero"`
	Reason  string            `bun:"reason"`
	Outcome string            `bun:"outcome"`
}

// Trail is audit.Trail on a session.
type Trail struct{ session *Session }

// Trail gives the session's trail.
func (s *Session) Trail() *Trail { return &Trail{s} }

var (
	_ audit.Trail  = (*Trail)(nil)
	_ audit.Reader = (*DB)(nil)
)

// Record is audit.Trail's.
func (t *Trail) Record(_ context.Context, act audit.Act) error {
	row := actRow{
		ID: act.ID.String(), At: act.At, Actor: optional(act.Actor.User), Role: act.Actor.Role.String(),
		Session: optional(act.Actor.Session), Address: act.Actor.Address, Request: act.Actor.Request,
		Action: act.Action, Target: act.Target, Before: act.Before, After: act.After, Reason: act.Reason, Outcome: act.Outcome,
	}
	return t.session.build(t.session.db.bun.NewInsert().Model(&row))
}

// Acts is audit.Reader's.
func (db *DB) Acts(ctx context.Context, query audit.Query) (page.Of[audit.Act], error) {
	var rows []actRow
	q := db.bun.NewSelect().Model(&rows).OrderBy("at", bun.OrderDesc).OrderBy("id", bun.OrderDesc).Limit(int64(query.Limit) + 1)
	if query.Action != "" {
		q.Where("action = ?", query.Action)
	}
	if query.Target != "" {
		q.Where("target = ?", query.Target)
	}
	if query.Actor != "" {
		q.Where("actor_id = ?", query.Actor)
	}
	if !query.From.IsZero() {
		q.Where("at >= ?", query.From)
	}
	if !query.Until.IsZero() {
		q.Where("at < ?", query.Until)
	}
	if query.After != "" {
		at, id, err := parseAfter(query.After)
		if err != nil {
			return page.Of[audit.Act]{}, err
		}
		q.Where("(at, id) < (?, ?)", at, id)
	}
	if err := q.Scan(ctx); err != nil {
		return page.Of[audit.Act]{}, err
	}
	cut := page.Cut(rows, query.Limit, func(r actRow) string { return afterText(r.At, r.ID) })
	acts := make([]audit.Act, len(cut.Rows))
	for i, r := range cut.Rows {
		acts[i] = r.act()
	}
	return page.Of[audit.Act]{Rows: acts, Next: cut.Next}, nil
}

func (r actRow) act() audit.Act {
	role, _ := user.ParseRole(r.Role) // zero for what nobody signed in for
	act := audit.Act{
		At: r.At, Action: r.Action, Target: r.Target, Before: r.Before, After: r.After, Reason: r.Reason, Outcome: r.Outcome,
		Actor: access.Actor{Role: role, Address: r.Address, Request: r.Request},
	}
	act.ID, _ = ident.Parse[audit.Act](r.ID) // a uuid column gives nothing else
	if r.Actor != nil {
		act.Actor.User, _ = ident.Parse[user.User](*r.Actor)
	}
	if r.Session != nil {
		act.Actor.Session, _ = ident.Parse[access.Session](*r.Session)
	}
	return act
}

// optional gives an identifier's text, or nil for none.
func optional[K any](id ident.ID[K]) *string {
	if id.IsZero() {
		return nil
	}
	text := id.String()
	return &text
}

// afterText and parseAfter carry the place of a row in a list that is ordered by an instant and an identifier.
func afterText(at time.Time, id string) string {
	return hex.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + " " + id))
}

func parseAfter(cursor string) (time.Time, string, error) {
	text, err := hex.DecodeString(cursor)
	if err != nil || len(text) < 38 {
		return time.Time{}, "", page.ErrCursor
	}
	split := len(text) - 36
	at, err := time.Parse(time.RFC3339Nano, string(text[:split-1]))
	if err != nil {
		return time.Time{}, "", page.ErrCursor
	}
	if _, err := ident.Parse[audit.Act](string(text[split:])); err != nil {
		return time.Time{}, "", page.ErrCursor
	}
	return at, string(text[split:]), nil
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/user"
)

// Codes is user.Codes on a session.
type Codes struct{ session *Session }

// Codes gives the session's codes.
func (s *Session) Codes() *Codes { return &Codes{s} }

// CodeReader is user.CodeReader.
type CodeReader struct{ db *DB }

// CodeReader gives the codes as they were committed.
func (db *DB) CodeReader() *CodeReader { return &CodeReader{db} }

var (
	_ user.Codes      = (*Codes)(nil)
	_ user.CodeReader = (*CodeReader)(nil)
)

// codeColumns are what scanCode reads; readCodes has them too.
const codeColumns = `token, purpose, owner_id, wallet_id, amount, amount_max, issued_at, expires_at, revoked_at, used_by, print_version`

const (
	insertCodes = `INSERT INTO codes (token, purpose, owner_id, wallet_id, amount, amount_max, issued_at, expires_at, revoked_at, used_by, print_version)
		SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::uuid[], $11::int[])`
	readCode         = `SELECT ` + codeColumns + ` FROM codes WHERE token = $1`
	readStandingCode = `SELECT ` + codeColumns + ` FROM codes WHERE owner_id = $1 AND purpose = 'standing' AND revoked_at IS NULL`
	revokeCode       = `UPDATE codes SET revoked_at = coalesce(revoked_at, $2) WHERE token = $1 RETURNING ` + codeColumns
	clearCodes       = `DELETE FROM codes WHERE token IN (
			SELECT token FROM codes WHERE purpose <> 'standing' AND used_by IS NULL AND expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
		) RETURNING 1`

	// Rotations of one owner queue at the owner's row. Each statement behind the lock has a snapshot of its own,
	// so it sees what the rotation before has committed.
	lockOwner      = `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`
	revokeStanding = `UPDATE codes SET revoked_at = $2 WHERE owner_id = $1 AND purpose = 'standing' AND revoked_at IS NULL`
	insertStanding = `INSERT INTO codes (token, purpose, owner_id, wallet_id, issued_at, amount_max, print_version)
		SELECT $1, 'standing', $2, $3, $4, coalesce(last.amount_max, $5), coalesce(last.print_version, 0) + 1
		FROM (VALUES (1)) AS one LEFT JOIN (
			SELECT amount_max, print_version FROM codes WHERE owner_id = $2 AND purpose = 'standing' ORDER BY print_version DESC LIMIT 1
		) AS last ON true
		RETURNING ` + codeColumns
)

// Add is user.Codes'. Standing codes are sent at once, since a second one of an owner has to be refused here;
// nothing of codes of one use can be refused, so they travel with the commit.
func (c *Codes) Add(ctx context.Context, codes ...user.Code) error {
	if len(codes) == 0 {
		return nil
	}
	n := len(codes)
	tokens, purposes, owners, issued := make([]string, n), make([]string, n), make([][16]byte, n), make([]time.Time, n)
	amounts, maxima, versions := make([]int64, n), make([]int64, n), make([]int32, n)
	wallets, used := make([]pgtype.UUID, n), make([]pgtype.UUID, n)
	expire, revoked := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	standing := false
	for i := range codes {
		code := &codes[i]
		tokens[i], purposes[i], owners[i], issued[i] = string(code.Token), code.Purpose.String(), code.Owner, code.IssuedAt
		amounts[i], maxima[i], versions[i] = int64(code.Amount), int64(code.AmountMax), int32(code.PrintVersion)
		wallets[i], used[i] = nullable(code.Wallet), nullable(code.UsedBy)
		expire[i], revoked[i] = nullableTime(code.ExpiresAt), nullableTime(code.RevokedAt)
		standing = standing || code.Purpose == user.Standing
	}
	c.session.write(insertCodes, tokens, purposes, owners, wallets, amounts, maxima, issued, expire, revoked, used, versions)
	if !standing {
		return nil
	}
	return refusedStanding(c.session.flush(ctx))
}

// Rotate is user.Codes': one round trip.
func (c *Codes) Rotate(ctx context.Context, next user.Code) (user.Code, error) {
	if next.Purpose != user.Standing {
		return user.Code{}, fmt.Errorf("rotate to code %s of purpose %s", next.Token, next.Purpose)
	}
	owner := [16]byte(next.Owner)
	c.session.write(lockOwner, owner)
	c.session.write(revokeStanding, owner, next.IssuedAt)
	code, err := c.one(ctx, insertStanding, string(next.Token), owner, nullable(next.Wallet), next.IssuedAt, int64(next.AmountMax))
	return code, refusedStanding(err)
}

// Revoke is user.Codes'.
func (c *Codes) Revoke(ctx context.Context, token user.Token, at time.Time) (user.Code, error) {
	return c.one(ctx, revokeCode, string(token), at)
}

// Clear is user.Codes'. Of clearings side by side each takes others.
func (c *Codes) Clear(ctx context.Context, before time.Time, limit int) (cleared int, err error) {
	err = c.session.read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			cleared++
		}
		return rows.Err()
	}, clearCodes, before, limit)
	if err != nil {
		return 0, fmt.Errorf("clear codes that expired before %s: %w", before, err)
	}
	return cleared, nil
}

// ByToken is user.Codes'.
func (c *Codes) ByToken(ctx context.Context, token user.Token) (user.Code, error) {
	return c.one(ctx, readCode, string(token))
}

// one reads the code that sql gives, or returns ErrCodeUnknown where it gives none.
func (c *Codes) one(ctx context.Context, sql string, args ...any) (user.Code, error) {
	return readOne(ctx, c.session, scanCode, user.ErrCodeUnknown, sql, args...)
}

// ByToken is user.CodeReader's.
func (r *CodeReader) ByToken(ctx context.Context, token user.Token) (user.Code, error) {
	return queryOne(ctx, r.db, scanCode, user.ErrCodeUnknown, readCode, string(token))
}

// Standing is user.CodeReader's.
func (r *CodeReader) Standing(ctx context.Context, owner user.ID) (user.Code, error) {
	return queryOne(ctx, r.db, scanCode, user.ErrCodeUnknown, readStandingCode, [16]byte(owner))
}

// refusedStanding makes a second live standing code of one owner the refusal that people understand.
func refusedStanding(err error) error {
	if violates(err, "codes_live_standing_key") {
		return user.ErrCodeStanding
	}
	return err
}

func scanCode(row pgx.CollectableRow) (user.Code, error) {
	var code user.Code
	var purpose string
	var wallet, used pgtype.UUID
	var expires, revoked pgtype.Timestamptz
	err := row.Scan((*string)(&code.Token), &purpose, (*[16]byte)(&code.Owner), &wallet, (*int64)(&code.Amount), (*int64)(&code.AmountMax),
		&code.IssuedAt, &expires, &revoked, &used, &code.PrintVersion)
	if err != nil {
		return user.Code{}, fmt.Errorf("scan code: %w", err)
	}
	var known bool
	if code.Purpose, known = user.ParsePurpose(purpose); !known {
		return user.Code{}, fmt.Errorf("code %s has unknown purpose %q", code.Token, purpose)
	}
	code.IssuedAt, code.ExpiresAt, code.RevokedAt = code.IssuedAt.UTC(), instant(expires), instant(revoked)
	code.Wallet, code.UsedBy = wallet.Bytes, used.Bytes
	return code, nil
}

// Package sessions keeps sign-ins in Redis.
//
// A session is a hash with the SHA-256 of its current refresh token and of the one before; the tokens themselves
// are not stored, but for the successor, which stays for the few seconds in which its answer may have been lost.
// Every change is one script, so it happens whole. All keys carry one hash tag and so live on one shard of a
// cluster: sign-ins are few beside payments.
//
// That a session ended is kept in a sorted set for as long as access tokens of it may live, and published. Each
// process that verifies tokens runs a Feed, which holds the set in memory. If Redis loses its data, everyone signs
// in again; no points are involved.
package sessions

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

// PerUserMax bounds the sessions of one user; beyond it the one that would expire first ends.
const PerUserMax = 1000

// revokedFor is how long an end is remembered: a little longer than any access token lives.
const revokedFor = access.AccessLife + time.Minute

const (
	tag        = "{lovesaijo:sessions}:"
	revokedKey = tag + "revoked" // sorted set of identifiers of sessions by the millisecond until which they matter
	channel    = tag + "ended"   // identifiers of sessions as they end
)

//go:embed start.lua
var startLua string

//go:embed rotate.lua
var rotateLua string

//go:embed end.lua
var endLua string

var (
	startScript  = redis.NewScript(startLua)
	rotateScript = redis.NewScript(rotateLua)
	endScript    = redis.NewScript(endLua)
)

// Store is access.Sessions on Redis.
type Store struct {
	client redis.UniversalClient
}

// New makes a store on client.
func New(client redis.UniversalClient) *Store { return &Store{client: client} }

// Start begins a session and gives its first refresh token.
func (s *Store) Start(ctx context.Context, session access.Session) (access.RefreshToken, error) {
	secret := rand.Text()
	crowdedOut, err := startScript.Run(ctx, s.client, []string{sessionKey(session.ID), userKey(session.User)},
		session.ID.String(), session.User.String(), session.StartedAt.UnixMilli(), session.ExpiresAt.UnixMilli(), digest(secret), PerUserMax,
	).StringSlice()
	if err != nil {
		return "", storeError("start session", err)
	}
	for _, text := range crowdedOut {
		id, err := ident.Parse[access.Session](text)
		if err != nil {
			continue
		}
		if err := s.End(ctx, id, session.StartedAt); err != nil {
			return "", err
		}
	}
	return tokenOf(session.ID, secret), nil
}

// Rotate exchanges a token for its successor.
func (s *Store) Rotate(ctx context.Context, token access.RefreshToken, now time.Time) (access.Session, access.RefreshToken, error) {
	name, secret, _ := strings.Cut(string(token), ".")
	id, err := ident.Parse[access.Session](name)
	if err != nil || secret == "" || len(secret) > 64 {
		return access.Session{}, "", access.ErrSession
	}
	next := rand.Text()
	answer, err := rotateScript.Run(ctx, s.client, []string{sessionKey(id), successorKey(id)},
		digest(secret), digest(next), next, now.UnixMilli(), access.RotationLeeway.Milliseconds(),
	).StringSlice()
	if err != nil {
		return access.Session{}, "", storeError("rotate session", err)
	}
	if len(answer) != 5 {
		return access.Session{}, "", access.ErrSession
	}
	session, err := sessionOf(id, answer[1], answer[2], answer[3])
	if err != nil {
		return access.Session{}, "", storeError("read session", err)
	}
	if answer[0] == "reused" {
		return session, "", errors.Join(access.ErrSessionReused, s.End(ctx, id, now))
	}
	return session, tokenOf(id, answer[4]), nil
}

// End ends a session, tells every feed, and has it remembered for as long as its access tokens may live.
func (s *Store) End(ctx context.Context, id access.SessionID, now time.Time) error {
	err := endScript.Run(ctx, s.client, []string{sessionKey(id), successorKey(id), revokedKey},
		id.String(), now.UnixMilli(), now.Add(revokedFor).UnixMilli(), channel, tag+"user:",
	).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return storeError("end session", err)
	}
	return nil
}

// EndAll ends all sessions of a user.
func (s *Store) EndAll(ctx context.Context, id user.ID, now time.Time) error {
	names, err := s.client.ZRange(ctx, userKey(id), 0, -1).Result()
	if err != nil {
		return storeError("sessions of user", err)
	}
	for _, name := range names {
		session, err := ident.Parse[access.Session](name)
		if err != nil {
			return storeError("sessions of user", err)
		}
		if err := s.End(ctx, session, now); err != nil {
			return err
		}
	}
	return nil
}

func sessionOf(id access.SessionID, owner, started, expires string) (access.Session, error) {
	userID, err := ident.Parse[user.User](owner)
	startedMs, errStarted := strconv.ParseInt(started, 10, 64)
	expiresMs, errExpires := strconv.ParseInt(expires, 10, 64)
	return access.Session{
		ID: id, User: userID, StartedAt: time.UnixMilli(startedMs).UTC(), ExpiresAt: time.UnixMilli(expiresMs).UTC(),
	}, errors.Join(err, errStarted, errExpires)
}

func storeError(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, access.ErrSessionStore, err)
}

func tokenOf(id access.SessionID, secret string) access.RefreshToken {
	return access.RefreshToken(id.String() + "." + secret)
}

// digest is what is stored of a secret. The secret has 130 random bits, so it needs neither salt nor slowness.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func sessionKey(id access.SessionID) string   { return tag + "session:" + id.String() }
func successorKey(id access.SessionID) string { return tag + "successor:" + id.String() }
func userKey(id user.ID) string               { return tag + "user:" + id.String() }

var _ access.Sessions = (*Store)(nil)

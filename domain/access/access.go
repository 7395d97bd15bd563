// Package access decides who may do what, and knows how people show who they are.
//
// A person signs in with e-mail and password and gets two tokens. The access token is short-lived and signed;
// every request carries it, and it is verified without a call to anything: its signature, its expiry, and a list
// of revoked sessions that each process holds in memory. The refresh token is opaque and long-lived; it is good
// for one exchange against the next pair. All the refresh tokens that follow from one sign-in are a family, the
// session. One that turns up a second time has been stolen, from the owner or by the owner's thief, so the whole
// family ends (RFC 9700, 4.14.2).
//
// What a role may do stands in one table, the matrix. Lockout, second factors, allow lists and password rules
// join the package when registration by e-mail does.
package access

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

// Life times of what a sign-in gives out.
const (
	AccessLife       = 10 * time.Minute
	SessionLife      = 30 * 24 * time.Hour // from the sign-in, for residents, merchants and clerks
	SessionLifeAdmin = 8 * time.Hour       // from the sign-in, for administrators
	RotationLeeway   = 10 * time.Second    // within it a rotated token gives the same successor again
)

// LifeOf gives how long a session of role lasts.
func LifeOf(role user.Role) time.Duration {
	if role == user.Administrator {
		return SessionLifeAdmin
	}
	return SessionLife
}

// Refusals of tokens and sessions. Who is asked to sign in again learns no more than that.
var (
	ErrSession       = fault.Define(fault.Unauthenticated, "session_ended", "ログインの有効期限が切れました。もう一度ログインしてください。")
	ErrSessionReused = fault.Define(fault.Unauthenticated, "session_reused", "安全のためログアウトしました。もう一度ログインしてください。")
	ErrSessionStore  = fault.Define(fault.Unavailable, "sessions_unavailable", "ただいまログインの処理ができません。しばらくしてからもう一度お試しください。")
	ErrAccessToken   = fault.Define(fault.Unauthenticated, "access_token_invalid", "ログインの確認ができませんでした。もう一度ログインしてください。")
)

// Session is one sign-in on one device.
type Session struct {
	ID        SessionID
	User      user.ID
	StartedAt time.Time
	ExpiresAt time.Time
}

// RefreshToken is the secret that continues a session. It is never logged or printed; use string(token) to send it.
type RefreshToken string

// Sessions keeps the families of refresh tokens. It is outside any unit of work. Where its store does not answer,
// every method returns ErrSessionStore.
type Sessions interface {
	// Start begins a session and gives its first refresh token.
	Start(ctx context.Context, session Session) (RefreshToken, error)
	// Rotate exchanges a token for its successor, once. Within RotationLeeway of the exchange the same token gives
	// the same successor again, since the answer may have been lost on its way. After that it is a theft: the
	// session ends, and Rotate returns it with ErrSessionReused. A token that is unknown, or whose session has
	// ended or expired, gets ErrSession.
	Rotate(ctx context.Context, token RefreshToken, now time.Time) (Session, RefreshToken, error)
	// End ends a session and has its access tokens refused everywhere. One that has ended stays so.
	End(ctx context.Context, id SessionID, now time.Time) error
	// EndAll ends all sessions of a user.
	EndAll(ctx context.Context, id user.ID, now time.Time) error
}

// Revocations knows, without asking anyone, the sessions that ended while access tokens of theirs may live.
// An end becomes known to every process within a moment.
type Revocations interface {
	Revoked(id SessionID) bool
}

// Claims is what an access token says, and its signature proves.
type Claims struct {
	User      user.ID
	Role      user.Role
	Wallet    WalletID
	Session   SessionID
	IssuedAt  time.Time // to the second
	ExpiresAt time.Time // to the second
}

// Signer issues and verifies access tokens.
type Signer interface {
	// Issue signs the claims.
	Issue(claims Claims) (string, error)
	// Verify gives the claims of a token that this platform signed and that has not expired at now, and
	// ErrAccessToken for anything else.
	Verify(token string, now time.Time) (Claims, error)
}

// Seal signs what the platform hands out as proof, such as the heads of the journal's hash chain.
type Seal interface {
	// Seal signs message.
	Seal(message []byte) []byte
	// Verify tells whether signature was made by Seal over message.
	Verify(message, signature []byte) bool
}

// LogValue keeps the token out of logs.
func (RefreshToken) LogValue() slog.Value { return slog.StringValue("[refresh token]") }

// Format keeps the token out of printed text, whatever the verb.
func (RefreshToken) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[refresh token]") }

package user

import (
	"context"
	"time"

	"lovesaijo/domain/page"
)

// Directory keeps users, inside a unit of work. It never tells of deleted users.
type Directory interface {
	// Add enters users. It returns ErrEmailTaken when a live user has one of the addresses, or two of the users
	// share one; then none is entered.
	Add(ctx context.Context, users ...User) error
	// ByID returns ErrUnknown where there is no live user of that identifier.
	ByID(ctx context.Context, id ID) (User, error)
	// ByEmail returns ErrUnknown where no live user has that address.
	ByEmail(ctx context.Context, email Email) (User, error)
}

// Roster reads users outside a unit of work, as they were committed. It never tells of deleted users.
type Roster interface {
	// ByID returns ErrUnknown where there is no live user of that identifier.
	ByID(ctx context.Context, id ID) (User, error)
	// ByIDs finds users; unknown identifiers are absent from the result.
	ByIDs(ctx context.Context, ids []ID) (map[ID]User, error)
	// ByEmails finds users; unknown addresses are absent from the result. At most EmailsMax are looked up at once.
	ByEmails(ctx context.Context, emails []Email) (map[Email]User, error)
	// Search lists what the filter chooses in the order of registration, limit users (1 to page.LimitMax, or
	// page.ErrLimit) after the cursor, which is empty for the first page; page.ErrCursor refuses any other text
	// than one given out as Next. A filter whose text is the token of a live code chooses that code's owner, if
	// all else that it asks holds. ErrFilter refuses a filter that asks too much.
	Search(ctx context.Context, filter Filter, after string, limit int) (page.Of[User], error)
	// Matching lists the wallets that a bulk grant to the filter reaches, in the order of registration: those of
	// residents and merchants. It gives at most limit (1 to RecipientsMax) after the identifier, which is zero
	// for the first; fewer than limit are the last. It refuses what Search refuses.
	Matching(ctx context.Context, filter Filter, after ID, limit int) ([]Recipient, error)
}

// Bounds of one reading.
const (
	EmailsMax     = 10_000
	RecipientsMax = 10_000
)

// Recipient is a user who can be given points.
type Recipient struct {
	User   ID
	Wallet WalletID
}

// Codes keeps codes, inside a unit of work. The consuming of one-time codes is the ledger's, since it happens
// in the payment's own transaction.
type Codes interface {
	// Add enters codes. A second live standing code of one owner is refused with ErrCodeStanding.
	Add(ctx context.Context, codes ...Code) error
	// Rotate revokes the owner's live standing code, if there is one, at next.IssuedAt and enters next, which must
	// be a standing code, in its place, with the PrintVersion after the highest that the owner ever had and the
	// AmountMax of the one before, if there was one. It returns next as entered. Of two rotations at once one comes after the other,
	// or is refused with ErrCodeStanding.
	Rotate(ctx context.Context, next Code) (Code, error)
	// Revoke makes a code unusable from at on, and returns it. A code that is already revoked stays
	// as it is. It returns ErrCodeUnknown for an unknown token.
	Revoke(ctx context.Context, token Token, at time.Time) (Code, error)
	// ByToken returns ErrCodeUnknown for an unknown token.
	ByToken(ctx context.Context, token Token) (Code, error)
	// Clear removes codes of one use that expired before the given instant and that nobody used, those first that
	// expired first, and tells how many: at most limit. Used ones stay with the payments that used them.
	Clear(ctx context.Context, before time.Time, limit int) (int, error)
}

// CodeReader reads codes outside a unit of work, as they were committed.
type CodeReader interface {
	// ByToken returns ErrCodeUnknown for an unknown token. The code may be used, revoked or expired.
	ByToken(ctx context.Context, token Token) (Code, error)
	// Standing gives the owner's live standing code, or ErrCodeUnknown where it was revoked and not replaced.
	Standing(ctx context.Context, owner ID) (Code, error)
}

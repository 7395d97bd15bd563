package access

import (
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

// Actor is who asks. It is a parameter of every activity, built from a verified token at the edge; it is never
// taken from a context further in.
type Actor struct {
	User    user.ID
	Role    user.Role
	Wallet  WalletID // the wallet the actor acts on: their own, or for a clerk the merchant's; zero for administrators
	Session SessionID
	Address string // network address the request came from, for the audit trail
	Request string // request id, for the audit trail
}

// WalletID identifies a wallet. An actor names one, as does a user.
type WalletID = user.WalletID

// SessionID identifies one sign-in on one device.
type SessionID = ident.ID[Session]

package access

import (
	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

// Permission is one thing that a role may do. Whether it may be done to this wallet or that user is decided
// where it is done: an activity compares what it touches with the actor.
type Permission uint8

// The permissions.
const (
	Pay              Permission = iota + 1 // pay or send points from the actor's wallet
	PresentCode                            // show a one-time code that lets a merchant take a payment
	SeeOwnHistory                          // balance, lots and history of the actor's wallet
	ManageOwnCodes                         // see and rotate the actor's own standing code
	MakeAmountCode                         // show a one-time code with an amount, to be paid
	Charge                                 // take cash for points at a shop
	SeeTill                                // the cash in the actor's till
	SeeFunds                               // balances and movements of the funds, all tills
	ManageFunds                            // open funds, deposit, withdraw
	Grant                                  // give points from a fund, singly or in bulk
	RecordRemittance                       // book cash that a shop has handed in
	ManageKinds                            // kinds of points and their defaults
	ManageRules                            // precedence and limits
	SearchUsers                            // find users and read their profiles
	RegisterUsers                          // enter users of any role
	ManageCodes                            // rotate and revoke anyone's codes
	SeeAnyHistory                          // balance, lots and history of any wallet
	SeeTrail                               // the audit trail
	RunSweep                               // lapse what has expired, now
	ProveBooks                             // have the books proven, and read the verdict
	ExportBooks                            // take the journal out
	OwnCashback                            // decide on the cashback of the actor's own shop
	SeeOwnSettlement                       // statements, claims and payouts of the actor's own shop
	ClaimPoints                            // ask to be paid for circulated points; name the shop's bank account
	ManageCashback                         // programmes of any shop, campaigns
	SeeSettlement                          // statements, claims, payouts and accounts of any shop
	Settle                                 // close periods, look at and approve claims, export and record transfers
	ManageSettlement                       // originator, bank profile, fees, cycle
	Correct                                // undo entries and adjust wallets
	BookReceivable                         // book as owed what a correction cannot take back
)

const last = BookReceivable

var permissionNames = [...]string{
	Pay: "pay", PresentCode: "present-code", SeeOwnHistory: "see-own-history", ManageOwnCodes: "manage-own-codes",
	MakeAmountCode: "make-amount-code", Charge: "charge", SeeTill: "see-till", SeeFunds: "see-funds",
	ManageFunds: "manage-funds", Grant: "grant", RecordRemittance: "record-remittance", ManageKinds: "manage-kinds",
	ManageRules: "manage-rules", SearchUsers: "search-users", RegisterUsers: "register-users",
	ManageCodes: "manage-codes", SeeAnyHistory: "see-any-history", SeeTrail: "see-trail", RunSweep: "run-sweep",
	ProveBooks: "prove-books", ExportBooks: "export-books", OwnCashback: "own-cashback",
	SeeOwnSettlement: "see-own-settlement", ClaimPoints: "claim-points", ManageCashback: "manage-cashback",
	SeeSettlement: "see-settlement", Settle: "settle", ManageSettlement: "manage-settlement", Correct: "correct",
	BookReceivable: "book-receivable",
}

// String gives the permission's name in documents.
func (p Permission) String() string {
	if p < Pay || p > last {
		return "unknown"
	}
	return permissionNames[p]
}

// matrix is the one table of who may do what (clauses 3.1.3 and 3.1.4). A clerk works the shop's till but never
// spends the shop's points; an administrator has no wallet and so neither pays nor charges.
var matrix = map[user.Role][]Permission{
	user.Resident: {Pay, PresentCode, SeeOwnHistory, ManageOwnCodes},
	user.Merchant: {
		Pay, SeeOwnHistory, ManageOwnCodes, MakeAmountCode, Charge, SeeTill, OwnCashback, SeeOwnSettlement, ClaimPoints,
	},
	user.Clerk: {SeeOwnHistory, ManageOwnCodes, MakeAmountCode, Charge, SeeTill},
	user.Administrator: {
		ManageOwnCodes, SeeFunds, ManageFunds, Grant, RecordRemittance, ManageKinds, ManageRules, SearchUsers,
		RegisterUsers, ManageCodes, SeeAnyHistory, SeeTrail, RunSweep, ProveBooks, ExportBooks,
		ManageCashback, SeeSettlement, Settle, ManageSettlement, Correct, BookReceivable,
	},
}

// allowed is the matrix as a set of bits for each role, so that a payment pays nothing for asking.
var allowed = func() (sets [user.Administrator + 1]uint64) {
	for role, permissions := range matrix {
		for _, p := range permissions {
			sets[role] |= 1 << p
		}
	}
	return sets
}()

// The refusals of access.
var (
	ErrNotSignedIn = fault.Define(fault.Unauthenticated, "not_signed_in", "ログインしてください。")
	ErrNotAllowed  = fault.Define(fault.Forbidden, "not_allowed", "この操作を行う権限がありません。")
)

// Allow returns ErrNotSignedIn where there is no actor, ErrNotAllowed where the actor's role lacks the permission.
func Allow(actor Actor, permission Permission) error {
	if actor.User.IsZero() {
		return ErrNotSignedIn
	}
	if !May(actor.Role, permission) {
		return ErrNotAllowed
	}
	return nil
}

// May tells whether the matrix gives the permission to the role.
func May(role user.Role, permission Permission) bool {
	return role <= user.Administrator && allowed[role]&(1<<permission) != 0
}

// Permissions lists all of them, for documents and tests.
func Permissions() []Permission {
	all := make([]Permission, 0, last)
	for p := Pay; p <= last; p++ {
		all = append(all, p)
	}
	return all
}

package user

import "lovesaijo/domain/ident"

// ID identifies a user.
type ID = ident.ID[User]

// Role is what a user is to the platform. A user has one role.
type Role uint8

// The roles. A clerk works for one merchant and acts on that merchant's wallet.
const (
	Resident Role = iota + 1
	Merchant
	Clerk
	Administrator
)

// String gives the role's name in the API and the database.
func (r Role) String() string {
	switch r {
	case Resident:
		return "resident"
	case Merchant:
		return "merchant"
	case Clerk:
		return "clerk"
	case Administrator:
		return "administrator"
	}
	return "unknown"
}

// ParseRole reads a role's name; ok is false for an unknown one.
func ParseRole(name string) (role Role, ok bool) {
	for r := Resident; r <= Administrator; r++ {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

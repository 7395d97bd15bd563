// Package usertest holds the contract of the ports of domain/user as tests, and fixtures that are valid by default.
//
// An adapter calls each suite with a function that opens its stores. The suites make their own users, with
// identifiers and addresses that nobody else has, and look only at those; so the stores may be shared between
// tests and need not be empty. Every test runs in parallel with the others.
package usertest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit.
type Stores struct {
	Directory user.Directory
	Codes     user.Codes
}

// Bench is what the suites need of an adapter: its unit of work and its read ports on the same data.
type Bench struct {
	Unit   usecase.Unit[Stores]
	Roster user.Roster
	Codes  user.CodeReader
}

// Open opens an adapter for one test.
type Open func(t *testing.T) Bench

// Now is the instant at which the suites' stories begin.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

var serial atomic.Int64

// Unique gives a text of lower case letters and digits that no other call gives, in this process or another.
func Unique() string {
	id := ident.New[Stores](time.Now()).String()
	return fmt.Sprintf("t%x%s", serial.Add(1), id[24:])
}

// Resident makes a valid resident whom nobody else resembles in identifier, address of e-mail and wallet.
func Resident(changes ...func(*user.User)) user.User {
	u := user.User{
		ID: ident.New[user.User](Now), Role: user.Resident, Email: user.Email(Unique() + "@example.jp"), CreatedAt: Now,
		Profile: user.Profile{
			Name: "西条 花子", Kana: "サイジョウ ハナコ", Birth: calendar.On(1958, 4, 1), PostalCode: "7930041",
			Address: "愛媛県西条市神拝甲1-2", Phone: "09000001234",
		},
	}
	copy(u.Wallet[:], u.ID[:])
	u.Wallet[15] ^= 0xff
	for _, change := range changes {
		change(&u)
	}
	return u
}

// Merchant makes a valid merchant.
func Merchant(changes ...func(*user.User)) user.User {
	return Resident(append([]func(*user.User){func(u *user.User) {
		u.Role = user.Merchant
		u.Profile = user.Profile{
			Name: "うちぬき食堂", Kana: "ウチヌキショクドウ", Birth: calendar.Never, PostalCode: "7930030",
			Address: "愛媛県西条市大町1", Phone: "0897565151", Category: "飲食店",
		}
	}}, changes...)...)
}

// Clerk makes a valid clerk of the merchant.
func Clerk(merchant user.User, changes ...func(*user.User)) user.User {
	return Resident(append([]func(*user.User){func(u *user.User) {
		u.Role, u.Employer, u.Wallet = user.Clerk, merchant.ID, merchant.Wallet
		u.Profile = user.Profile{Name: "石鎚 一郎", Kana: "イシヅチ イチロウ", Birth: calendar.Never}
	}}, changes...)...)
}

// Administrator makes a valid administrator.
func Administrator(changes ...func(*user.User)) user.User {
	return Resident(append([]func(*user.User){func(u *user.User) {
		u.Role, u.Wallet = user.Administrator, user.WalletID{}
		u.Profile = user.Profile{Name: "市 管理", Kana: "シ カンリ", Birth: calendar.Never}
	}}, changes...)...)
}

// StandingCode makes the first standing code of u.
func StandingCode(u user.User) user.Code {
	code := user.Code{
		Token: user.NewToken(user.Standing), Purpose: user.Standing, Owner: u.ID, IssuedAt: Now, PrintVersion: 1,
	}
	if u.Role.OwnsWallet() {
		code.Wallet = u.Wallet
	}
	return code
}

// PresentedCode makes a one-time code of the resident u.
func PresentedCode(u user.User) user.Code {
	return user.Code{
		Token: user.NewToken(user.Presented), Purpose: user.Presented, Owner: u.ID, Wallet: u.Wallet, IssuedAt: Now,
		ExpiresAt: Now.Add(user.PresentedLife),
	}
}

// AmountCode makes a one-time code over 500 points of the merchant u.
func AmountCode(u user.User) user.Code {
	return user.Code{
		Token: user.NewToken(user.Amount), Purpose: user.Amount, Owner: u.ID, Wallet: u.Wallet, Amount: 500, IssuedAt: Now,
		ExpiresAt: Now.Add(user.AmountLife),
	}
}

// Package money holds the two amounts of the platform: points and yen, one to one (clause 6.1.3 and §2).
//
// Both are whole numbers. There are no fractions anywhere; where a rate is applied the rounding is stated
// at the rule. AmountMax bounds every single amount and keeps sums of millions of them inside an int64.
package money

import (
	"strconv"

	"lovesaijo/domain/fault"
)

// Points is an amount of LSP points.
type Points int64

// Yen is an amount of Japanese yen.
type Yen int64

// AmountMax is the largest amount of one act: ten billion points.
const AmountMax Points = 10_000_000_000

// ErrAmount refuses an amount that is not between 1 and AmountMax.
var ErrAmount = fault.Define(fault.Invalid, "amount_out_of_range", "金額は1以上、100億以下の整数で入力してください。")

// Valid returns ErrAmount unless p can be the amount of an act.
func (p Points) Valid() error {
	if p < 1 || p > AmountMax {
		return ErrAmount.At("amount")
	}
	return nil
}

// String gives p with grouped digits, as it stands on screens: 12,345.
func (p Points) String() string {
	digits := strconv.FormatInt(int64(p), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

package bank

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"lovesaijo/domain/fault"
)

// YuchoCode is ゆうちょ銀行 in the bank master.
const YuchoCode Code = "9900"

// The refusals of ゆうちょ's own account numbers.
var (
	ErrYuchoSymbol = fault.Define(fault.Invalid, "bank_yucho_symbol_malformed", "記号は、通帳の「記号」の数字5桁を入力してください。1で始まるときは0で終わります。記号のあとに1桁の数字があるときは、それは入力しません。")
	ErrYuchoNumber = fault.Define(fault.Invalid, "bank_yucho_number_malformed", "番号は、通帳の「番号」の数字を入力してください。記号が1で始まるときは8桁以内で1で終わり、0で始まるときは6桁以内です。")
)

// Yucho is an account of ゆうちょ銀行 as its passbook has it. Transfers from other banks need it in their own terms.
type Yucho struct {
	Symbol  string // 記号
	Number  string // 番号
	Savings bool   // the passbook says 通常貯蓄貯金
}

// Format hides the number from whoever prints it.
func (y Yucho) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[yucho]") }

// LogValue keeps it out of logs.
func (y Yucho) LogValue() slog.Value { return slog.StringValue("[yucho]") }

// MarshalText keeps it out of JSON.
func (y Yucho) MarshalText() ([]byte, error) { return []byte("[yucho]"), nil }

// Account gives the account that transfers go to, its holder empty. Of 総合口座 and 通常貯金 (記号 1ab…) the branch is ab8
// and the number loses its last digit, which is always 1; of 振替口座 (記号 0ab…) the branch is ab9 and the number stays.
// It returns ErrYuchoSymbol or ErrYuchoNumber.
func (y Yucho) Account() (Account, error) {
	symbol, number := typedDigits(y.Symbol), typedDigits(y.Number)
	if !isNumber(symbol, 5) {
		return Account{}, ErrYuchoSymbol
	}
	if number == "" || !isDigits(number) {
		return Account{}, ErrYuchoNumber
	}
	account := Account{Bank: YuchoCode}
	switch {
	case symbol[0] == '1' && symbol[4] == '0':
		shorter, ended := strings.CutSuffix(number, "1")
		if !ended || len(shorter) > accountDigits {
			return Account{}, ErrYuchoNumber
		}
		account.Branch, account.Type, number = BranchCode(symbol[1:3]+"8"), Ordinary, shorter
		if y.Savings {
			account.Type = Savings
		}
	case symbol[0] == '0' && !y.Savings:
		if len(number) > 6 {
			return Account{}, ErrYuchoNumber
		}
		account.Branch, account.Type = BranchCode(symbol[1:3]+"9"), Current
	default:
		return Account{}, ErrYuchoSymbol
	}
	account.Number = strings.Repeat("0", accountDigits-len(number)) + number
	if !isAccountNumber(account.Number) {
		return Account{}, ErrYuchoNumber
	}
	return account, nil
}

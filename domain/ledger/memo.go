package ledger

import (
	"unicode/utf8"

	"lovesaijo/domain/fault"
)

// MemoRunesMax bounds the note on an entry.
const MemoRunesMax = 100

// ErrMemo refuses a note.
var ErrMemo = fault.Define(fault.Invalid, "memo_too_long", "メモは100文字以内で入力してください。")

// ValidMemo refuses a note that is too long.
func ValidMemo(memo string) error {
	if utf8.RuneCountInString(memo) > MemoRunesMax {
		return ErrMemo.At("memo")
	}
	return nil
}

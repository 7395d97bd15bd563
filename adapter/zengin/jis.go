package zengin

import (
	"fmt"

	"lovesaijo/domain/bank"
)

// Encode spells text in JIS X 0201, the single-byte half of Shift_JIS. It refuses a character that has no byte there.
func Encode(text bank.Kana) ([]byte, error) {
	spelled := make([]byte, 0, len(text))
	for _, r := range string(text) {
		code, known := bank.Byte(r)
		if !known {
			return nil, fmt.Errorf("character %d has no byte in JIS X 0201", len(spelled)+1)
		}
		spelled = append(spelled, code)
	}
	return spelled, nil
}

// Decode reads bytes in JIS X 0201. It refuses a byte that is none, such as the first of a kanji.
func Decode(spelled []byte) (bank.Kana, error) {
	runes := make([]rune, 0, len(spelled))
	for i, code := range spelled {
		r, known := bank.Character(code)
		if !known {
			return "", fmt.Errorf("byte %d is none of JIS X 0201", i)
		}
		runes = append(runes, r)
	}
	return bank.Kana(runes), nil
}

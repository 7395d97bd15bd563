package user

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// Profile is what a user tells about themselves (clause 3.1.1). Names are kept as they were written, old and
// rare characters included; Tidy brings only the machine-like fields into one form.
type Profile struct {
	Name       string       // a person's full name, or the shop's
	Kana       string       // its reading in full-width katakana
	Birth      calendar.Day // calendar.Never where there is none, as with shops
	PostalCode string       // seven digits
	Address    string
	Phone      string // digits only
	Category   string // a merchant's trade, as shown in the list of shops; empty for all others
}

// Limits of the profile, in characters.
const (
	NameRunesMax     = 100
	AddressRunesMax  = 200
	CategoryRunesMax = 40
)

// birthFirst is the earliest day of birth that is believed.
var birthFirst = calendar.On(1900, 1, 1)

// The refusals of single fields.
var (
	ErrName       = fault.Define(fault.Invalid, "name_invalid", "名前を100文字以内で入力してください。")
	ErrKana       = fault.Define(fault.Invalid, "kana_invalid", "フリガナを全角カタカナ100文字以内で入力してください。")
	ErrBirth      = fault.Define(fault.Invalid, "birth_invalid", "生年月日を正しく入力してください。")
	ErrPostalCode = fault.Define(fault.Invalid, "postal_code_invalid", "郵便番号を7桁の数字で入力してください。")
	ErrAddress    = fault.Define(fault.Invalid, "address_invalid", "住所を200文字以内で入力してください。")
	ErrPhone      = fault.Define(fault.Invalid, "phone_invalid", "電話番号を市外局番から10桁または11桁の数字で入力してください。")
	ErrCategory   = fault.Define(fault.Invalid, "category_invalid", "事業者には業種を40文字以内で入力し、それ以外の方は空にしてください。")
)

// Tidy trims every field, makes digits half-width, takes the hyphens out of postal code and phone, and turns
// hiragana of the reading into katakana.
func (p Profile) Tidy() Profile {
	p.Name = strings.TrimSpace(p.Name)
	p.Kana = strings.Map(toKatakana, strings.TrimSpace(p.Kana))
	p.PostalCode = digitsOf(p.PostalCode)
	p.Address = strings.TrimSpace(p.Address)
	p.Phone = digitsOf(p.Phone)
	p.Category = strings.TrimSpace(p.Category)
	return p
}

// check reports each field that is at fault for a user of role. Residents and merchants give all of their
// profile, for clerks and administrators the name and its reading are enough.
func (p Profile) check(role Role, today calendar.Day, report func(path string, f *fault.Fault)) {
	full := role == Resident || role == Merchant
	if !isLine(p.Name, 1, NameRunesMax) {
		report("profile.name", ErrName)
	}
	if !isLine(p.Kana, 1, NameRunesMax) || strings.ContainsFunc(p.Kana, notKana) {
		report("profile.kana", ErrKana)
	}
	born := p.Birth >= birthFirst && p.Birth <= today
	if unborn := p.Birth == calendar.Never; !born && (!unborn || role == Resident) {
		report("profile.birth", ErrBirth)
	}
	if (full || p.PostalCode != "") && (len(p.PostalCode) != 7 || !isDigits(p.PostalCode)) {
		report("profile.postalCode", ErrPostalCode)
	}
	if (full || p.Address != "") && !isLine(p.Address, 1, AddressRunesMax) {
		report("profile.address", ErrAddress)
	}
	if (full || p.Phone != "") && !isPhone(p.Phone) {
		report("profile.phone", ErrPhone)
	}
	if role == Merchant && !isLine(p.Category, 1, CategoryRunesMax) || role != Merchant && p.Category != "" {
		report("profile.category", ErrCategory)
	}
}

// LogValue keeps the profile out of logs.
func (p Profile) LogValue() slog.Value { return slog.StringValue("[profile]") }

// Format keeps the profile out of printed text, whatever the verb.
func (p Profile) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[profile]") }

// isLine tells whether text is one line of least to most characters without controls.
func isLine(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return utf8.ValidString(text) && n >= least && n <= most &&
		strings.TrimSpace(text) == text && !strings.ContainsFunc(text, unicode.IsControl)
}

// isPhone accepts a number of Japan with its leading zero.
func isPhone(text string) bool {
	return (len(text) == 10 || len(text) == 11) && text[0] == '0' && isDigits(text)
}

func isDigits(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func notKana(r rune) bool {
	return (r < 'ァ' || r > 'ヺ') && r != 'ー' && r != '・' && r != ' ' && r != '\u3000'
}

func toKatakana(r rune) rune {
	if r >= 'ぁ' && r <= 'ゖ' {
		return r + ('ァ' - 'ぁ')
	}
	return r
}

// digitsOf makes digits half-width and drops hyphens and spaces of any width; anything else stays, so that it is
// found to be at fault.
func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case unicode.IsSpace(r), r == '-', r == '－', r == 'ー', r == '−', r == '‐', r == '(', r == ')':
			return -1
		}
		return r
	}, text)
}

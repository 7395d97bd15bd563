package user

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// TextRunesMax bounds what may be searched for.
const TextRunesMax = 100

// ErrFilter refuses a search that asks too much.
var ErrFilter = fault.Define(fault.Invalid, "filter_invalid", "検索条件は100文字以内で入力してください。")

// Filter chooses users that are not deleted. Zero fields do not narrow.
type Filter struct {
	Role       Role
	Text       string // found in name, reading, e-mail or phone; or the token of a live code, for its owner
	ByBirth    bool   // BornFrom and BornUntil, both days included, bound the day of birth
	BornFrom   calendar.Day
	BornUntil  calendar.Day
	PostalCode string // its beginning, an area
}

// Valid refuses a filter that asks too much.
func (f Filter) Valid() error {
	if utf8.RuneCountInString(f.Text) > TextRunesMax || len(f.PostalCode) > 7 || !isDigits(f.PostalCode) {
		return ErrFilter
	}
	return nil
}

// Token gives the token that is searched for, if the text is one.
func (f Filter) Token() (Token, bool) {
	token, err := ParseToken(f.Text)
	return token, err == nil
}

// Matches tells whether the filter chooses u. It knows no codes: a filter by token chooses no one here.
func (f Filter) Matches(u User) bool {
	return u.Live() &&
		(f.Role == 0 || f.Role == u.Role) &&
		strings.Contains(SearchText(u), SearchKey(f.Text)) &&
		(!f.ByBirth || f.BornFrom <= u.Profile.Birth && u.Profile.Birth <= f.BornUntil) &&
		strings.HasPrefix(u.Profile.PostalCode, f.PostalCode)
}

// SearchText gives what a search for u looks through: the folded name, reading, address of e-mail and phone, one
// per line. Adapters store it beside the user and look for SearchKey in it, so all of them find the same.
func SearchText(u User) string {
	return strings.Join([]string{
		SearchKey(u.Profile.Name), SearchKey(u.Profile.Kana), SearchKey(string(u.Email)), SearchKey(u.Profile.Phone),
	}, "\n")
}

// SearchKey folds text for searching: lower case, half-width letters and digits, katakana for hiragana, the
// common form of some variant characters of names, and no spaces or hyphens.
func SearchKey(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), r == '-', r == '－', r == '‐', r == '−':
			return -1
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		}
		if common, ok := variants[r]; ok {
			return common
		}
		return toKatakana(unicode.ToLower(r))
	}, text)
}

// variants maps characters of names to the form in which people type them.
var variants = map[rune]rune{
	'髙': '高', '﨑': '崎', '嵜': '崎', '𠮷': '吉', '濵': '浜', '濱': '浜', '邉': '辺', '邊': '辺', '齋': '斉', '齊': '斉', '斎': '斉',
	'澤': '沢', '櫻': '桜', '廣': '広', '國': '国', '德': '徳', '惠': '恵', '眞': '真', '壽': '寿', '龍': '竜', '嶋': '島', '嶌': '島',
}

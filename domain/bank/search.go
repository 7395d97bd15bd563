package bank

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"unicode"
)

// Search gives banks whose code begins with the text or whose name or kana holds it, the best first: those called so,
// those whose name begins so, then the others, each by code. An empty text finds every bank. more tells that some were
// left out beyond limit.
func (m *Master) Search(text string, limit int) (found []Bank, more bool) {
	return search(m.Banks(), wordOf(text, "銀行", "ｷﾞﾝｺｳ"), limit, func(b Bank) (string, string, Kana) { return string(b.Code), b.Name, b.Kana })
}

// SearchBranches gives branches of a bank as Search gives banks.
func (m *Master) SearchBranches(of Code, text string, limit int) (found []Branch, more bool) {
	return search(m.Branches(of), wordOf(text, "支店", "ｼﾃﾝ"), limit, func(b Branch) (string, string, Kana) { return string(b.Code), b.Name, b.Kana })
}

// word is what is looked for, in the forms in which masters have it.
type word struct {
	code, name string
	kana       string // empty where the text cannot be kana
}

// wordOf folds what somebody typed. The master has no word for bank or branch in its names, and short ones for the
// other kinds of houses.
func wordOf(text, ending, endingKana string) word {
	w := word{code: typedDigits(text), name: foldName(shortForms.Replace(text))}
	if short := strings.TrimSuffix(w.name, ending); short != "" {
		w.name = short
	}
	if reading, err := Narrow(text, NameOfBank, DefaultProfile()); err == nil {
		w.kana = string(reading.Kana)
		if short := strings.TrimSuffix(w.kana, endingKana); short != "" {
			w.kana = short
		}
	}
	return w
}

var shortForms = strings.NewReplacer(
	"信用農業協同組合連合会", "信連", "信用漁業協同組合連合会", "信漁連", "信用金庫", "信金", "信用組合", "信組", "労働金庫", "労金",
	"農業協同組合", "農協", "漁業協同組合", "漁協",
)

// foldName makes widths and cases equal and takes spaces away.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		return unicode.ToUpper(r)
	}, name)
}

// The ranks of what is found.
const (
	same = iota
	beginning
	inside
	absent
)

func (w word) rank(code, name string, kana Kana) int {
	if w.code != "" && strings.HasPrefix(code, w.code) {
		return same
	}
	found := rank(foldName(name), w.name)
	if w.kana != "" {
		found = min(found, rank(string(kana), w.kana))
	}
	return found
}

func rank(text, part string) int {
	switch {
	case text == part:
		return same
	case strings.HasPrefix(text, part):
		return beginning
	case strings.Contains(text, part):
		return inside
	}
	return absent
}

func search[P any](places iter.Seq[P], w word, limit int, say func(P) (code, name string, kana Kana)) ([]P, bool) {
	type ranked struct {
		place P
		rank  int
	}
	var found []ranked
	for place := range places {
		if r := w.rank(say(place)); r != absent {
			found = append(found, ranked{place, r})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	first := make([]P, min(len(found), limit))
	for i := range first {
		first[i] = found[i].place
	}
	return first, len(found) > limit
}

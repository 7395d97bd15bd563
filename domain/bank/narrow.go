package bank

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// typedRunesMax bounds what Narrow reads: the longest field is 40 bytes, and a name with its legal form is longer.
const typedRunesMax = 200

// Alteration is a kind of change that Narrow makes to what was typed, beyond the characters' width.
type Alteration uint8

// The alterations. Those from Modernized on can make another name of it, so somebody has to say yes to them.
const (
	Katakana   Alteration = iota + 1 // hiragana became katakana
	Enlarged                         // small kana became large
	Hyphened                         // a long mark became a hyphen
	Spaced                           // a middle dot became a space
	Capital                          // a small letter became a capital
	Tidied                           // a blank too many was taken away
	Modernized                       // ヰ, ヱ became ｲ, ｴ
	Woless                           // ヲ became ｵ
	Shortened                        // what does not fit was cut off
)

// NeedsConfirmation tells whether somebody has to look at the change before it is used.
func (a Alteration) NeedsConfirmation() bool { return a >= Modernized }

// String says it in Japanese.
func (a Alteration) String() string {
	switch a {
	case Katakana:
		return "ひらがなをカタカナにしました"
	case Enlarged:
		return "小さいカナを大きいカナにしました"
	case Hyphened:
		return "長音をハイフンにしました"
	case Spaced:
		return "中点を空白にしました"
	case Capital:
		return "小文字を大文字にしました"
	case Tidied:
		return "余分な空白を取りました"
	case Modernized:
		return "ヰ・ヱをイ・エにしました"
	case Woless:
		return "ヲをオにしました"
	case Shortened:
		return "長すぎるため後ろを切りました"
	}
	return ""
}

// Edit is one change that Narrow made.
type Edit struct {
	Position   int // of the character typed, from 1
	Alteration Alteration
}

// Reading is what became of a typed text: the kana, what was changed on the way, and what stands in its way still.
type Reading struct {
	Kana  Kana
	Rest  Kana // what was cut off
	Edits []Edit
	Flaws []Flaw // positions are those of the characters typed
}

// NeedsConfirmation tells whether the reading can be another name than the one typed.
func (r Reading) NeedsConfirmation() bool {
	return slices.ContainsFunc(r.Edits, func(e Edit) bool { return e.Alteration.NeedsConfirmation() })
}

// Confirm gives the kana. It refuses a reading with flaws with the first of them, and one that needs a confirmation
// and has none with ErrKanaUnconfirmed.
func (r Reading) Confirm(confirmed bool) (Kana, error) {
	if err := r.refusal(); err != nil {
		return "", err
	}
	if r.NeedsConfirmation() && !confirmed {
		return "", ErrKanaUnconfirmed
	}
	return r.Kana, nil
}

// refusal is the first flaw as a fault that names its position.
func (r Reading) refusal() error {
	if len(r.Flaws) == 0 {
		return nil
	}
	first := r.Flaws[0]
	return first.Fault.Saying(first.Message()).With("position", int64(first.Position)).With("flaws", int64(len(r.Flaws)))
}

// Narrow turns what somebody typed into the kana of a transfer file: widths are made equal, hiragana become katakana,
// small kana large, long marks hyphens, middle dots spaces and small letters capitals; blanks are tidied; what is longer
// than the field is cut between whole characters. A kanji is refused with its position and never read. The Reading is
// complete even where an error is returned, so that a form can show all flaws at once.
//
// The same text gives the same kana, and the kana itself is not changed any more.
func Narrow(text string, c Class, p Profile) (Reading, error) {
	if utf8.RuneCountInString(text) > typedRunesMax {
		r := Reading{Flaws: []Flaw{{Fault: ErrKanaTooLong}}}
		return r, r.refusal()
	}
	var n narrowing
	position := 0
	for _, typed := range text {
		position++
		n.take(position, typed, p.takes(c, 'ｦ'))
	}
	n.trimEnd()
	n.judge(c, p)
	n.cut(c.LengthMax())
	return n.Reading, n.refusal()
}

// narrowing is a reading at work, with the position of every character that it has kept.
type narrowing struct {
	Reading
	runes     []rune
	positions []int
}

func (n *narrowing) take(position int, typed rune, wo bool) {
	kept, alteration := narrowed(typed)
	if typed == 'ｦ' || typed == 'ヲ' || typed == 'を' {
		kept = "ｦ"
		if !wo {
			kept, alteration = "ｵ", Woless
		}
	}
	if kept == " " && (len(n.runes) == 0 || n.runes[len(n.runes)-1] == ' ') {
		n.note(position, Tidied)
		return
	}
	if alteration != 0 {
		n.note(position, alteration)
	}
	for _, r := range kept {
		n.runes = append(n.runes, r)
		n.positions = append(n.positions, position)
	}
}

func (n *narrowing) note(position int, a Alteration) {
	n.Edits = append(n.Edits, Edit{Position: position, Alteration: a})
}

func (n *narrowing) trimEnd() {
	if last := len(n.runes) - 1; last >= 0 && n.runes[last] == ' ' {
		n.note(n.positions[last], Tidied)
		n.runes = n.runes[:last]
	}
}

func (n *narrowing) judge(c Class, p Profile) {
	if len(n.runes) == 0 {
		n.Flaws = []Flaw{{Fault: ErrKanaEmpty}}
	}
	before := rune(0)
	for i, r := range n.runes {
		if f := p.Judge(c, before, r); f != nil {
			n.Flaws = append(n.Flaws, Flaw{Position: n.positions[i], Fault: f})
		}
		before = r
	}
}

// cut shortens a reading without flaws only: while there are some, nobody has a name to confirm.
func (n *narrowing) cut(bytesMax int) {
	n.Kana = Kana(n.runes)
	if len(n.Flaws) > 0 || len(n.runes) <= bytesMax {
		return
	}
	n.Kana = n.Kana.Cut(bytesMax)
	n.Rest = Kana(n.runes[n.Kana.Len():])
	n.note(n.positions[n.Kana.Len()], Shortened)
}

// narrowed gives the narrow characters for one that was typed, and what was altered beyond its width. What it does
// not know it gives back as it is.
func narrowed(typed rune) (string, Alteration) {
	switch {
	case typed == '　', unicode.IsSpace(typed) && !unicode.Is(unicode.Cc, typed), typed == '\t':
		return " ", 0
	case typed >= 'ａ' && typed <= 'ｚ':
		return string(typed - 'ａ' + 'A'), Capital
	case typed >= 'a' && typed <= 'z':
		return string(typed - 'a' + 'A'), Capital
	case typed >= '！' && typed <= '～':
		if typed == '～' {
			return "-", Hyphened
		}
		return string(typed - '！' + '!'), 0
	case typed >= 'ぁ' && typed <= 'ゖ':
		narrow, alteration := narrowed(typed - 'ぁ' + 'ァ')
		if alteration == 0 {
			alteration = Katakana
		}
		return narrow, alteration
	}
	if found, known := narrowForms[typed]; known {
		return found.text, found.alteration
	}
	return string(typed), 0
}

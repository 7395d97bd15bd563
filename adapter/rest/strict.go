package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// nestingMax bounds how deep a body may be nested. The contract needs four levels.
const nestingMax = 16

// errJSON tells that a body is no JSON, or none that this interface reads. huma turns it into a 400.
var errJSON = errors.New("malformed JSON")

// strictJSON is the only format of bodies. huma reads a body twice: loosely, to hold it against the contract, and
// then into the type. The loose reading is where this interface is stricter than Go: one value and nothing behind
// it, valid UTF-8, bounded nesting, whole numbers only, no NUL in texts.
var strictJSON = huma.Format{
	Marshal:   huma.DefaultJSONFormat.Marshal,
	Unmarshal: unmarshal,
}

func unmarshal(body []byte, into any) error {
	loose, ok := into.(*any)
	if !ok {
		return json.Unmarshal(body, into)
	}
	if !utf8.Valid(body) || !nestingBounded(body) {
		return errJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(loose); err != nil {
		return errJSON
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errJSON
	}
	*loose = strict(*loose)
	return nil
}

// odd stands in for a value that the contract has no type for, so that huma finds it at fault in its place.
type odd struct{}

// strict makes whole numbers of numbers: there is no amount with a fraction, an exponent or more than 63 bits, and
// 1.0 is refused as 1.5 is, so that nobody wonders which of them are rounded.
func strict(value any) any {
	switch v := value.(type) {
	case json.Number:
		whole, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil {
			return odd{}
		}
		return whole
	case string:
		if strings.ContainsRune(v, 0) { // PostgreSQL cannot keep it
			return odd{}
		}
	case map[string]any:
		for key, member := range v {
			v[key] = strict(member)
		}
	case []any:
		for i, element := range v {
			v[i] = strict(element)
		}
	}
	return value
}

// nestingBounded tells whether no bracket outside of strings opens below nestingMax.
func nestingBounded(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > nestingMax {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

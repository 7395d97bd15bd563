// Package fault is the closed set of ways in which the platform says no.
//
// A Fault is meant for the person who asked: its message is Japanese, plain, and holds nothing secret. Its
// code is stable, so programs and translations can rely on it; its kind says what sort of refusal it is, and
// is mapped to an HTTP status in one place (adapter/rest). Everything that is not a Fault is an accident of
// the system, and people are told only that something went wrong.
package fault

import (
	"errors"
	"maps"
	"slices"
)

// Kind is the sort of a refusal.
type Kind uint8

// The kinds, each with the HTTP status that adapter/rest gives it.
const (
	Invalid         Kind = iota + 1 // 422: the request contradicts a rule whatever the state of the books
	Unauthenticated                 // 401: nobody, or no longer, signed in
	Forbidden                       // 403: signed in, but not allowed
	NotFound                        // 404: not there, or not the asker's
	Conflict                        // 409: contradicts the present state
	Refused                         // 422: the books do not allow it (balance, fund, limit)
	Gone                            // 410: was there, and is used, expired or revoked
	Throttled                       // 429: too much at once; try again later
	Unavailable                     // 503: cannot be done just now; try again
)

// Code names one refusal for programs. It never changes once published; docs/faults.md lists all of them.
type Code string

// Field is one place of the request that is at fault.
type Field struct {
	Path    string // as a JSON path, for example "body.amount" or "rows[3].email"
	Code    Code
	Message string
}

// Fault is one refusal.
type Fault struct {
	Kind    Kind
	Code    Code
	Message string           // Japanese, for the person
	Figures map[string]int64 // figures that explain it, for example "shortfall"
	Fields  []Field
}

// Error gives the code, for operators; people see Message.
func (f *Fault) Error() string { return string(f.Code) }

// Is makes faults of one code equal, so that errors.Is works against a template.
func (f *Fault) Is(target error) bool {
	other, ok := target.(*Fault)
	return ok && other.Code == f.Code
}

var registry = map[Code]*Fault{}

// Define registers a fault at package initialisation and returns it as a template. It panics on a code that is
// taken: codes are decided when the program is written, never while it runs.
func Define(kind Kind, code Code, message string) *Fault {
	if _, taken := registry[code]; taken {
		panic("fault: code defined twice: " + string(code))
	}
	f := &Fault{Kind: kind, Code: code, Message: message}
	registry[code] = f
	return f
}

// All lists every defined fault by code.
func All() []*Fault {
	return slices.SortedFunc(maps.Values(registry), func(a, b *Fault) int {
		if a.Code < b.Code {
			return -1
		}
		return 1
	})
}

// Lookup finds a defined fault by its code, for refusals that were stored.
func Lookup(code Code) (*Fault, bool) {
	f, ok := registry[code]
	return f, ok
}

// With returns a copy of f that carries one more explaining figure.
func (f *Fault) With(name string, figure int64) *Fault {
	copied := *f
	copied.Figures = maps.Clone(f.Figures)
	if copied.Figures == nil {
		copied.Figures = map[string]int64{}
	}
	copied.Figures[name] = figure
	return &copied
}

// Saying returns a copy of f with a more telling message.
func (f *Fault) Saying(message string) *Fault {
	copied := *f
	copied.Message = message
	return &copied
}

// At returns a copy of f that names the field at fault.
func (f *Fault) At(path string) *Fault {
	copied := *f
	copied.Fields = append(slices.Clone(f.Fields), Field{Path: path, Code: f.Code, Message: f.Message})
	return &copied
}

// Of finds the fault in err's chain.
func Of(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

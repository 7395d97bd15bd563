// Package bankmaster has the list of Japan's banks and branches: the one that the program carries with itself, and
// the reader of files with which administrators bring in a newer one (clause 8.3エ).
//
// The embedded list is that of the npm package zengin-code, under the MIT licence, as of the day in its version. The
// task data:banks converts it by the same reader that reads administrators' files, so both follow the same rules. It
// credits a public site and not 全銀協: a bank can have moved a branch since, and only the bank itself knows whether an
// account exists.
//
// Bank 9999 is assigned to nobody. It is not in the list; tests and demonstrations add it.
package bankmaster

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

//go:embed data/banks.gz
var packed []byte

//go:embed data/origin.txt
var origin string

// Licence is the licence of the embedded list, which goes with every copy of it.
//
//go:embed data/LICENSE.txt
var Licence string

var _ bank.Embedded = Embedded

// Embedded gives the list that the program carries with itself. It is unpacked when it is first asked for and then
// takes about a megabyte.
func Embedded() (*bank.Master, error) { return unpacked() }

var unpacked = sync.OnceValues(func() (*bank.Master, error) {
	o, err := ReadOrigin(origin)
	if err != nil {
		return nil, err
	}
	return bank.Unpack(o.AsOf, o.Source, o.SHA256, packed)
})

// Origin says where a list comes from: three lines with its day, its source and the hash of its canonical form.
type Origin struct {
	AsOf   calendar.Day
	Source string
	SHA256 string // empty until the list is packed
}

// ReadOrigin reads what String wrote.
func ReadOrigin(text string) (Origin, error) {
	lines := append(strings.Split(text, "\n"), "", "", "")
	day, err := calendar.ParseDay(lines[0])
	if err != nil || lines[1] == "" {
		return Origin{}, fmt.Errorf("origin of bank master %q: %w", text, err)
	}
	return Origin{day, lines[1], lines[2]}, nil
}

// String gives the three lines.
func (o Origin) String() string { return o.AsOf.String() + "\n" + o.Source + "\n" + o.SHA256 + "\n" }

// Package loadgen measures the platform from outside: it is the load of `lovesaijo load`, sent over authenticated
// HTTP to a server in another process, on loopback only.
//
// The load is a closed loop: each connection sends its next request when it has the answer to the last. The client
// shares the machine with the server and with PostgreSQL, so it is built to cost little: plain connections with
// prepared bytes, one goroutine each, and a look at a few bodies only. All signing in happens before the clock
// starts. Every load is bounded in time and in number, and an answer that was not expected fails the run.
//
// Payments can run in turns with a floor, the same work as one hand-written function call per payment by pgbench
// (design §6), so that whatever slows the machine slows both. Nothing here is a test: no figure passes or fails.
package loadgen

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What bounds a load, whoever asks for it.
const (
	connectionsMax = 1024
	roundsMax      = 50
	stretchMax     = 2 * time.Minute
	usersMax       = 100_000
	requestsMax    = 50_000_000
	amountMax      = 1_000_000
)

// Target is the platform under load, and who sends the load.
type Target struct {
	// URL is where the server listens, for example http://127.0.0.1:8080. Anything but loopback is refused.
	URL string

	// Password is the one of all synthetic users of the demo database.
	Password string

	// ResidentEmail and MerchantEmail are the users' addresses, with a verb for their number, which counts from
	// 1. Empty means those of the synthetic seed, resident%06d@example.jp and shop%04d@example.jp.
	ResidentEmail, MerchantEmail string

	// Residents and Merchants say how many take part; 0 means 2,000 and 50.
	Residents, Merchants int

	// SignIns is how many residents sign in with their password when Mint is set, 0 means 50. Merchants always
	// do, and without Mint everybody does, at some 40 ms of CPU each.
	SignIns int

	// Mint makes an access token, by the server's own signing key, for the resident of that e-mail address.
	Mint func(email string) (token string, err error)

	// TokenLife is how long access tokens live; 0 means ten minutes. They are renewed between stretches.
	TokenLife time.Duration
}

// Options are a load. Only URL and Password of the target are required.
type Options struct {
	Target

	// Connections are the numbers of requests under way at once, one stretch of each a round.
	Connections []int

	// Rounds is how often the stretches are repeated; 0 means 3. Figures are medians over the rounds.
	Rounds int

	// Stretch is how long each number of connections is kept up; 0 means ten seconds.
	Stretch time.Duration

	// RequestsMax ends a stretch early; 0 leaves it to the time.
	RequestsMax int64

	// AmountMax bounds the random amount of a payment, which is at least 1; 0 means 100.
	AmountMax int

	// Returning is the rate, in basis points and rounded down, that the second half of the merchants returns at once.
	// Payments to either half are measured in turns; 0 makes no difference between merchants.
	Returning int

	// HistoryQuery is the query of the history's first page, such as "limit=50"; empty is the server's default.
	HistoryQuery string

	// ServerPID is the server's process; 0 looks for the one that listens at URL.
	ServerPID int

	// DatabaseURL names the server's database, to read its settings and to measure its processes; empty leaves
	// both out. A floor needs it.
	DatabaseURL string

	// Floor, when set, is run in turns with the payments.
	Floor *Floor
}

// Floor is the work that payments are measured against.
type Floor struct {
	// Schema makes the floor in an empty database. It must end with a view floor.wrongs (what, found, expected)
	// that is empty while the books balance, and a table floor.payments with a row for each payment.
	Schema string

	// Script is the transaction for pgbench.
	Script string

	// Clients are the numbers of pgbench's connections, taken in turns; empty means 16, 32 and 64.
	Clients []int

	// Pgbench is the program; empty looks beside the server's programs, in the usual folders and in PATH.
	Pgbench string
}

// settled fills in what was left open and refuses what is out of bounds.
func (o Options) settled(connections ...int) (Options, error) {
	fill(&o.ResidentEmail, "resident%06d@example.jp")
	fill(&o.MerchantEmail, "shop%04d@example.jp")
	fill(&o.Residents, 2_000)
	fill(&o.Merchants, 50)
	fill(&o.SignIns, 50)
	fill(&o.TokenLife, 10*time.Minute)
	fill(&o.Rounds, 3)
	fill(&o.Stretch, 10*time.Second)
	fill(&o.RequestsMax, requestsMax)
	fill(&o.AmountMax, 100)
	if len(o.Connections) == 0 {
		o.Connections = connections
	}
	if o.Mint == nil {
		o.SignIns = o.Residents
	}
	o.SignIns = min(o.SignIns, o.Residents)
	if o.Floor != nil {
		floor := *o.Floor
		if len(floor.Clients) == 0 {
			floor.Clients = []int{16, 32, 64}
		}
		o.Floor = &floor
	}
	return o, o.valid()
}

func (o Options) valid() error {
	var errs []error
	within := func(what string, n, from, to int64) {
		if n < from || n > to {
			errs = append(errs, fmt.Errorf("%s %d: give %d to %d", what, n, from, to))
		}
	}
	within("residents", int64(o.Residents), 1, usersMax)
	within("merchants", int64(o.Merchants), 1, usersMax)
	within("sign-ins", int64(o.SignIns), 1, usersMax)
	within("rounds", int64(o.Rounds), 1, roundsMax)
	within("requests of a stretch", o.RequestsMax, 1, requestsMax)
	within("amount", int64(o.AmountMax), 1, amountMax)
	within("returned basis points", int64(o.Returning), 0, 10_000)
	within("connections", int64(len(o.Connections)), 1, 100)
	for _, n := range o.Connections {
		within("connections", int64(n), 1, connectionsMax)
	}
	if o.Stretch < time.Millisecond || o.Stretch > stretchMax {
		errs = append(errs, fmt.Errorf("stretch %s: give 1ms to %s", o.Stretch, stretchMax))
	}
	if o.TokenLife < 2*o.Stretch {
		errs = append(errs, fmt.Errorf("token life %s: tokens are renewed at half of it, and a stretch takes %s", o.TokenLife, o.Stretch))
	}
	if o.Password == "" {
		errs = append(errs, errors.New("password: name the one of the synthetic users"))
	}
	for _, pattern := range []string{o.ResidentEmail, o.MerchantEmail} {
		if !numbered(pattern) {
			errs = append(errs, fmt.Errorf("e-mail pattern %s: it needs one %%d for the user's number", pattern))
		}
	}
	if strings.ContainsAny(o.HistoryQuery, " \r\n") {
		errs = append(errs, errors.New("history query: it may hold no blanks"))
	}
	if o.Floor != nil {
		errs = append(errs, o.Floor.valid(o))
	}
	return errors.Join(errs...)
}

func (f Floor) valid(o Options) error {
	var errs []error
	if o.DatabaseURL == "" {
		errs = append(errs, errors.New("floor: it needs the URL of the platform's database, to run on the same server"))
	}
	if f.Schema == "" || f.Script == "" {
		errs = append(errs, errors.New("floor: schema or script missing"))
	}
	if o.Stretch%time.Second != 0 {
		errs = append(errs, fmt.Errorf("stretch %s: pgbench counts in whole seconds", o.Stretch))
	}
	if slices.ContainsFunc(f.Clients, func(n int) bool { return n < 1 || n > connectionsMax }) {
		errs = append(errs, fmt.Errorf("floor's clients %v: give 1 to %d", f.Clients, connectionsMax))
	}
	return errors.Join(errs...)
}

// numbered reports whether an e-mail pattern gives users of different numbers different addresses, and nothing odd.
func numbered(pattern string) bool {
	one, two := fmt.Sprintf(pattern, 1), fmt.Sprintf(pattern, 2)
	return one != two && !strings.Contains(one, "%!") && !strings.ContainsAny(one, "\r\n\"\\ ")
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

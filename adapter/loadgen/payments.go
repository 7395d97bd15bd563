package loadgen

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// inspectEvery is how many answers go by, on a connection, for one whose body is read in full. The first is.
const inspectEvery = 64

// warmUpMax bounds the unmeasured stretches at the start, which fill caches and pools on all sides.
const warmUpMax = 2 * time.Second

// Payments measures residents who pay merchants by their standing codes: random payer, random merchant, random
// amount, a fresh key each. Without Connections it does so at 1, 16, 64, 128 and 256 at once. With a floor, each
// stretch comes after one of the floor's.
//
// Lines of progress go to out. The report holds what was measured before an error, too. Answers that were not
// expected, points that did not arrive and a floor whose books do not balance are errors.
func Payments(ctx context.Context, o Options, out io.Writer) (Report, error) {
	o, err := o.settled(1, 16, 64, 128, 256)
	if err != nil {
		return Report{}, err
	}
	s, err := o.open(ctx, "Payments", out)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	if o.Floor == nil {
		err = s.alternate(ctx, nil)
	} else {
		err = s.onGround(ctx)
	}
	s.report.summarise()
	return s.report, err
}

// onGround alternates with a floor in a database of its own, which is checked and dropped at the end.
func (s *session) onGround(ctx context.Context) error {
	ground, err := s.options.Floor.open(ctx, s.database, s.options.DatabaseURL)
	if err != nil {
		return err
	}
	if err = s.alternate(ctx, ground); err == nil {
		err = ground.audit(ctx)
	}
	return errors.Join(err, ground.close(ctx))
}

// alternate runs the floor's stretches and the payments' in turns, for all rounds.
func (s *session) alternate(ctx context.Context, ground *ground) error {
	var acknowledged atomic.Int64
	before, err := s.desk.takings(ctx, s.crowd.merchants)
	if err != nil {
		return err
	}
	pay := func(measured bool, atOnce int, during time.Duration) error {
		for _, half := range s.halves() {
			if err := s.stretch(ctx, measured, half.path, atOnce, during, func() caller { return s.payer(half, &acknowledged) }); err != nil {
				return err
			}
		}
		return nil
	}
	warmUp := min(s.options.Stretch, warmUpMax)
	if ground != nil {
		if err := s.floorStretch(ctx, ground, false, s.options.Floor.Clients[0], max(warmUp, time.Second)); err != nil {
			return err
		}
	}
	if err := pay(false, 16, warmUp); err != nil {
		return err
	}
	turn := 0
	for round := range s.options.Rounds {
		s.say("round %d of %d", round+1, s.options.Rounds)
		for _, atOnce := range s.options.Connections {
			if ground != nil {
				clients := s.options.Floor.Clients
				if err := s.floorStretch(ctx, ground, true, clients[turn%len(clients)], s.options.Stretch); err != nil {
					return err
				}
				turn++
			}
			if err := pay(true, atOnce, s.options.Stretch); err != nil {
				return err
			}
		}
	}
	if s.crowd, err = s.options.renewed(ctx, s.desk, s.crowd); err != nil {
		return err
	}
	after, err := s.desk.takings(ctx, s.crowd.merchants)
	if err != nil {
		return err
	}
	points := Arrival{Acknowledged: acknowledged.Load(), Arrived: after - before}
	s.report.Points = &points
	if points.Arrived != points.Acknowledged {
		return fmt.Errorf("the server acknowledged %d points and the merchants have %d more", points.Acknowledged, points.Arrived)
	}
	return nil
}

func (s *session) floorStretch(ctx context.Context, ground *ground, measured bool, clients int, during time.Duration) error {
	before := s.watch.postgres()
	t, cpu, err := ground.run(ctx, clients, during)
	if err != nil {
		return err
	}
	cost := s.watch.postgres().since(before)
	cost.Client = ptr(seconds(cpu))
	s.note(measured, floorPath, clients, t, cost)
	return nil
}

// chance is a source of randomness for one goroutine, seeded by the runtime's own, so that no two runs make the same keys.
func chance() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }

// The rows of payments, and of those that return something at once.
const (
	plainPath    = "HTTP"
	cashbackPath = "HTTP with cashback"
)

// half is the merchants whose payments are measured together.
type half struct {
	path      string
	from, to  int
	returning int // basis points
}

// halves gives all merchants as one, or those that return nothing apart from those that do.
func (s *session) halves() []half {
	n := len(s.crowd.merchants)
	if s.options.Returning == 0 || n < 2 {
		return []half{{plainPath, 0, n, 0}}
	}
	return []half{{plainPath, 0, n / 2, 0}, {cashbackPath, n / 2, n, s.options.Returning}}
}

// payer makes payments on one connection.
type payer struct {
	heads        [][]byte // a request's bytes up to the key, one for each resident
	bodies       []string // a request's body up to the amount, one for each merchant
	amountMax    int
	returning    int
	acknowledged *atomic.Int64

	random  *rand.Rand
	request []byte
	amount  int
	seen    int
}

func (s *session) payer(half half, acknowledged *atomic.Int64) *payer {
	return &payer{
		heads: s.paymentHeads, bodies: s.paymentBodies[half.from:half.to], amountMax: s.options.AmountMax, returning: half.returning, acknowledged: acknowledged,
		random: chance(), request: make([]byte, 0, 2<<10),
	}
}

// prepare lays out the bytes that the requests of this crowd have in common.
func (s *session) prepare() {
	s.paymentHeads, s.paymentBodies = nil, nil
	for _, token := range s.crowd.residents {
		s.paymentHeads = append(s.paymentHeads, []byte("POST /v1/payments HTTP/1.1\r\nHost: "+s.desk.door.base.Host+
			"\r\nAuthorization: Bearer "+token+"\r\nContent-Type: application/json\r\nIdempotency-Key: "))
	}
	for _, merchant := range s.crowd.merchants {
		s.paymentBodies = append(s.paymentBodies, `{"payee_code":"`+merchant.code+`","amount":`)
	}
}

func (p *payer) next() []byte {
	p.amount = 1 + p.random.IntN(p.amountMax)
	body := p.bodies[p.random.IntN(len(p.bodies))]
	var digits [20]byte
	amount := strconv.AppendInt(digits[:0], int64(p.amount), 10)

	b := append(p.request[:0], p.heads[p.random.IntN(len(p.heads))]...)
	b = appendKey(b, p.random)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)+len(amount)+1), 10)
	b = append(b, "\r\n\r\n"...)
	b = append(b, body...)
	b = append(b, amount...)
	p.request = append(b, '}')
	return p.request
}

func (p *payer) judge(answer response) error {
	if answer.status != http.StatusCreated { // a replay of a fresh key, status 200, would be a payment that was not made
		return unexpected(answer, http.StatusCreated)
	}
	p.acknowledged.Add(int64(p.amount - p.amount*p.returning/10_000))
	if p.seen++; p.seen%inspectEvery != 1 {
		return nil
	}
	return inspectReceipt(answer.body, int64(p.amount))
}

// inspectReceipt makes sure that a payment's answer tells of that payment, down to the lots that it drew.
func inspectReceipt(body []byte, amount int64) error {
	var receipt struct {
		EntryID string `json:"entry_id"`
		Type    string `json:"type"`
		Amount  int64  `json:"amount"`
		Slices  []struct {
			Amount int64 `json:"amount"`
		} `json:"slices"`
	}
	if err := json.Unmarshal(body, &receipt); err != nil {
		return errors.New("a payment's answer is not its JSON")
	}
	var drawn int64
	for _, slice := range receipt.Slices {
		drawn += slice.Amount
	}
	if receipt.EntryID == "" || receipt.Type != "payment" || receipt.Amount != amount || drawn != amount {
		return errors.New("a payment's answer tells of another payment")
	}
	return nil
}

// appendKey appends a fresh idempotency key, a random UUID as clients make them.
func appendKey(b []byte, random *rand.Rand) []byte {
	var bits [16]byte
	binary.LittleEndian.PutUint64(bits[:8], random.Uint64())
	binary.LittleEndian.PutUint64(bits[8:], random.Uint64())
	bits[6], bits[8] = bits[6]&0x0f|0x40, bits[8]&0x3f|0x80 // version 4, variant 1
	b = hex.AppendEncode(b, bits[:4])
	for from := 4; from < 10; from += 2 {
		b = hex.AppendEncode(append(b, '-'), bits[from:from+2])
	}
	return hex.AppendEncode(append(b, '-'), bits[10:])
}

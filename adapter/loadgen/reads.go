package loadgen

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
)

// Reads measures residents who look at their balance and at the first page of their history, each by itself. Without
// Connections it does so at 64 at once.
func Reads(ctx context.Context, o Options, out io.Writer) (Report, error) {
	o.Floor = nil
	o, err := o.settled(64)
	if err != nil {
		return Report{}, err
	}
	s, err := o.open(ctx, "Reads", out)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	err = s.read(ctx)
	s.report.summarise()
	return s.report, err
}

func (s *session) read(ctx context.Context) error {
	history := "/v1/wallet/history"
	if s.options.HistoryQuery != "" {
		history += "?" + s.options.HistoryQuery
	}
	pages := []struct {
		name, path string
		inspect    func(body []byte) error
	}{
		{"balance", "/v1/wallet", inspectWallet},
		{"history", history, inspectHistory},
	}
	look := func(measured bool, page int, atOnce int) error {
		p := pages[page]
		during := s.options.Stretch
		if !measured {
			during = min(during, warmUpMax)
		}
		return s.stretch(ctx, measured, p.name, atOnce, during, func() caller { return s.reader(p.path, p.inspect) })
	}
	for page := range pages {
		if err := look(false, page, s.options.Connections[0]); err != nil {
			return err
		}
	}
	for round := range s.options.Rounds {
		s.say("round %d of %d", round+1, s.options.Rounds)
		for _, atOnce := range s.options.Connections {
			for page := range pages {
				if err := look(true, page, atOnce); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// reader asks for one page, each time for another resident's.
type reader struct {
	heads   []string // one for each resident, shared
	path    string
	tail    string
	inspect func(body []byte) error

	random  *rand.Rand
	request []byte
	seen    int
}

func (s *session) reader(path string, inspect func(body []byte) error) *reader {
	return &reader{
		heads: s.crowd.residents, path: path, tail: "\r\nHost: " + s.desk.door.base.Host + "\r\n\r\n", inspect: inspect,
		random: chance(), request: make([]byte, 0, 2<<10),
	}
}

func (r *reader) next() []byte {
	b := append(r.request[:0], "GET "...)
	b = append(b, r.path...)
	b = append(b, " HTTP/1.1\r\nAuthorization: Bearer "...)
	b = append(b, r.heads[r.random.IntN(len(r.heads))]...)
	r.request = append(b, r.tail...)
	return r.request
}

func (r *reader) judge(answer response) error {
	if answer.status != http.StatusOK {
		return unexpected(answer, http.StatusOK)
	}
	if r.seen++; r.seen%inspectEvery != 1 {
		return nil
	}
	return r.inspect(answer.body)
}

// inspectWallet makes sure that the balance is that of the lots.
func inspectWallet(body []byte) error {
	var wallet struct {
		ID      string `json:"id"`
		Balance *int64 `json:"balance"`
		Lots    []struct {
			Remaining int64 `json:"remaining"`
		} `json:"lots"`
	}
	if err := json.Unmarshal(body, &wallet); err != nil || wallet.ID == "" || wallet.Balance == nil {
		return errors.New("a wallet's answer is not its JSON")
	}
	sum := int64(0)
	for _, lot := range wallet.Lots {
		sum += lot.Remaining
	}
	if sum != *wallet.Balance {
		return errors.New("a wallet's balance is not the sum of its lots")
	}
	return nil
}

// inspectHistory makes sure that each line's balance follows from the next older one's. An empty page measures nothing
// and is as wrong as a broken one.
func inspectHistory(body []byte) error {
	var page struct {
		Lines []struct {
			No      int64 `json:"no"`
			Delta   int64 `json:"delta"`
			Balance int64 `json:"balance"`
		} `json:"lines"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return errors.New("a history's answer is not its JSON")
	}
	if len(page.Lines) == 0 {
		return errors.New("a history without lines")
	}
	for i, line := range page.Lines[1:] {
		newer := page.Lines[i]
		if newer.No == line.No+1 && newer.Balance != line.Balance+newer.Delta {
			return errors.New("a history whose balances do not follow from its lines")
		}
	}
	return nil
}

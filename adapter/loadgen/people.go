package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	lanes        = 2       // sign-ins at once: each keeps a core busy, and the server lets few at a time through
	answerMax    = 4 << 20 // of an answer outside the timed part
	excerptRunes = 200
)

// People are the users who took part in a load.
type People struct {
	Residents int `json:"residents"`
	Merchants int `json:"merchants"`
	SignedIn  int `json:"signed_in"` // by password, residents and merchants
	Minted    int `json:"minted"`    // residents with a token made by the server's key
	LotsFrom  int `json:"lots_from"` // the fewest and the most lots of the residents who signed in
	LotsTo    int `json:"lots_to"`
}

// crowd is the people with their tokens.
type crowd struct {
	people    People
	residents []string // access tokens
	merchants []stall
	made      time.Time
}

// stall is a merchant: the token that it acts with, and the standing code that payers scan.
type stall struct{ token, code string }

// office talks to the server where nothing is timed.
type office struct {
	door   door
	client *http.Client
}

// gather signs the people in and makes sure that each token is good and belongs to a user of its own.
func (o Options) gather(ctx context.Context, desk office) (*crowd, error) {
	c := &crowd{
		made:      time.Now(),
		residents: make([]string, o.Residents),
		merchants: make([]stall, o.Merchants),
		people: People{
			Residents: o.Residents, Merchants: o.Merchants,
			SignedIn: o.SignIns + o.Merchants, Minted: o.Residents - o.SignIns,
		},
	}
	users := make([]string, o.Residents)
	lots := make([]int, o.SignIns)
	err := inLanes(ctx, o.Residents, func(ctx context.Context, i int) (err error) {
		email := fmt.Sprintf(o.ResidentEmail, i+1)
		if i < o.SignIns {
			if c.residents[i], err = desk.signIn(ctx, email, o.Password, "resident"); err != nil {
				return err
			}
			if lots[i], err = desk.lots(ctx, c.residents[i]); err != nil {
				return fmt.Errorf("wallet of %s: %w", email, err)
			}
		} else if c.residents[i], err = o.Mint(email); err != nil {
			return fmt.Errorf("token of %s: %w", email, err)
		}
		me, err := desk.me(ctx, c.residents[i])
		if err != nil {
			return fmt.Errorf("user of the token of %s: %w", email, err)
		}
		if me.Role != "resident" {
			return fmt.Errorf("%s is a %s and not a resident", email, me.Role)
		}
		users[i] = me.ID
		return nil
	})
	if err != nil {
		return nil, err
	}
	if twice, ok := repeated(users); ok {
		return nil, fmt.Errorf("two residents are the same user %s", twice)
	}
	c.people.LotsFrom, c.people.LotsTo = lots[0], lots[0]
	for _, n := range lots {
		c.people.LotsFrom, c.people.LotsTo = min(c.people.LotsFrom, n), max(c.people.LotsTo, n)
	}
	return c, o.gatherMerchants(ctx, desk, c)
}

func (o Options) gatherMerchants(ctx context.Context, desk office, c *crowd) error {
	codes := make([]string, o.Merchants)
	err := inLanes(ctx, o.Merchants, func(ctx context.Context, i int) error {
		email := fmt.Sprintf(o.MerchantEmail, i+1)
		token, err := desk.signIn(ctx, email, o.Password, "merchant")
		if err != nil {
			return err
		}
		var standing struct {
			Token string `json:"token"`
		}
		if err := desk.get(ctx, token, "/v1/codes/standing", &standing); err != nil {
			return fmt.Errorf("standing code of %s: %w", email, err)
		}
		if standing.Token == "" || strings.ContainsAny(standing.Token, "\"\\\r\n") {
			return fmt.Errorf("standing code of %s is malformed", email)
		}
		codes[i] = standing.Token
		c.merchants[i] = stall{token, standing.Token}
		return nil
	})
	if err != nil {
		return err
	}
	if _, ok := repeated(codes); ok {
		return errors.New("two merchants have the same standing code")
	}
	return nil
}

// renewed gives a crowd whose tokens will outlast the next stretch.
func (o Options) renewed(ctx context.Context, desk office, c *crowd) (*crowd, error) {
	if time.Since(c.made) < o.TokenLife/2 {
		return c, nil
	}
	return o.gather(ctx, desk)
}

// signIn shows a password and returns an access token that the server knows as that user's.
func (d office) signIn(ctx context.Context, email, password, role string) (string, error) {
	var opened struct {
		AccessToken string `json:"access_token"`
		User        person `json:"user"`
	}
	asked := map[string]string{"email": email, "password": password}
	if err := d.send(ctx, http.MethodPost, "/v1/sessions", "", "", asked, http.StatusCreated, &opened); err != nil {
		return "", fmt.Errorf("sign-in of %s: %w", email, err)
	}
	me, err := d.me(ctx, opened.AccessToken)
	if err != nil {
		return "", fmt.Errorf("user of the token of %s: %w", email, err)
	}
	if me != (person{opened.User.ID, role}) {
		return "", fmt.Errorf("%s signed in as %s %s and the token is for %s %s, expected a %s",
			email, opened.User.Role, opened.User.ID, me.Role, me.ID, role)
	}
	return opened.AccessToken, nil
}

type person struct {
	ID   string `json:"id"`
	Role string `json:"role"`
}

func (d office) me(ctx context.Context, token string) (person, error) {
	var me person
	err := d.get(ctx, token, "/v1/me", &me)
	if err == nil && me.ID == "" {
		err = errors.New("the answer names no user")
	}
	return me, err
}

func (d office) lots(ctx context.Context, token string) (int, error) {
	var wallet struct {
		Lots []struct {
			Remaining int64 `json:"remaining"`
		} `json:"lots"`
	}
	err := d.get(ctx, token, "/v1/wallet", &wallet)
	n := 0
	for _, lot := range wallet.Lots {
		if lot.Remaining > 0 {
			n++
		}
	}
	return n, err
}

// takings is what the merchants hold together.
func (d office) takings(ctx context.Context, merchants []stall) (int64, error) {
	balances := make([]int64, len(merchants))
	err := inLanes(ctx, len(merchants), func(ctx context.Context, i int) error {
		var wallet struct {
			Balance *int64 `json:"balance"`
		}
		if err := d.get(ctx, merchants[i].token, "/v1/wallet", &wallet); err != nil {
			return fmt.Errorf("wallet of a merchant: %w", err)
		}
		if wallet.Balance == nil {
			return errors.New("wallet of a merchant: the answer has no balance")
		}
		balances[i] = *wallet.Balance
		return nil
	})
	var sum int64
	for _, balance := range balances {
		sum += balance
	}
	return sum, err
}

func (d office) get(ctx context.Context, token, path string, into any) error {
	return d.send(ctx, http.MethodGet, path, token, "", nil, http.StatusOK, into)
}

// send makes one request and reads the answer into a value. Another status than the expected one is an error that
// shows what the server said.
func (d office) send(ctx context.Context, method, path, token, key string, what any, expected int, into any) error {
	var body []byte
	if what != nil {
		var err error
		if body, err = json.Marshal(what); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, d.door.base.String()+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if what != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := d.client.Do(request)
	if err != nil {
		return err // names method and address
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(io.LimitReader(answer.Body, answerMax))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if answer.StatusCode != expected {
		return fmt.Errorf("%s %s: status %d, expected %d: %s", method, path, answer.StatusCode, expected, excerpt(got))
	}
	if err := json.Unmarshal(got, into); err != nil {
		return fmt.Errorf("%s %s: %w: %s", method, path, err, excerpt(got))
	}
	return nil
}

// excerpt is the beginning of an answer, on one line.
func excerpt(body []byte) string {
	runes := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "?")), " "))
	if len(runes) > excerptRunes {
		return string(runes[:excerptRunes]) + "…"
	}
	return string(runes)
}

// inLanes does n things, a few at a time, and stops at the first that goes wrong.
func inLanes(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work := make(chan int)
	var workers sync.WaitGroup
	for range min(lanes, n) {
		workers.Go(func() {
			for i := range work {
				if err := do(ctx, i); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	for i := range n {
		select {
		case work <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(work)
	workers.Wait()
	return context.Cause(ctx)
}

func repeated(texts []string) (string, bool) {
	seen := make(map[string]bool, len(texts))
	for _, text := range texts {
		if seen[text] {
			return text, true
		}
		seen[text] = true
	}
	return "", false
}

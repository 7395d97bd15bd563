package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp/fasthttputil"

	"lovesaijo/adapter/memory"
	"lovesaijo/adapter/rest"
	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/event"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/correcting"
	"lovesaijo/usecase/expiring"
	"lovesaijo/usecase/funding"
	"lovesaijo/usecase/granting"
	"lovesaijo/usecase/informing"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/reading"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/reporting"
	"lovesaijo/usecase/rewarding"
	"lovesaijo/usecase/ruling"
	"lovesaijo/usecase/signingin"
)

const password = "correct horse battery"

// town is the platform in memory behind its HTTP interface, with a few people in it: two residents with 1,000 points
// each, a shop with a clerk, and an administrator.
type town struct {
	t      *testing.T
	store  *memory.Store
	deps   rest.Deps
	client *http.Client
	dial   func() (net.Conn, error)
	log    *lines
	live   *feed
	clock  *atomic.Int64 // nanoseconds added to the wall clock

	hana, taro, shop, clerk, office person
}

// person is somebody of the town who has signed in.
type person struct {
	user  user.User
	code  user.Code
	token string
}

func newTown(t *testing.T, adjust ...func(*rest.Deps)) *town {
	t.Helper()
	town := &town{t: t, store: memory.New(), log: &lines{}, live: &feed{}, clock: &atomic.Int64{}}
	now := func() time.Time { return time.Now().Add(time.Duration(town.clock.Load())) }
	store, statements, rules := town.store, town.store.Statements(), town.store.Rules()
	sessions, signer, hasher := accesstest.NewMemorySessions(), &macSigner{key: []byte("town")}, plainHasher{}

	door, err := signingin.New(t.Context(), memory.NewUnit(store, func(s *memory.Session) signingin.Stores {
		return signingin.Stores{Directory: s.Directory(), Credentials: s.Credentials(), Trail: s.Trail()}
	}), sessions, signer, hasher, now)
	require.NoError(t, err)
	payments := memory.NewUnit(store, func(s *memory.Session) paying.Stores {
		return paying.Stores{Ledger: s.Ledger(), Outbox: s.Outbox()}
	})
	grants := memory.NewUnit(store, func(s *memory.Session) granting.Stores {
		return granting.Stores{Ledger: s.Ledger(), Treasury: s.Treasury(), Batches: s.Batches(), Campaigns: s.Campaigns(), Trail: s.Trail(), Outbox: s.Outbox()}
	})
	corrections := correcting.New(memory.NewUnit(store, func(s *memory.Session) correcting.Stores {
		return correcting.Stores{Ledger: s.Ledger(), Treasury: s.Treasury(), Requests: s.Requests(), Outbox: s.Outbox(), Trail: s.Trail()}
	}), correcting.Readers{
		Statements: statements, Offers: store.Offers(), Periods: store.Settlement(), Requests: store.Approvals(), Roster: store.Roster(),
	}, now)
	rulings := ruling.New(memory.NewUnit(store, func(s *memory.Session) ruling.Stores {
		return ruling.Stores{Rulebook: s.Rulebook(), Ledger: s.Ledger(), Treasury: s.Treasury(), Requests: s.Requests(), Trail: s.Trail()}
	}), rules, store.Offers(), now)
	rewards := memory.NewUnit(store, rewardStores)
	teller := paying.NewTeller(payments, now)
	teller.Open(2)
	stopping := make(chan struct{})

	town.deps = rest.Deps{
		Log: slog.New(slog.NewJSONHandler(town.log, nil)), Now: now,
		Guard: signingin.NewGuard(signer, sessions, now), Door: door,
		Desk: registering.NewDesk(memory.NewUnit(store, func(s *memory.Session) registering.Stores {
			return registering.Stores{Directory: s.Directory(), Credentials: s.Credentials(), Codes: s.Codes(), Wallets: s.Wallets(), Trail: s.Trail()}
		}), store.Roster(), hasher, now),
		Pay: paying.NewPay(teller, statements, store.Offers()), PreviewPayment: paying.NewPreview(payments, store.Offers(), now),
		Charging: charging.New(memory.NewUnit(store, func(s *memory.Session) charging.Stores {
			return charging.Stores{Ledger: s.Ledger(), Outbox: s.Outbox()}
		}), rules, statements, now),
		Reading: reading.New(statements, rules, store.Offers(), now),
		Informing: informing.New(memory.NewUnit(store, func(s *memory.Session) informing.Stores {
			return informing.Stores{Inbox: s.Inbox()}
		}), store.Notices(), now),
		Funding: funding.New(memory.NewUnit(store, func(s *memory.Session) funding.Stores {
			return funding.Stores{Ledger: s.Ledger(), Treasury: s.Treasury(), Trail: s.Trail()}
		}), statements, now),
		Accounts:     funding.NewAccounts(store.Funds(), statements, rules, now),
		Ruling:       rulings,
		PreviewRules: ruling.NewPreviewing(rules, statements, now),
		Granting:     granting.New(grants, store.Roster(), statements, now),
		Bulk:         granting.NewBulk(grants, store.Roster(), rules, store.Batches(), now),
		Correcting:   corrections,
		Approving: approving.New(memory.NewUnit(store, func(s *memory.Session) approving.Stores {
			return approving.Stores{Requests: s.Requests(), Trail: s.Trail()}
		}), store.Approvals(), lo.Assign(corrections.Executors(), rulings.Executors()), now),
		Expiring: expiring.New(memory.NewUnit(store, func(s *memory.Session) expiring.Stores {
			return expiring.Stores{Ledger: s.Ledger(), Outbox: s.Outbox(), Trail: s.Trail()}
		}), statements, store.Funds(), now),
		Lapsing:    expiring.NewLapsing(statements, rules, now),
		Programmes: rewarding.NewProgrammes(rewards, store.Offers(), now), Campaigns: rewarding.NewCampaigns(rewards, store.Offers(), store.Batches(), now),
		WhatIf:   rewarding.NewWhatIf(rewards, store.Offers(), now),
		Settling: settlingOf(t, store, now),
		Trail:    store.Acts(), Live: town.live,
		Roster: store.Roster(), Codes: store.Codes(), Owners: owners{store}, Rules: rules,
		Draw: rest.Drawings{
			PNG: func(token user.Token, pixels int) ([]byte, error) {
				return fmt.Appendf(nil, "PNG %d %s", pixels, string(token)), nil
			},
			SVG: func(token user.Token, label string) ([]byte, error) {
				return fmt.Appendf(nil, "<svg>%s</svg>", label), nil
			},
			Poster: func(shop user.User, _ user.Code) ([]byte, error) {
				return []byte("poster of " + shop.Profile.Name), nil
			},
			Card: func(person user.User, _ user.Code) ([]byte, error) {
				return []byte("card of " + person.Profile.Name), nil
			},
		},
		Print: prints, PublicURL: "https://lsp.example.jp", Ready: func(context.Context) error { return nil },
		Stopping: stopping, Heartbeat: 5 * time.Millisecond,
	}
	town.deps.Reporting = reporting.New(store.Reports(), store.Reports(), store.Funds(), rules, now)
	town.deps.Freezing = reporting.NewFreezing(town.deps.Reporting, memory.NewUnit(store, func(s *memory.Session) reporting.Stores {
		return reporting.Stores{Archive: s.Archive(), Trail: s.Trail()}
	}), store.Horizon(), now)
	for _, change := range adjust {
		change(&town.deps)
	}
	town.open()
	t.Cleanup(func() { close(stopping) })
	town.settle()
	return town
}

func rewardStores(s *memory.Session) rewarding.Stores {
	return rewarding.Stores{
		Programmes: s.Programmes(), Campaigns: s.Campaigns(), Ledger: s.Ledger(), Treasury: s.Treasury(), Batches: s.Batches(), Trail: s.Trail(), Outbox: s.Outbox(),
	}
}

// open serves the town on a network that is in memory.
func (town *town) open() {
	listener := fasthttputil.NewInmemoryListener()
	app := rest.New(town.deps)
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return listener.Dial() }, DisableCompression: true}
	town.client, town.dial = &http.Client{Transport: transport}, listener.Dial
	town.t.Cleanup(func() {
		transport.CloseIdleConnections()
		require.NoError(town.t, app.ShutdownWithTimeout(10*time.Second))
		require.NoError(town.t, <-served)
	})
}

// settle brings the people and the money into the town.
func (town *town) settle() {
	t := town.t
	founder := access.Actor{User: user.ID{15: 1}, Role: user.Administrator}
	town.office = town.register(founder, user.Administrator, "市役所", "office", user.ID{})
	clerkOf := func(id user.ID) person { return town.register(founder, user.Clerk, "店員", "clerk", id) }
	town.hana = town.register(founder, user.Resident, "越智 花子", "hana", user.ID{})
	town.taro = town.register(founder, user.Resident, "曽我部 太郎", "taro", user.ID{})
	town.shop = town.register(founder, user.Merchant, "うちぬき食堂", "shop", user.ID{})
	town.clerk = clerkOf(town.shop.user.ID)

	actor := town.actor(town.office)
	_, err := town.deps.Funding.Open(t.Context(), actor, "premium", "プレミアム", "")
	require.NoError(t, err)
	for i, code := range []lot.KindCode{"city", "charge"} {
		_, err = town.deps.Ruling.SaveKind(t.Context(), actor, lot.Kind{
			Code: code, Name: "種別 " + string(code), Rank: int32(i), Validity: lot.Validity{Months: 6}, ClearedAtMerchant: true, Transferable: true,
		}, "")
		require.NoError(t, err)
	}
	rules, err := town.deps.Ruling.Rules(t.Context(), actor)
	require.NoError(t, err)
	rules.ChargeKind, rules.ChargeFund = "charge", "premium"
	_, err = town.deps.Ruling.Amend(t.Context(), actor, rules, "")
	require.NoError(t, err)
	_, err = town.deps.Funding.Deposit(t.Context(), actor, funding.Command{Key: "first-deposit", Fund: "premium", Amount: 10_000})
	require.NoError(t, err)
	for i, p := range []person{town.hana, town.taro} {
		_, err := town.deps.Granting.Do(t.Context(), actor, granting.Command{
			Key: town.key(i), User: p.user.ID, Amount: 1_000, Terms: granting.Terms{Fund: "premium", Kind: "city"},
		})
		require.NoError(t, err)
	}
}

func (town *town) register(by access.Actor, role user.Role, name, mailbox string, employer user.ID) person {
	r := registering.Registration{
		Role: role, Email: mailbox + "@example.jp", Password: password, Employer: employer,
		Profile: user.Profile{Name: name, Kana: "サイジョウ", Birth: calendar.Never},
	}
	if role.OwnsWallet() {
		r.Profile.PostalCode, r.Profile.Address, r.Profile.Phone = "7930000", "愛媛県西条市明屋敷164", "0897565151"
		r.Profile.Birth = calendar.On(1980, 1, 1)
	}
	if role == user.Merchant {
		r.Profile.Category, r.CodeLimit = "飲食店", 5_000
	}
	registered, err := town.deps.Desk.Register(town.t.Context(), by, r)
	require.NoError(town.t, err)
	pass, err := town.deps.Door.SignIn(town.t.Context(), r.Email, password, signingin.Origin{})
	require.NoError(town.t, err)
	return person{user: registered.User, code: registered.Code, token: pass.Access}
}

func (town *town) actor(p person) access.Actor {
	return access.Actor{User: p.user.ID, Role: p.user.Role, Wallet: p.user.Wallet}
}

func (town *town) key(i int) idem.Key { return idem.Key(fmt.Sprintf("act-%08d", i)) }

// balance reads a wallet behind the interface's back.
func (town *town) balance(p person) money.Points {
	w, err := town.store.Statements().Wallet(town.t.Context(), p.user.Wallet)
	require.NoError(town.t, err)
	return w.Balance
}

// reply is an answer as it came.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// ask sends a request. body is sent as it is when it is a string, else as JSON; head are pairs of names and values.
func (town *town) ask(p person, method, path string, body any, head ...string) reply {
	town.t.Helper()
	var payload io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		payload = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		require.NoError(town.t, err)
		payload = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(town.t.Context(), method, "http://town"+path, payload)
	require.NoError(town.t, err)
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(head); i += 2 {
		request.Header.Set(head[i], head[i+1])
	}
	response, err := town.client.Do(request)
	require.NoError(town.t, err)
	defer func() { require.NoError(town.t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(town.t, err)
	return reply{town.t, response.StatusCode, response.Header, string(text)}
}

// raw sends bytes and reads the answer.
func (town *town) raw(text string) reply {
	town.t.Helper()
	conn, err := town.dial()
	require.NoError(town.t, err)
	defer func() { require.NoError(town.t, conn.Close()) }()
	_, err = conn.Write([]byte(text))
	require.NoError(town.t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(town.t, err)
	answer, err := io.ReadAll(response.Body)
	require.NoError(town.t, err)
	require.NoError(town.t, response.Body.Close())
	return reply{town.t, response.StatusCode, response.Header, string(answer)}
}

// is requires the status and gives the answer's JSON.
func (r reply) is(status int) map[string]any {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.text)
	var decoded map[string]any
	if strings.Contains(r.header.Get("Content-Type"), "json") {
		require.NoError(r.t, json.Unmarshal([]byte(r.text), &decoded), r.text)
	}
	return decoded
}

// refuses requires a refusal with status and code, and gives the path and code of each field at fault.
func (r reply) refuses(status int, code string) map[string]string {
	r.t.Helper()
	problem := r.is(status)
	require.Equal(r.t, "application/problem+json", r.header.Get("Content-Type"))
	require.Equal(r.t, code, problem["code"], r.text)
	require.Equal(r.t, "urn:lovesaijo:fault:"+code, problem["type"])
	require.InDelta(r.t, status, problem["status"], 0)
	require.NotEmpty(r.t, problem["title"])
	require.NotEmpty(r.t, r.header.Get("X-Request-Id"))
	fields := map[string]string{}
	if list, ok := problem["errors"].([]any); ok {
		for _, entry := range list {
			field := entry.(map[string]any)
			require.NotEmpty(r.t, field["message"])
			fields[field["path"].(string)] = field["code"].(string)
		}
	}
	return fields
}

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// owners tells whose wallets are, from the people that the store knows.
type owners struct{ store *memory.Store }

func (o owners) ByWallets(ctx context.Context, wallets []ledger.WalletID) (map[ledger.WalletID]user.User, error) {
	found := map[ledger.WalletID]user.User{}
	for _, id := range wallets {
		w, err := o.store.Statements().Wallet(ctx, id)
		if err != nil {
			continue
		}
		u, err := o.store.Roster().ByID(ctx, w.Owner)
		if err != nil {
			return nil, err
		}
		found[id] = u
	}
	return found, nil
}

// feed hands events to those who watch, and counts them.
type feed struct {
	mu       sync.Mutex
	watchers map[chan event.Watched]string
}

func (f *feed) Watch(subjects ...string) (<-chan event.Watched, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watchers == nil {
		f.watchers = map[chan event.Watched]string{}
	}
	events := make(chan event.Watched, 16)
	f.watchers[events] = subjects[0]
	return events, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watchers, events)
	}
}

func (f *feed) tell(happened event.Watched) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for events, subject := range f.watchers {
		if subject == happened.Subject() {
			events <- happened
		}
	}
}

func (f *feed) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.watchers)
}

// plainHasher hashes at no cost.
type plainHasher struct{}

func (plainHasher) Hash(_ context.Context, p access.Password) (string, error) {
	return "hash of " + string(p), nil
}

func (plainHasher) Verify(_ context.Context, p access.Password, hash string) (bool, error) {
	return hash == "hash of "+string(p), nil
}

// macSigner signs claims with HMAC-SHA256, as the real one does.
type macSigner struct{ key []byte }

func (s *macSigner) Issue(claims access.Claims) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(payload) + "." + base64.RawURLEncoding.EncodeToString(s.sum(payload)), nil
}

func (s *macSigner) Verify(token string, now time.Time) (access.Claims, error) {
	text, mac, _ := strings.Cut(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(text)
	sum, macErr := base64.RawURLEncoding.DecodeString(mac)
	var claims access.Claims
	if err != nil || macErr != nil || !hmac.Equal(sum, s.sum(payload)) || json.Unmarshal(payload, &claims) != nil || !now.Before(claims.ExpiresAt) {
		return access.Claims{}, access.ErrAccessToken
	}
	return claims, nil
}

func (s *macSigner) sum(payload []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(payload)
	return mac.Sum(nil)
}

var _ event.Feed = (*feed)(nil)

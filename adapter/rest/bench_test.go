package rest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"lovesaijo/adapter/rest"
	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/signingin"
)

// openBook is a ledger that costs nothing: every unit gets the same rich payer and the same payee.
type openBook struct {
	rules        ledger.Rules
	payer, payee ledger.WalletID
	now          time.Time
}

func (b openBook) Open(_ context.Context, now time.Time, _ ledger.Want) (*ledger.Book, error) {
	lots := make([]lot.Lot, 3)
	for i := range lots {
		lots[i] = lot.Lot{
			ID: lot.ID{byte(i)}, Key: lot.Key{Kind: "city", Fund: "premium", Expires: calendar.Never - calendar.Day(i)}, Remaining: 1_000_000, Since: b.now,
		}
	}
	return ledger.NewBook(now, b.rules, []*ledger.Wallet{
		{ID: b.payer, Role: user.Resident, Balance: 3_000_000, Lots: lots}, {ID: b.payee, Role: user.Merchant},
	}, nil, nil, nil), nil
}

func (b openBook) Peek(ctx context.Context, now time.Time, want ledger.Want) (*ledger.Book, error) {
	return b.Open(ctx, now, want)
}
func (openBook) Append(context.Context, *ledger.Book) error { return nil }
func (openBook) Adjusted(context.Context, ledger.WalletID, calendar.Day) (money.Points, error) {
	return 0, nil
}

// noOutbox keeps nothing.
type noOutbox struct{}

func (noOutbox) Append(context.Context, time.Time, ...event.Event) error { return nil }

// BenchmarkPayment measures what this interface spends on a payment, from the parsed request to the written answer:
// edge, guard, contract, handler, log line. The activity behind it works on a book that costs next to nothing, and
// is measured alone for comparison.
func BenchmarkPayment(b *testing.B) {
	now := time.Now()
	book := openBook{rules: ledger.DefaultRules(), payer: user.NewWalletID(now), payee: user.NewWalletID(now), now: now}
	book.rules.Kinds["city"] = lot.Kind{Code: "city", Name: "市", Transferable: true, Retired: calendar.Never}
	teller := paying.NewTeller(benchUnit{book}, time.Now)
	teller.Open(1)
	b.Cleanup(teller.Close)
	signer := &macSigner{key: []byte("bench")}
	actor := access.Actor{User: ident.New[user.User](now), Role: user.Resident, Wallet: book.payer}
	token, err := signer.Issue(access.Claims{User: actor.User, Role: actor.Role, Wallet: actor.Wallet, IssuedAt: now, ExpiresAt: now.Add(time.Hour)})
	require.NoError(b, err)
	pay := paying.NewPay(teller, nil, nil)
	app := rest.New(rest.Deps{
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Now: time.Now, Pay: pay,
		Guard: signingin.NewGuard(signer, accesstest.NewMemorySessions(), time.Now),
	})
	handler := app.Handler()
	payload := fmt.Sprintf(`{"payee_wallet":"%s","amount":300,"memo":"お昼"}`, book.payee)

	b.Run("activity alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := pay.Do(b.Context(), actor, paying.Command{Key: "bench-000001", PayeeWallet: book.payee, Amount: 300, Memo: "お昼"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("over HTTP", func(b *testing.B) {
		b.ReportAllocs()
		var ctx fasthttp.RequestCtx
		for b.Loop() {
			ctx.Request.Reset()
			ctx.Response.Reset()
			ctx.Request.Header.SetMethod(http.MethodPost)
			ctx.Request.SetRequestURI("/v1/payments")
			ctx.Request.Header.Set("Authorization", "Bearer "+token)
			ctx.Request.Header.SetContentType("application/json")
			ctx.Request.Header.Set(keyed, "bench-000001")
			ctx.Request.SetBodyString(payload)
			handler(&ctx)
			if ctx.Response.StatusCode() != http.StatusCreated {
				b.Fatal(string(ctx.Response.Body()))
			}
		}
	})
}

// benchUnit hands out the open book.
type benchUnit struct{ openBook }

func (u benchUnit) Do(ctx context.Context, work func(context.Context, paying.Stores) error) error {
	return work(ctx, paying.Stores{Ledger: u.openBook, Outbox: noOutbox{}})
}

package rest_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/adapter/rest"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/proving"
)

func TestTheBooksAreProvenAndTheVerdictIsKept(t *testing.T) {
	t.Parallel()
	paper := &prooftest.Paper{Town: prooftest.NewTown()}
	paper.Live(t)
	town := newTown(t, func(deps *rest.Deps) {
		deps.Verify = proving.NewVerify(paper, &prooftest.Shelf{}, prooftest.NewKey(1), memory.New().Settlement(), deps.Now)
	})
	town.ask(town.office, http.MethodGet, "/v1/admin/proofs/last", nil).refuses(http.StatusNotFound, "proof_unknown")
	verdict := town.ask(town.office, http.MethodPost, "/v1/admin/proofs", nil)
	require.Equal(t, true, verdict.is(http.StatusCreated)["clean"])
	require.Equal(t, []any{}, verdict.is(http.StatusCreated)["findings"])

	paper.Town.Pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Bank}, Fund: "city"}] -= 5
	require.Equal(t, false, town.ask(town.office, http.MethodPost, "/v1/admin/proofs", nil).is(http.StatusCreated)["clean"])
	last := town.ask(town.office, http.MethodGet, "/v1/admin/proofs/last", nil).is(http.StatusOK)
	require.InDelta(t, 2, last["findings_total"], 0)
}

// slowBooks open only when they are told to.
type slowBooks struct {
	proof.Books
	asked, open chan struct{}
}

func (b slowBooks) Read(ctx context.Context) (proof.Reading, error) {
	close(b.asked)
	<-b.open
	return b.Books.Read(ctx)
}

func TestOneProofRunsAtATime(t *testing.T) {
	t.Parallel()
	books := slowBooks{&prooftest.Paper{Town: prooftest.NewTown()}, make(chan struct{}), make(chan struct{})}
	town := newTown(t, func(deps *rest.Deps) {
		deps.Verify = proving.NewVerify(books, &prooftest.Shelf{}, prooftest.NewKey(1), memory.New().Settlement(), deps.Now)
	})
	first := make(chan reply)
	go func() { first <- town.ask(town.office, http.MethodPost, "/v1/admin/proofs", nil) }()
	<-books.asked
	town.ask(town.office, http.MethodPost, "/v1/admin/proofs", nil).refuses(http.StatusConflict, "proof_running")
	close(books.open)
	(<-first).is(http.StatusCreated)
}

// countedOwners counts how often owners are read.
type countedOwners struct {
	rest.Owners
	readings *atomic.Int64
}

func (o countedOwners) ByWallets(ctx context.Context, wallets []ledger.WalletID) (map[ledger.WalletID]user.User, error) {
	o.readings.Add(1)
	return o.Owners.ByWallets(ctx, wallets)
}

func TestOwnersAreRememberedForAWhile(t *testing.T) {
	t.Parallel()
	var readings atomic.Int64
	town := newTown(t)
	town.deps.Owners = countedOwners{town.deps.Owners, &readings}
	town.open()
	town.pay(town.hana, town.shop, 1, "", "name-000001")
	look := func() string {
		lines := town.ask(town.hana, http.MethodGet, "/v1/wallet/history", nil).is(http.StatusOK)["lines"].([]any)
		return lines[0].(map[string]any)["counterpart"].(map[string]any)["name"].(string)
	}
	for range 5 {
		require.Equal(t, "うちぬき食堂", look())
	}
	require.EqualValues(t, 1, readings.Load())
	town.clock.Add(int64(61 * time.Second))
	require.Equal(t, "うちぬき食堂", look())
	require.EqualValues(t, 2, readings.Load())
}

package rest

import (
	"context"
	"net/http"
	"sync"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fault"
	"lovesaijo/usecase/proving"
)

// The refusals about proofs.
var (
	errProving  = fault.Define(fault.Conflict, "proof_running", "検証を実行中です。終わるまでお待ちください。")
	errNoProofs = fault.Define(fault.NotFound, "proof_unknown", "検証はまだ行われていません。")
)

// proofs lets one proof run at a time in this process, since each reads all of the books, and keeps the last verdict
// for whoever looks next.
type proofs struct {
	running sync.Mutex
	mu      sync.Mutex
	last    *proving.Verdict
}

type proofAnswer struct {
	Body proving.Verdict
}

func (c *contract) proving() {
	const tag = "audit"
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/proofs", id: "prove-books", summary: "帳簿を検証する", tag: tag, needs: may(access.ProveBooks), patient: true,
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*proofAnswer, error) {
		if !c.proofs.running.TryLock() {
			return nil, errProving
		}
		defer c.proofs.running.Unlock()
		verdict, err := c.Verify.Do(ctx)
		if err != nil {
			return nil, err
		}
		c.proofs.mu.Lock()
		defer c.proofs.mu.Unlock()
		c.proofs.last = &verdict
		return &proofAnswer{whole(verdict)}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/proofs/last", id: "get-last-proof", summary: "最後の検証結果を見る", tag: tag, needs: may(access.ProveBooks),
	}, func(_ context.Context, _ access.Actor, _ *nothing) (*proofAnswer, error) {
		c.proofs.mu.Lock()
		defer c.proofs.mu.Unlock()
		if c.proofs.last == nil {
			return nil, errNoProofs
		}
		return &proofAnswer{whole(*c.proofs.last)}, nil
	})
}

// whole gives empty lists where there would be null.
func whole(v proving.Verdict) proving.Verdict {
	if v.Funds == nil {
		v.Funds = []proving.Fund{}
	}
	if v.Findings == nil {
		v.Findings = []proving.Finding{}
	}
	return v
}

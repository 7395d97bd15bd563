package settling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
)

// Bounds of what a closing reads at a time.
const (
	supersedeClaims = 1_000
	peekWallets     = 500
)

// supersede ends the drafts that nobody claimed.
func supersede(ctx context.Context, claims settlement.Claims) error {
	for {
		old, err := claims.LockState(ctx, ledger.WalletID{}, []settlement.ClaimState{settlement.Drafted}, supersedeClaims)
		if err != nil {
			return fmt.Errorf("lock drafts: %w", err)
		}
		for i := range old {
			if err := old[i].Become(settlement.Superseded); err != nil {
				return fmt.Errorf("draft %s: %w", old[i].ID, err)
			}
		}
		if err := claims.SaveClaims(ctx, old); err != nil {
			return fmt.Errorf("supersede %d drafts: %w", len(old), err)
		}
		if len(old) < supersedeClaims {
			return nil
		}
	}
}

// draft makes a draft of what each merchant of the statements could claim now.
func draft(ctx context.Context, s Stores, now time.Time, period settlement.Period, statements []settlement.Statement) ([]settlement.Claim, error) {
	var merchants []ledger.WalletID
	due := map[ledger.WalletID]money.Points{}
	for _, statement := range statements {
		if statement.Due > 0 {
			merchants, due[statement.Merchant] = append(merchants, statement.Merchant), statement.Due
		}
	}
	since, err := s.Claims.ClaimedSince(ctx, merchants, period.LastSeq)
	if err != nil {
		return nil, fmt.Errorf("claims since entry %d: %w", period.LastSeq, err)
	}
	var drafts []settlement.Claim
	for some := range slices.Chunk(merchants, peekWallets) {
		book, err := s.Ledger.Peek(ctx, now, ledger.Want{Wallets: some})
		if err != nil {
			return nil, fmt.Errorf("peek at %d wallets: %w", len(some), err)
		}
		for _, merchant := range some {
			wallet, err := book.Wallet(merchant)
			if err != nil {
				return nil, fmt.Errorf("wallet %s of a statement: %w", merchant, err)
			}
			if amount := min(due[merchant]-since[merchant], claimableOf(book, wallet)); amount > 0 {
				drafts = append(drafts, settlement.Claim{
					ID: ident.New[settlement.Claim](now), Period: period.ID, Merchant: merchant, Amount: amount, State: settlement.Drafted, CreatedAt: now,
				})
			}
		}
	}
	if err := s.Claims.AddClaims(ctx, drafts); err != nil {
		return nil, fmt.Errorf("add %d drafts: %w", len(drafts), err)
	}
	return drafts, nil
}

// claimableOf sums what a wallet has in lots that can be claimed.
func claimableOf(book *ledger.Book, wallet *ledger.Wallet) money.Points {
	var held money.Points
	for _, l := range book.Claimable(wallet) {
		held += l.Remaining
	}
	return held
}

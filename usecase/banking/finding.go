package banking

import (
	"context"
	"fmt"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/page"
)

// Found is what a search has found: no page of a longer list, but all there is to choose from or a hint to say more.
type Found[P any] struct {
	Rows []P
	More bool // some were left out
}

// Banks finds banks by code, name or kana, the best first. Whoever is signed in may: shops enter their own accounts.
func (b *Banking) Banks(ctx context.Context, actor access.Actor, text string, limit int) (Found[bank.Bank], error) {
	master, err := b.consult(ctx, actor, limit)
	if err != nil {
		return Found[bank.Bank]{}, err
	}
	rows, more := master.Search(text, limit)
	return Found[bank.Bank]{rows, more}, nil
}

// Branches finds branches of a bank as Banks finds banks. It returns ErrNoBank where there is no such bank.
func (b *Banking) Branches(ctx context.Context, actor access.Actor, of bank.Code, text string, limit int) (bank.Bank, Found[bank.Branch], error) {
	master, err := b.consult(ctx, actor, limit)
	if err != nil {
		return bank.Bank{}, Found[bank.Branch]{}, err
	}
	owner, known := master.Bank(of)
	if !known {
		return bank.Bank{}, Found[bank.Branch]{}, ErrNoBank
	}
	rows, more := master.SearchBranches(of, text, limit)
	return owner, Found[bank.Branch]{rows, more}, nil
}

func (b *Banking) consult(ctx context.Context, actor access.Actor, limit int) (*bank.Master, error) {
	if actor.User.IsZero() {
		return nil, access.ErrNotSignedIn
	}
	if limit < 1 || limit > page.LimitMax {
		return nil, page.ErrLimit
	}
	master, err := b.directory.Master(ctx)
	if err != nil {
		return nil, fmt.Errorf("bank master: %w", err)
	}
	return master, nil
}

package signingin

import (
	"lovesaijo/domain/access"
	"lovesaijo/usecase"
)

// Guard tells who is asking, from an access token alone: it calls nothing outside this process, since every
// payment passes it.
type Guard struct {
	signer      access.Signer
	revocations access.Revocations
	clock       usecase.Clock
}

// NewGuard makes a guard.
func NewGuard(signer access.Signer, revocations access.Revocations, clock usecase.Clock) *Guard {
	return &Guard{signer: signer, revocations: revocations, clock: clock}
}

// Actor gives the actor whose token it is. It returns access.ErrAccessToken for a token that is not ours or has
// expired, and access.ErrSession where its session has ended.
func (g *Guard) Actor(token string, origin Origin) (access.Actor, error) {
	claims, err := g.signer.Verify(token, g.clock())
	if err != nil {
		return access.Actor{}, err
	}
	if g.revocations.Revoked(claims.Session) {
		return access.Actor{}, access.ErrSession
	}
	return access.Actor{
		User: claims.User, Role: claims.Role, Wallet: claims.Wallet, Session: claims.Session,
		Address: origin.Address, Request: origin.Request,
	}, nil
}

package rest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
)

// partyView is the other side of an entry. Residents' names are shown to residents and administrators; to a shop,
// whoever pays is a resident and no more than that.
type partyView struct {
	Kind     string `json:"kind" enum:"resident,merchant,bank,till,unissued,reserved,claimed,receivable,wallet" doc:"Who or what it is"`
	Name     string `json:"name" doc:"Empty where there is none to show"`
	WalletID string `json:"wallet_id,omitempty" format:"uuid"`
}

// Owners tells whose wallets are.
type Owners interface {
	// ByWallets finds the owners of wallets, deleted ones as well; unknown wallets are absent from the result.
	ByWallets(ctx context.Context, wallets []ledger.WalletID) (map[ledger.WalletID]user.User, error)
}

// owner is what is shown of the owner of a wallet.
type owner struct {
	id   user.ID
	role user.Role
	name string
}

func ownerOf(u user.User) owner { return owner{u.ID, u.Role, u.Profile.Name} }

// Bounds of what is remembered of owners.
const (
	ownersMax  = 50_000
	ownersLife = time.Minute // a new name shows after it at the latest
)

// ownerCache remembers owners for a while: a history names the same shops again and again, and would cost a second
// query each time.
type ownerCache struct {
	mu    sync.RWMutex
	known map[ledger.WalletID]remembered
}

type remembered struct {
	owner
	until time.Time
}

// find gives the owners that are remembered, and the wallets whose owners are not.
func (r *ownerCache) find(wallets []ledger.WalletID, now time.Time) (found map[ledger.WalletID]owner, missing []ledger.WalletID) {
	found = make(map[ledger.WalletID]owner, len(wallets))
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, id := range wallets {
		if o, known := r.known[id]; known && now.Before(o.until) {
			found[id] = o.owner
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing
}

func (r *ownerCache) remember(owners map[ledger.WalletID]user.User, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known)+len(owners) > ownersMax {
		r.known = map[ledger.WalletID]remembered{}
	}
	for id, u := range owners {
		r.known[id] = remembered{ownerOf(u), now.Add(ownersLife)}
	}
}

// parties names accounts for a reader.
type parties struct {
	reader access.Actor
	owners map[ledger.WalletID]owner
}

// nameParties looks up the owners of the accounts that are wallets.
func (s *server) nameParties(ctx context.Context, reader access.Actor, accounts ...ledger.Account) (parties, error) {
	wallets := lo.FilterMap(accounts, func(a ledger.Account, _ int) (ledger.WalletID, bool) {
		return a.Owner, a.Owner != [16]byte{} && a.Kind != ledger.Reserved
	})
	p := parties{reader: reader}
	if len(wallets) == 0 {
		return p, nil
	}
	now := s.Now()
	var missing []ledger.WalletID
	if p.owners, missing = s.ownerCache.find(lo.Uniq(wallets), now); len(missing) == 0 {
		return p, nil
	}
	read, err := s.Owners.ByWallets(ctx, missing)
	if err != nil {
		return parties{}, fmt.Errorf("owners of %d wallets: %w", len(missing), err)
	}
	s.ownerCache.remember(read, now)
	for id, u := range read {
		p.owners[id] = ownerOf(u)
	}
	return p, nil
}

// potNames names what is no wallet.
var potNames = map[ledger.PotKind]string{
	ledger.Bank: "銀行口座", ledger.Till: "店頭の現金", ledger.Unissued: "西条市", ledger.Reserved: "西条市", ledger.Claimed: "請求済み",
	ledger.Receivable: "未収金",
}

// view shows an account. distant tells that the reader has never met its owner, as with the earlier holders of a
// lot: then residents have no names but for administrators.
func (p parties) view(account ledger.Account, distant bool) partyView {
	if account.Kind != ledger.InWallet && account.Kind != ledger.Till {
		return partyView{Kind: account.Kind.String(), Name: potNames[account.Kind]}
	}
	v := partyView{Kind: account.Kind.String(), Name: potNames[account.Kind], WalletID: identifier(ledger.WalletID(account.Owner))}
	of, known := p.owners[account.Owner]
	if !known {
		return v
	}
	v.Kind, v.Name = of.role.String(), p.nameOf(of, distant)
	if of.role == user.Resident && distant && p.reader.Role != user.Administrator {
		v.WalletID = ""
	}
	return v
}

func (p parties) nameOf(of owner, distant bool) string {
	if of.role != user.Resident || p.reader.Role == user.Administrator || p.reader.User == of.id {
		return of.name
	}
	if p.reader.Role == user.Resident && !distant {
		return of.name
	}
	return anonymous
}

// anonymous is what a resident is called where the name is nobody's business.
const anonymous = "利用者"

package rewarding

import (
	"context"
	"fmt"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase/auditing"
)

// OpenCommand asks to open a campaign.
type OpenCommand struct {
	Key      idem.Key
	Campaign cashback.OfferID
	Version  int64 // of the draft that the actor has seen; zero for any
	Reason   string
}

// Opening is what was opened. It reads the same however often it is asked for.
type Opening struct {
	cashback.Campaign
	Replayed bool // opened by an earlier request with the same key
}

// Open reserves a campaign's budget and puts it in force, once per key. It is refused beyond what the fund has
// unissued, with the shortfall in figures (clause 4.5.4).
func (c *Campaigns) Open(ctx context.Context, actor access.Actor, cmd OpenCommand) (Opening, error) {
	act := audit.Act{Action: ActOpen, Target: cmd.Campaign.String(), Reason: cmd.Reason}
	if err := auditing.Allow(ctx, c.office, actor, access.ManageCashback, act); err != nil {
		return Opening{}, err
	}
	seen, err := c.offers.Campaign(ctx, cmd.Campaign)
	if err != nil {
		return Opening{}, err
	}
	opening, err := auditing.Do(ctx, c.office, actor, access.ManageCashback, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (Opening, error) {
		opening, err := cmd.open(ctx, s, now, actor, seen)
		if err != nil {
			return Opening{}, err
		}
		if opening.Replayed {
			act.Outcome = auditing.Replayed
			return opening, nil
		}
		act.Before, act.After = changes(sayCampaign(seen), sayCampaign(opening.Campaign))
		return opening, nil
	})
	if err != nil || !opening.Replayed {
		return opening, err
	}
	opening.Campaign, err = c.offers.Campaign(ctx, cmd.Campaign)
	return opening, err
}

// open takes the fund's pots before the campaign, as every unit does.
func (cmd OpenCommand) open(ctx context.Context, s Stores, now time.Time, actor access.Actor, seen cashback.Campaign) (Opening, error) {
	if err := cmd.Key.Valid(); err != nil {
		return Opening{}, err
	}
	claim, hash := idem.Claim{Actor: actor.User, Key: cmd.Key}, idem.HashOf("campaign", cmd.Campaign.String())
	move := ledger.CashMove{
		Actor: actor.User, Fund: seen.Fund, Batch: ledger.BatchID(cmd.Campaign), Amount: seen.Budget, Memo: "キャンペーン「" + seen.Name + "」の予算",
	}
	book, err := s.Ledger.Open(ctx, now, ledger.Want{Pots: move.TreasuryPots(ledger.Reserve), Claims: []idem.Claim{claim}})
	if err != nil {
		return Opening{}, fmt.Errorf("open book of campaign %s: %w", cmd.Campaign, err)
	}
	if _, before, err := book.Replay(claim, hash); before || err != nil {
		return Opening{Replayed: true}, err
	}
	campaign, err := draft(ctx, s, cmd.Campaign, cmd.Version)
	if err != nil {
		return Opening{}, err
	}
	if campaign.Version != seen.Version {
		return Opening{}, cashback.ErrCampaignChanged.With("version", campaign.Version)
	}
	if _, err := ready(ctx, s, now, campaign); err != nil {
		return Opening{}, err
	}
	entry, err := book.Reserve(move)
	if err != nil {
		return Opening{}, err
	}
	book.Keep(claim, hash, entry)
	if err := s.Ledger.Append(ctx, book); err != nil {
		return Opening{}, fmt.Errorf("append reserve of campaign %s: %w", cmd.Campaign, err)
	}
	campaign.State, campaign.OpenedBy, campaign.OpenedAt = cashback.Open, actor.User, now
	if err := s.Campaigns.Save(ctx, campaign); err != nil {
		return Opening{}, err
	}
	campaign.Version++
	return Opening{Campaign: campaign}, nil
}

package rewarding

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Campaigns drafts, opens, ends and shows campaigns.
type Campaigns struct {
	office  auditing.Office[Stores]
	offers  cashback.Reader
	batches fund.BatchReader
}

// NewCampaigns makes the activity.
func NewCampaigns(unit usecase.Unit[Stores], offers cashback.Reader, batches fund.BatchReader, clock usecase.Clock) *Campaigns {
	return &Campaigns{auditing.Office[Stores]{Unit: unit, Clock: clock}, offers, batches}
}

// CampaignCommand says what a draft is to be.
type CampaignCommand struct {
	Merchant   user.WalletID // whose campaign it is; zero for the city's
	Name       string
	Note       string
	Terms      cashback.Terms
	Span       cashback.Span
	Weekdays   []time.Weekday
	Hours      cashback.Hours
	Merchants  []user.WalletID // where it holds; with Categories both empty, at all merchants
	Categories []string
	Fund       fund.Code
	Budget     money.Points
	Reason     string
}

// CampaignResult is a campaign with what ought to be looked at.
type CampaignResult struct {
	cashback.Campaign
	Warnings []cashback.WarningCode
}

// CampaignForecast is what a campaign would be. A fund that falls short of the budget is told as such, not refused.
type CampaignForecast struct {
	CampaignResult
	Examples  []Example
	Unissued  money.Points // in the fund
	Shortfall money.Points
}

// Preview shows what a campaign would give and what ought to be looked at, without drafting it.
func (c *Campaigns) Preview(ctx context.Context, actor access.Actor, cmd CampaignCommand) (CampaignForecast, error) {
	if err := access.Allow(actor, access.ManageCashback); err != nil {
		return CampaignForecast{}, err
	}
	return usecase.Do(ctx, c.office.Unit, func(ctx context.Context, s Stores) (CampaignForecast, error) {
		now := c.office.Clock()
		campaign := cmd.apply(cashback.Campaign{ID: cashback.NewOfferID(now), State: cashback.Draft, CreatedBy: actor.User, CreatedAt: now, Version: 1})
		warnings, err := ready(ctx, s, now, campaign)
		if err != nil {
			return CampaignForecast{}, err
		}
		unissued := ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: campaign.Fund}
		book, err := s.Ledger.Peek(ctx, now, ledger.Want{Pots: []ledger.Pot{unissued}})
		if err != nil {
			return CampaignForecast{}, fmt.Errorf("peek at fund %s: %w", campaign.Fund, err)
		}
		left := book.Balance(unissued)
		return CampaignForecast{CampaignResult{campaign, warnings}, examples(campaign.Terms), left, max(campaign.Budget-left, 0)}, nil
	})
}

// Draft enters a draft. It reserves nothing and nobody sees it but administrators.
func (c *Campaigns) Draft(ctx context.Context, actor access.Actor, cmd CampaignCommand) (CampaignResult, error) {
	act := audit.Act{Action: ActDraft, Reason: cmd.Reason}
	return auditing.Do(ctx, c.office, actor, access.ManageCashback, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (CampaignResult, error) {
		campaign := cmd.apply(cashback.Campaign{ID: cashback.NewOfferID(now), State: cashback.Draft, CreatedBy: actor.User, CreatedAt: now, Version: 1})
		act.Target, act.After = campaign.ID.String(), sayCampaign(campaign)
		warnings, err := ready(ctx, s, now, campaign)
		if err != nil {
			return CampaignResult{}, err
		}
		if err := s.Campaigns.Add(ctx, campaign); err != nil {
			return CampaignResult{}, fmt.Errorf("add campaign %s: %w", campaign.ID, err)
		}
		return CampaignResult{campaign, warnings}, nil
	})
}

// Change makes a draft what the command says, in place of the version that the actor has seen. It returns
// cashback.ErrCampaignChanged when there is another one by now, and ErrCampaignState when it is no draft any more.
func (c *Campaigns) Change(ctx context.Context, actor access.Actor, id cashback.OfferID, version int64, cmd CampaignCommand) (CampaignResult, error) {
	act := audit.Act{Action: ActChange, Target: id.String(), Reason: cmd.Reason}
	return auditing.Do(ctx, c.office, actor, access.ManageCashback, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (CampaignResult, error) {
		was, err := draft(ctx, s, id, version)
		if err != nil {
			return CampaignResult{}, err
		}
		is := cmd.apply(was)
		warnings, err := ready(ctx, s, now, is)
		if err != nil {
			return CampaignResult{}, err
		}
		if err := s.Campaigns.Save(ctx, is); err != nil {
			return CampaignResult{}, err
		}
		is.Version++
		act.Before, act.After = changes(sayCampaign(was), sayCampaign(is))
		return CampaignResult{is, warnings}, nil
	})
}

// Drop throws a draft away.
func (c *Campaigns) Drop(ctx context.Context, actor access.Actor, id cashback.OfferID, reason string) error {
	act := audit.Act{Action: ActDrop, Target: id.String(), Reason: reason}
	_, err := auditing.Do(ctx, c.office, actor, access.ManageCashback, act, func(ctx context.Context, s Stores, _ time.Time, act *audit.Act) (struct{}, error) {
		campaign, err := draft(ctx, s, id, 0)
		if err != nil {
			return struct{}{}, err
		}
		act.Before = sayCampaign(campaign)
		campaign.State = cashback.Dropped
		return struct{}{}, s.Campaigns.Save(ctx, campaign)
	})
	return err
}

// End ends an open campaign early. What was promised until then is paid like that of any other.
func (c *Campaigns) End(ctx context.Context, actor access.Actor, id cashback.OfferID, reason string) (cashback.Campaign, error) {
	act := audit.Act{Action: ActEnd, Target: id.String(), Reason: reason}
	return auditing.Do(ctx, c.office, actor, access.ManageCashback, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (cashback.Campaign, error) {
		was, err := s.Campaigns.Lock(ctx, id)
		if err != nil {
			return cashback.Campaign{}, err
		}
		is, err := was.End(now)
		if err != nil {
			return cashback.Campaign{}, err
		}
		if err := s.Campaigns.Save(ctx, is); err != nil {
			return cashback.Campaign{}, err
		}
		is.Version++
		act.Before, act.After = changes(sayCampaign(was), sayCampaign(is))
		return is, nil
	})
}

// draft locks a draft. The zero version is any.
func draft(ctx context.Context, s Stores, id cashback.OfferID, version int64) (cashback.Campaign, error) {
	campaign, err := s.Campaigns.Lock(ctx, id)
	if err != nil {
		return campaign, err
	}
	if version != 0 && campaign.Version != version {
		return campaign, cashback.ErrCampaignChanged.With("version", campaign.Version)
	}
	return campaign, campaign.Draftable()
}

// apply makes a campaign what the command says.
func (cmd CampaignCommand) apply(c cashback.Campaign) cashback.Campaign {
	c.Merchant, c.Name, c.Note, c.Terms, c.Span = cmd.Merchant, strings.TrimSpace(cmd.Name), cmd.Note, cmd.Terms, cmd.Span
	c.Weekdays, c.Hours, c.Merchants, c.Categories = slices.Sorted(slices.Values(cmd.Weekdays)), cmd.Hours, cmd.Merchants, cmd.Categories
	c.Fund, c.Budget = cmd.Fund, cmd.Budget
	if !cmd.Merchant.IsZero() && len(cmd.Merchants) == 0 {
		c.Merchants = []user.WalletID{cmd.Merchant}
	}
	return c
}

// ready refuses a campaign that could not be opened today for any other reason than the money, and tells what ought to
// be looked at.
func ready(ctx context.Context, s Stores, now time.Time, c cashback.Campaign) ([]cashback.WarningCode, error) {
	book, err := shops(ctx, s, now, c.Merchants, func(i int) error {
		if !c.Merchant.IsZero() {
			return cashback.ErrCampaignPlaces.At("merchant_id")
		}
		return cashback.ErrCampaignPlaces.At("merchants[" + strconv.Itoa(i) + "]")
	})
	if err != nil {
		return nil, err
	}
	if err := c.Valid(book.Rules.Kinds, calendar.DayOf(now)); err != nil {
		return nil, err
	}
	of, err := s.Treasury.Get(ctx, c.Fund)
	if err != nil {
		return nil, err
	}
	return c.Warnings(book.Rules.Kinds), of.Open()
}

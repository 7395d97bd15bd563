package bootstrap

import (
	"context"
	"encoding/hex"
	"fmt"

	"go.uber.org/fx"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/rewarding"
	"lovesaijo/usecase/settling"
)

// storyShops is how many shops of a statement's period the story shows.
const storyShops = 5

// story is what it prints of the way back of the points.
type story struct {
	*program
	campaigns  *rewarding.Campaigns
	periods    *settling.Periods
	statements *settling.Statements
	files      *settling.Files
	payouts    *settling.Payouts
	roster     user.Roster
}

// tell prints campaigns, the statements of the last closed period, the bank files and what became of the transfers.
func (p *program) tell(ctx context.Context) error {
	s := story{program: p}
	app := p.graph(now, fx.Populate(&s.campaigns, &s.periods, &s.statements, &s.files, &s.payouts, &s.roster))
	return p.while(ctx, app, func(ctx context.Context) error {
		for _, part := range []func(context.Context) error{s.rewarded, s.settled, s.banked} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *story) rewarded(ctx context.Context) error {
	found, err := s.campaigns.List(ctx, operator, cashback.CampaignQuery{Limit: page.LimitMax})
	if err != nil {
		return err
	}
	for _, c := range found.Rows {
		fmt.Fprintf(s.out, "\nCampaign %s, %s to %s: %s, %s of %s points promised\n", c.Name, c.Span.From, c.Span.Until, c.State, c.Accrued, c.Budget)
	}
	return nil
}

func (s *story) settled(ctx context.Context) error {
	periods, err := s.periods.List(ctx, operator, "", page.LimitMax)
	if err != nil {
		return err
	}
	for _, period := range periods.Rows {
		if period.Closed {
			return s.period(ctx, period)
		}
	}
	return nil
}

// period prints the largest statements of a period and the sum of all.
func (s *story) period(ctx context.Context, period settlement.Period) error {
	var sum settlement.Statement
	var all []settlement.Statement
	for after := ""; ; {
		_, found, err := s.statements.OfPeriod(ctx, operator, period.ID, after, page.LimitMax)
		if err != nil {
			return err
		}
		all = append(all, found.Rows...)
		if after = found.Next; after == "" {
			break
		}
	}
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nStatements of %s (%s to %s, entries %d to %d of the journal): %d shops\n",
		period.Name, period.From, period.Until, period.FirstSeq+1, period.LastSeq, len(all))
	row := func(name string, figures ...string) {
		fmt.Fprintf(s.out, "  ")
		for _, f := range figures {
			fmt.Fprintf(s.out, "%14s", f)
		}
		fmt.Fprintf(s.out, "  %s\n", name)
	}
	row("", "carried over", "received", "- returned", "- spent", "+ corrected", "- claimed", "= due")
	show := func(name string, s settlement.Statement) {
		row(name, s.CarriedOver.String(), s.Received.String(), s.Returned.String(), s.Spent.String(), s.Corrected.String(), s.Claimed.String(), s.Due.String())
	}
	for i, one := range all {
		if i < storyShops {
			show(names[one.Merchant], one)
		}
		sum.CarriedOver, sum.Received, sum.Returned, sum.Spent = sum.CarriedOver+one.CarriedOver, sum.Received+one.Received, sum.Returned+one.Returned, sum.Spent+one.Spent
		sum.Corrected, sum.Claimed, sum.Due = sum.Corrected+one.Corrected, sum.Claimed+one.Claimed, sum.Due+one.Due
	}
	show("all shops", sum)
	return nil
}

func (s *story) names(ctx context.Context) (map[ledger.WalletID]string, error) {
	names := map[ledger.WalletID]string{}
	for after := ""; ; {
		found, err := s.roster.Search(ctx, user.Filter{Role: user.Merchant}, after, page.LimitMax)
		if err != nil {
			return nil, err
		}
		for _, u := range found.Rows {
			names[u.Wallet] = u.Profile.Name
		}
		if after = found.Next; after == "" {
			return names, nil
		}
	}
}

func (s *story) banked(ctx context.Context) error {
	files, err := s.files.List(ctx, operator, "", page.LimitMax)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nBank files (全銀 総合振込)\n")
	counts, sums := map[settlement.PayoutState]int{}, map[settlement.PayoutState]money.Yen{}
	again := 0
	for i := range files.Rows {
		file := files.Rows[len(files.Rows)-1-i]
		fmt.Fprintf(s.out, "  %s  pays on %s  %4d transfers %12s yen  %s  sha256 %s…\n", file.Name, file.Date, file.Count,
			money.Points(file.Total), file.State, hex.EncodeToString(file.SHA256[:6]))
		for after := ""; ; {
			found, err := s.payouts.List(ctx, operator, settlement.PayoutQuery{File: file.ID, After: after, Limit: page.LimitMax})
			if err != nil {
				return err
			}
			for _, payout := range found.Rows {
				counts[payout.State]++
				sums[payout.State] += payout.Transfer
				if payout.Attempt > 1 {
					again++
				}
			}
			if after = found.Next; after == "" {
				break
			}
		}
	}
	for _, state := range []settlement.PayoutState{settlement.PayoutPaid, settlement.PayoutExported, settlement.PayoutReturned} {
		fmt.Fprintf(s.out, "  %-10s %5d %14s yen\n", state, counts[state], money.Points(sums[state]))
	}
	fmt.Fprintf(s.out, "  %d sent again to a corrected account\n", again)
	return nil
}

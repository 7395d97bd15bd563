package rewarding_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/granting"
	"lovesaijo/usecase/rewarding"
)

// bonus is the kind of points that come back.
var bonus = lot.Kind{Code: "bonus", Name: "還元", Rank: 4, Validity: lot.Validity{Months: 6}, ClearedAtMerchant: true, Retired: calendar.Never}

type scene struct {
	*citytest.City
	programmes *rewarding.Programmes
	campaigns  *rewarding.Campaigns
	payout     *rewarding.Payout
	whatIf     *rewarding.WhatIf
	bulk       *granting.Bulk
	shop       user.User
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, storesOf)
	s := scene{
		City: city, programmes: rewarding.NewProgrammes(unit, city.Offers, city.Clock),
		campaigns: rewarding.NewCampaigns(unit, city.Offers, city.Batches, city.Clock), payout: rewarding.NewPayout(unit, city.Offers, city.Batches, city.Clock),
		whatIf: rewarding.NewWhatIf(unit, city.Offers, city.Clock), bulk: bulkOf(city), shop: city.Merchant(t),
	}
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		gift := citytest.Gift
		gift.Earns = true
		for _, kind := range []lot.Kind{gift, bonus} {
			if err := st.Rulebook.SaveKind(ctx, kind, city.Clock()); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func storesOf(s citytest.Stores) rewarding.Stores {
	return rewarding.Stores{
		Programmes: s.Programmes, Campaigns: s.Campaigns, Ledger: s.Ledger, Treasury: s.Treasury, Batches: s.Batches, Trail: s.Trail, Outbox: s.Outbox,
	}
}

func bulkOf(city *citytest.City) *granting.Bulk {
	return granting.NewBulk(citytest.Narrow(city, func(s citytest.Stores) granting.Stores {
		return granting.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Batches: s.Batches, Campaigns: s.Campaigns, Trail: s.Trail, Outbox: s.Outbox}
	}), city.Roster, city.Rules, city.Batches, city.Clock)
}

// fivePercent is what a programme usually is.
func fivePercent(changes ...func(*rewarding.ProgrammeCommand)) rewarding.ProgrammeCommand {
	cmd := rewarding.ProgrammeCommand{
		Name: "いつでも5%", Terms: cashback.Terms{Rate: 500, Rounding: cashback.Down, Kind: bonus.Code}, Reason: "開店祝い",
	}
	for _, change := range changes {
		change(&cmd)
	}
	return cmd
}

// festival is what a campaign usually is: ten percent at all shops this week, from a budget of 100,000.
func (s scene) festival(changes ...func(*rewarding.CampaignCommand)) rewarding.CampaignCommand {
	cmd := rewarding.CampaignCommand{
		Name: "秋の還元祭", Note: "市内のお店で使うと10%", Terms: cashback.Terms{Rate: 1_000, Rounding: cashback.Down, Kind: bonus.Code, PaymentMax: 2_000, PersonMax: 5_000},
		Span: cashback.Span{From: s.Today(), Until: s.Today() + 6}, Fund: citytest.Fund, Budget: 100_000,
	}
	for _, change := range changes {
		change(&cmd)
	}
	return cmd
}

func (s scene) draft(t *testing.T, changes ...func(*rewarding.CampaignCommand)) cashback.Campaign {
	t.Helper()
	made, err := s.campaigns.Draft(t.Context(), s.Official, s.festival(changes...))
	require.NoError(t, err)
	return made.Campaign
}

func (s scene) open(t *testing.T, changes ...func(*rewarding.CampaignCommand)) cashback.Campaign {
	t.Helper()
	opened, err := s.campaigns.Open(t.Context(), s.Official, rewarding.OpenCommand{Key: s.Key(), Campaign: s.draft(t, changes...).ID})
	require.NoError(t, err)
	return opened.Campaign
}

// pay lets somebody pay at a shop, as the teller would.
func (s scene) pay(t *testing.T, from, to user.User, amount money.Points) ledger.Receipt {
	t.Helper()
	order := ledger.Order{Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount}
	var want ledger.Want
	order.Wants(&want)
	var receipt ledger.Receipt
	s.Act(t, want, func(b *ledger.Book) (err error) {
		receipt, err = b.Pay(order)
		return err
	})
	return receipt
}

// read reads a campaign back.
func (s scene) read(t *testing.T, id cashback.OfferID) cashback.Campaign {
	t.Helper()
	campaign, err := s.campaigns.Campaign(t.Context(), s.Official, id)
	require.NoError(t, err)
	return campaign
}

func (s scene) payOut(t *testing.T, id cashback.OfferID) fund.Batch {
	t.Helper()
	require.NoError(t, s.payout.Run(t.Context()))
	require.NoError(t, s.bulk.Resume(t.Context()))
	require.NoError(t, s.payout.Run(t.Context()))
	batch, err := s.Batches.Batch(t.Context(), ledger.BatchID(id))
	require.NoError(t, err)
	return batch
}

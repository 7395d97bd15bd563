package model_test

import (
	"context"
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/ledgertest"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// campaign is one campaign of the town, and, once it pays, the batch by which it does.
type campaign struct {
	*offer
	batch fund.Batch
	rows  []fund.Row
}

func (c *campaign) id() ledger.BatchID { return ledger.BatchID(c.offer.id) }

func (c *campaign) reserve() ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: ledger.Reserved, Owner: c.id()}, Fund: c.fund}
}

// terms draws what an offer gives: often capped, seldom all of the payment.
func (m *machine) terms(rt *rapid.T) cashback.Terms {
	caps := rapid.SampledFrom([]money.Points{0, 3, 20})
	terms := cashback.Terms{
		Rate:     rapid.SampledFrom([]int32{1, 333, 1_000, 2_500, cashback.RateMax}).Draw(rt, "rate"),
		Rounding: rapid.SampledFrom([]cashback.Rounding{cashback.Down, cashback.Nearest, cashback.Up}).Draw(rt, "rounding"),
		Kind:     m.town.kinds[len(m.town.kinds)-1], PaymentMax: caps.Draw(rt, "cap of a payment"), PersonMax: 2 * caps.Draw(rt, "cap of a person"),
	}
	if rapid.IntRange(0, 3).Draw(rt, "choosy") == 0 {
		terms.Earning = []lot.KindCode{m.kind(rt)}
	}
	return terms
}

func (m *machine) beginProgramme(rt *rapid.T) {
	shop := m.merchant(rt).Wallet
	if m.oracle.programmeOf(shop, m.today()) != nil {
		rt.Skip("the shop has one")
	}
	p := cashback.Programme{
		ID: cashback.NewOfferID(m.now), Merchant: shop, Name: "還元", Terms: m.terms(rt), Span: cashback.Span{From: m.today(), Until: calendar.Never},
		CreatedBy: m.town.mayor.ID, CreatedAt: m.now, Version: 1,
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error { return s.Programmes.Add(ctx, p) })
	m.oracle.offers = append(m.oracle.offers, &offer{id: p.ID, Terms: p.Terms, merchant: shop, span: p.Span, had: map[ledger.WalletID]money.Points{}})
	m.tally.count("programme begun")
}

func (m *machine) endProgramme(rt *rapid.T) {
	shop := m.merchant(rt).Wallet
	running := m.oracle.programmeOf(shop, m.today())
	if running == nil || running.span.Until == m.today() {
		rt.Skip("the shop has none")
	}
	running.span.Until = m.today()
	m.both(func(ctx context.Context, s ledgertest.Stores) error {
		list, err := s.Programmes.Lock(ctx, shop)
		if err != nil {
			return err
		}
		p := list[slices.IndexFunc(list, func(p cashback.Programme) bool { return p.ID == running.id })]
		p.Span.Until = m.today()
		return s.Programmes.Save(ctx, p)
	})
	m.tally.count("programme ended")
}

func (m *machine) openCampaign(rt *rapid.T) {
	if slices.ContainsFunc(m.campaigns, func(c *campaign) bool { return c.state == cashback.Open }) && rapid.IntRange(0, 2).Draw(rt, "reluctance") > 0 {
		rt.Skip("one is enough")
	}
	code := m.fund(rt)
	o := &offer{
		id: cashback.NewOfferID(m.now), campaign: true, Terms: m.terms(rt), span: cashback.Span{From: m.today(), Until: m.today() + 40}, fund: code,
		budget: rapid.SampledFrom([]money.Points{5, 60, 400}).Draw(rt, "budget"), state: cashback.Open, had: map[ledger.WalletID]money.Points{},
	}
	o.places = []user.WalletID{m.merchant(rt).Wallet}
	if rapid.Bool().Draw(rt, "at another shop") { // never everywhere: PostgreSQL keeps the campaigns of former lives
		o.places = append(o.places, m.merchant(rt).Wallet)
	}
	move := ledger.CashMove{Fund: code, Batch: ledger.BatchID(o.id), Amount: o.budget}
	if m.treasury(ledger.Reserve, move).Refusal != "" {
		return
	}
	c := cashback.Campaign{
		ID: o.id, Name: "催し", Terms: o.Terms, Span: o.span, Merchants: o.places, Fund: code, Budget: o.budget, State: cashback.Open,
		CreatedBy: m.town.mayor.ID, CreatedAt: m.now, OpenedBy: m.town.mayor.ID, OpenedAt: m.now, Version: 1,
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error { return s.Campaigns.Add(ctx, c) })
	m.oracle.offers = append(m.oracle.offers, o)
	m.campaigns = append(m.campaigns, &campaign{offer: o})
	m.tally.count("campaign opened")
}

// change saves a campaign in another state on both sides.
func (m *machine) change(c *campaign, change func(*cashback.Campaign)) {
	m.both(func(ctx context.Context, s ledgertest.Stores) error {
		locked, err := s.Campaigns.Lock(ctx, c.offer.id)
		if err != nil {
			return err
		}
		change(&locked)
		return s.Campaigns.Save(ctx, locked)
	})
}

func (m *machine) campaignIn(rt *rapid.T, states ...cashback.CampaignState) *campaign {
	fitting := slices.DeleteFunc(slices.Clone(m.campaigns), func(c *campaign) bool { return !slices.Contains(states, c.state) })
	if len(fitting) == 0 {
		rt.Skip("there is no such campaign")
	}
	return rapid.SampledFrom(fitting).Draw(rt, "campaign")
}

func (m *machine) endCampaign(rt *rapid.T) {
	c := m.campaignIn(rt, cashback.Open)
	c.state, c.endedAt = cashback.Ended, m.now
	m.change(c, func(stored *cashback.Campaign) { stored.State, stored.EndedAt = cashback.Ended, m.now })
	m.tally.count("campaign ended")
}

// beginPayout makes the batch of an ended campaign out of what it has promised, and gives the rest of its reserve back.
func (m *machine) beginPayout(rt *rapid.T) {
	c := m.campaignIn(rt, cashback.Ended)
	var shares [2][]cashback.Share
	for i, s := range m.sides {
		require.NoError(rt, s.unit.Do(rt.Context(), func(ctx context.Context, stores ledgertest.Stores) error {
			found, err := stores.Campaigns.Shares(ctx, c.offer.id)
			shares[i] = append(shares[i], found...)
			return err
		}))
	}
	require.Equal(rt, shares[0], shares[1])
	c.rows, c.batch = nil, fund.Batch{
		ID: c.id(), Fund: c.fund, Kind: c.Kind, Expires: m.today() + 20, Memo: "還元", State: fund.Running, CreatedBy: m.town.mayor.ID, CreatedAt: m.now,
	}
	c.shares = map[ledger.WalletID]ledger.ShareState{}
	for _, share := range shares[0] {
		require.Positive(rt, share.Amount)
		c.rows = append(c.rows, fund.Row{No: len(c.rows) + 1, Wallet: share.Wallet, Amount: share.Amount, State: fund.Waiting})
		c.batch.Total += share.Amount
		c.shares[share.Wallet] = ledger.ShareWaiting
	}
	require.Equal(rt, c.accrued, c.batch.Total, "what is paid is what was promised")
	c.batch.Rows = len(c.rows)
	c.state = cashback.Paying
	m.both(func(ctx context.Context, s ledgertest.Stores) error { return s.Batches.Add(ctx, c.batch, c.rows) })
	m.change(c, func(stored *cashback.Campaign) { stored.State = cashback.Paying })
	if rest := m.oracle.reserves[c.reserve()] - c.batch.Total; rest > 0 {
		m.treasury(ledger.Release, ledger.CashMove{Fund: c.fund, Batch: c.id(), Amount: rest})
	}
	m.tally.count("campaign paying")
}

// payShares grants some of what a campaign owes, and ends it with the last of them.
func (m *machine) payShares(rt *rapid.T) {
	c := m.campaignIn(rt, cashback.Paying)
	waiting := slices.IndexFunc(c.rows, func(r fund.Row) bool { return r.State == fund.Waiting })
	var rows []fund.Row
	if waiting >= 0 {
		rows = c.rows[waiting:min(len(c.rows), waiting+rapid.IntRange(1, 3).Draw(rt, "rows"))]
	}
	want := ledger.Want{Pots: []ledger.Pot{c.reserve()}}
	acts := make([]act, len(rows))
	for i, row := range rows {
		want.Wallets = append(want.Wallets, row.Wallet)
		acts[i] = func(b *ledger.Book) (ledger.Receipt, error) {
			return b.Grant(ledger.Award{
				Actor: m.town.mayor.ID, Wallet: row.Wallet, Fund: c.fund, Batch: c.id(), Amount: row.Amount, Kind: c.Kind, Expires: m.today() + 20, Memo: "還元",
			})
		}
	}
	for i, got := range m.post(want, acts...) {
		if row := &rows[i]; got.Refusal == "" {
			c.batch.Grant(row, got.Receipt.Entry)
			c.shares[row.Wallet] = ledger.SharePaid
		} else {
			why, _ := fault.Lookup(got.Refusal)
			c.batch.Refuse(row, why)
			c.shares[row.Wallet] = ledger.ShareRefused
		}
	}
	if last := waiting < 0 || waiting+len(rows) == len(c.rows); last {
		c.batch.End(m.now)
	}
	m.both(func(ctx context.Context, s ledgertest.Stores) error { return s.Batches.Settle(ctx, c.batch, rows) })
	if c.batch.State != fund.Ended {
		return
	}
	c.state = cashback.Paid
	m.change(c, func(stored *cashback.Campaign) { stored.State = cashback.Paid })
	if rest := m.oracle.reserves[c.reserve()]; rest > 0 {
		m.treasury(ledger.Release, ledger.CashMove{Fund: c.fund, Batch: c.id(), Amount: rest})
	}
	m.tally.count("campaign paid")
}

// standing gives how far the oracle believes a campaign to be.
func (of *offer) standing() standing {
	return standing{of.accrued, of.state, of.early, of.endedAt.UTC()}
}

package correcting_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/correcting"
	"lovesaijo/usecase/granting"
)

// back is the kind of points that are returned.
var back = lot.Kind{Code: "back", Name: "還元", Rank: 4, Validity: lot.Validity{Days: 30}, ClearedAtMerchant: true, Retired: calendar.Never}

// scene is a city in which one shop returns a tenth of every payment, with two administrators who correct.
type scene struct {
	*citytest.City
	correcting *correcting.Correcting
	approving  *approving.Approving
	bulk       *granting.Bulk
	other      access.Actor // the second administrator
	hana       user.User
	shop       user.User // returns a tenth
	supplier   user.User // returns nothing
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) correcting.Stores {
		return correcting.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Requests: s.Requests, Outbox: s.Outbox, Trail: s.Trail}
	})
	c := correcting.New(unit, correcting.Readers{
		Statements: city.Statements, Offers: city.Offers, Periods: city.Settlement, Requests: city.Approvals, Roster: city.Roster,
	}, city.Clock)
	decisions := citytest.Narrow(city, func(s citytest.Stores) approving.Stores {
		return approving.Stores{Requests: s.Requests, Trail: s.Trail}
	})
	grants := citytest.Narrow(city, func(s citytest.Stores) granting.Stores {
		return granting.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Batches: s.Batches, Trail: s.Trail, Outbox: s.Outbox}
	})
	s := scene{
		City: city, correcting: c, approving: approving.New(decisions, city.Approvals, c.Executors(), city.Clock),
		bulk:  granting.NewBulk(grants, city.Roster, city.Rules, city.Batches, city.Clock),
		other: access.Actor{User: usertest.Administrator().ID, Role: user.Administrator},
		hana:  city.Resident(t), shop: city.Merchant(t), supplier: city.Merchant(t),
	}
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		for _, kind := range []lot.Kind{citytest.Health, citytest.Gift, citytest.Bought, back} {
			kind.Earns = kind.Code != back.Code
			if err := st.Rulebook.SaveKind(ctx, kind, s.Clock()); err != nil {
				return err
			}
		}
		return st.Programmes.Add(ctx, cashback.Programme{
			ID: cashback.NewOfferID(s.Clock()), Merchant: s.shop.Wallet, Name: "いつでも一割", Terms: s.terms(1_000),
			Span: cashback.Span{From: s.Today(), Until: calendar.Never}, CreatedAt: s.Clock(), Version: 1,
		})
	})
	return s
}

func (s scene) terms(rate int32) cashback.Terms {
	return cashback.Terms{Rate: rate, Rounding: cashback.Down, Kind: back.Code}
}

// campaign opens a campaign of the city that promises a fifth everywhere.
func (s scene) campaign(t *testing.T) cashback.Campaign {
	t.Helper()
	c := cashback.Campaign{
		ID: cashback.NewOfferID(s.Clock()), Name: "秋の二割", Terms: s.terms(2_000), Span: cashback.Span{From: s.Today(), Until: s.Today() + 30},
		Fund: citytest.Fund, Budget: 5_000, State: cashback.Open, OpenedAt: s.Clock(), CreatedAt: s.Clock(), Version: 1,
	}
	move := ledger.CashMove{Fund: c.Fund, Batch: ledger.BatchID(c.ID), Amount: c.Budget}
	s.Act(t, ledger.Want{Pots: move.TreasuryPots(ledger.Reserve)}, func(b *ledger.Book) error {
		_, err := b.Reserve(move)
		return err
	})
	s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Campaigns.Add(ctx, c) })
	return c
}

// payOut ends a campaign and pays what it has promised.
func (s scene) payOut(t *testing.T, of cashback.Campaign) {
	t.Helper()
	id := ledger.BatchID(of.ID)
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		c, err := st.Campaigns.Lock(ctx, of.ID)
		if err != nil {
			return err
		}
		shares, err := st.Campaigns.Shares(ctx, of.ID)
		if err != nil {
			return err
		}
		batch := fund.Batch{ID: id, Fund: c.Fund, Kind: c.Terms.Kind, Expires: s.Today() + 30, Memo: c.Name, State: fund.Running, Rows: len(shares), CreatedAt: s.Clock()}
		rows := make([]fund.Row, len(shares))
		for i, share := range shares {
			rows[i] = fund.Row{No: i + 1, Wallet: share.Wallet, Amount: share.Amount, State: fund.Waiting}
			batch.Total += share.Amount
		}
		c.State = cashback.Paying
		if err := st.Campaigns.Save(ctx, c); err != nil {
			return err
		}
		return st.Batches.Add(ctx, batch, rows)
	})
	require.NoError(t, s.bulk.Run(t.Context(), id))
}

func (s scene) accrued(t *testing.T, of cashback.Campaign) money.Points {
	t.Helper()
	c, err := s.Offers.Campaign(t.Context(), of.ID)
	require.NoError(t, err)
	return c.Accrued
}

func (s scene) pay(t *testing.T, from, to user.User, amount money.Points) ledger.EntryID {
	t.Helper()
	order := ledger.Order{
		Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount,
	}
	var want ledger.Want
	order.Wants(&want)
	var receipt ledger.Receipt
	s.Act(t, want, func(b *ledger.Book) (err error) {
		receipt, err = b.Pay(order)
		return err
	})
	return receipt.Entry
}

// alone decides how much one administrator corrects alone.
func (s scene) alone(t *testing.T, limit money.Points) {
	t.Helper()
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		rules, err := st.Rulebook.Current(ctx)
		if err != nil {
			return err
		}
		rules.CorrectAlone = limit
		_, err = st.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: s.Clock()})
		return err
	})
}

func (s scene) command(entry ledger.EntryID) correcting.Command {
	return correcting.Command{Key: s.Key(), Entry: entry, Reason: "二重に支払った"}
}

func (s scene) preview(t *testing.T, cmd correcting.Command) correcting.Preview {
	t.Helper()
	preview, err := s.correcting.Preview(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	return preview
}

// correct makes a correction that goes through at once.
func (s scene) correct(t *testing.T, cmd correcting.Command) correcting.Result {
	t.Helper()
	result, err := s.correcting.Correct(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.False(t, result.Waits())
	require.Zero(t, result.Request)
	require.False(t, result.Entry.IsZero())
	return result
}

// request makes a correction that waits for a second person.
func (s scene) request(t *testing.T, cmd correcting.Command) approval.Request {
	t.Helper()
	result, err := s.correcting.Correct(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, result.Waits())
	require.True(t, result.Entry.IsZero())
	return result.Request
}

// points sums somebody's points by what they are.
func (s scene) points(t *testing.T, of user.User) map[lot.Key]money.Points {
	t.Helper()
	wallet, err := s.Statements.Wallet(t.Context(), of.Wallet)
	require.NoError(t, err)
	sums := map[lot.Key]money.Points{}
	for _, l := range wallet.Lots {
		if l.Remaining > 0 {
			sums[l.Key] += l.Remaining
		}
	}
	return sums
}

// books is where everything is, to be compared with later.
type books struct {
	fund                 ledger.FundPosition
	hana, shop, supplier map[lot.Key]money.Points
}

func (s scene) books(t *testing.T) books {
	t.Helper()
	return books{s.Position(t, citytest.Fund), s.points(t, s.hana), s.points(t, s.shop), s.points(t, s.supplier)}
}

// corrected lists the events that tell of corrections.
func (s scene) corrected() (told []ledger.EntryCorrected) {
	for _, message := range s.Messages() {
		for _, e := range message.Events {
			if c, ok := e.(ledger.EntryCorrected); ok {
				c.ID = event.ID{}
				told = append(told, c)
			}
		}
	}
	return told
}

// acts lists what stands in the trail of an action, newest first; of one instant in no order that means anything.
func (s scene) acts(t *testing.T, action string) []audit.Act {
	t.Helper()
	found, err := s.Acts.Acts(t.Context(), audit.Query{Action: action, Limit: 100})
	require.NoError(t, err)
	return found.Rows
}

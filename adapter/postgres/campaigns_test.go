package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/rewarding"
)

// festive is a city whose gifts earn, with a shop and the activities of cashback.
type festive struct {
	*citytest.City
	db         *postgres.DB
	shop       user.User
	programmes *rewarding.Programmes
	campaigns  *rewarding.Campaigns
	payout     *rewarding.Payout
	pay        *paying.Pay
}

func openFestive(t *testing.T, db *postgres.DB) festive {
	t.Helper()
	c := openCity(t, db)
	unit := citytest.Narrow(c, rewardingStores)
	teller := paying.NewTeller(citytest.Narrow(c, func(s citytest.Stores) paying.Stores {
		return paying.Stores{Ledger: s.Ledger, Outbox: s.Outbox}
	}), c.Clock)
	teller.Open(4)
	t.Cleanup(teller.Close)
	f := festive{
		City: c, db: db, shop: c.Merchant(t), programmes: rewarding.NewProgrammes(unit, db, c.Clock),
		campaigns: rewarding.NewCampaigns(unit, db, db, c.Clock), payout: rewarding.NewPayout(unit, db, db, c.Clock), pay: paying.NewPay(teller, db, db),
	}
	c.Do(t, func(ctx context.Context, s citytest.Stores) error {
		gift := citytest.Gift
		gift.Earns = true
		for _, kind := range []lot.Kind{gift, {Code: "bonus", Name: "還元", Rank: 4, Validity: lot.Validity{Months: 6}, Retired: calendar.Never}} {
			if err := s.Rulebook.SaveKind(ctx, kind, c.Clock()); err != nil {
				return err
			}
		}
		return nil
	})
	return f
}

func rewardingStores(s citytest.Stores) rewarding.Stores {
	return rewarding.Stores{
		Programmes: s.Programmes, Campaigns: s.Campaigns, Ledger: s.Ledger, Treasury: s.Treasury, Batches: s.Batches, Trail: s.Trail, Outbox: s.Outbox,
	}
}

func (f festive) draft(t *testing.T, budget money.Points) cashback.Campaign {
	t.Helper()
	made, err := f.campaigns.Draft(t.Context(), f.Official, rewarding.CampaignCommand{
		Name: "秋の還元祭", Terms: cashback.Terms{Rate: 1_000, Rounding: cashback.Down, Kind: "bonus"},
		Span: cashback.Span{From: f.Today(), Until: f.Today() + 6}, Fund: citytest.Fund, Budget: budget,
	})
	require.NoError(t, err)
	return made.Campaign
}

func (f festive) open(t *testing.T, budget money.Points) cashback.Campaign {
	t.Helper()
	opened, err := f.campaigns.Open(t.Context(), f.Official, rewarding.OpenCommand{Key: f.Key(), Campaign: f.draft(t, budget).ID})
	require.NoError(t, err)
	return opened.Campaign
}

// buy lets somebody pay at the shop through the teller.
func (f festive) buy(t *testing.T, who user.User, amount money.Points) (paying.Result, error) {
	return f.pay.Do(t.Context(), citytest.Actor(who), paying.Command{Key: f.Key(), PayeeWallet: f.shop.Wallet, Amount: amount})
}

// people move in with 10,000 points each.
func (f festive) people(t *testing.T, n int) []user.User {
	t.Helper()
	people := f.Residents(t, n)
	for _, u := range people {
		f.Give(t, u, citytest.Gift, 10_000)
	}
	return people
}

func TestABudgetIsNeverExceededHoweverManyPayAtOnce(t *testing.T) {
	t.Parallel()
	f := openFestive(t, open(t))
	people := f.people(t, 30)
	_, err := f.programmes.Enter(t.Context(), citytest.Actor(f.shop), rewarding.ProgrammeCommand{
		Name: "いつでも5%", Terms: cashback.Terms{Rate: 500, Rounding: cashback.Down, Kind: "bonus", PersonMax: 120},
	})
	require.NoError(t, err)
	opened := f.open(t, 2_550)
	var all sync.WaitGroup
	results := make([][3]paying.Result, len(people))
	for i, who := range people {
		all.Go(func() {
			for n := range 3 {
				result, err := f.buy(t, who, 1_000)
				require.NoError(t, err)
				results[i][n] = result
			}
		})
	}
	all.Wait()
	var promised money.Points
	for i, who := range people {
		var returned money.Points
		for _, result := range results[i] {
			returned += result.Cashback
			for _, award := range result.Awards {
				if award.Campaign {
					promised += award.Amount
				}
			}
		}
		require.EqualValues(t, 120, returned, "50, 50, and what the cap of a person has left")
		require.EqualValues(t, 7_120, f.Balance(t, who))
	}
	require.EqualValues(t, 2_550, promised, "to the point")
	campaign, err := f.db.Campaign(t.Context(), opened.ID)
	require.NoError(t, err)
	require.Equal(t, cashback.Ended, campaign.State)
	require.True(t, campaign.EndedEarly)
	require.EqualValues(t, 2_550, campaign.Accrued)
	f.Position(t, citytest.Fund)
}

func TestWorkersSideBySidePayACampaignOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	f := openFestive(t, openAt(t, url))
	people := f.people(t, 60)
	opened := f.open(t, 100_000)
	for _, who := range people {
		_, err := f.buy(t, who, 1_000)
		require.NoError(t, err)
	}
	f.Advance(7 * 24 * time.Hour)
	elsewhere := openAt(t, url) // another process, which knows of nothing
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		db := []*postgres.DB{f.db, elsewhere}[i%2]
		unit := postgres.NewUnit(db, func(s *postgres.Session) rewarding.Stores {
			return rewarding.Stores{
				Programmes: s.Programmes(), Campaigns: s.Campaigns(), Ledger: s.Ledger(), Treasury: s.Treasury(), Batches: s.Batches(), Trail: s.Trail(), Outbox: s.Outbox(),
			}
		})
		payout, bulk := rewarding.NewPayout(unit, db, db, f.Clock), bulkOf(f.City, grantingStores)
		all.Go(func() {
			errs[i] = errors.Join(payout.Run(t.Context()), bulk.Resume(t.Context()), payout.Run(t.Context()))
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	for _, who := range people {
		require.EqualValues(t, 9_100, f.Balance(t, who))
	}
	batch, err := f.db.Batch(t.Context(), ledger.BatchID(opened.ID))
	require.NoError(t, err)
	require.Equal(t, fund.BatchProgress{Batch: batch.ID, Done: 60, Rows: 60, Granted: 6_000, Ended: true}, batch.Progress())
	require.NoError(t, f.payout.Run(t.Context()))
	campaign, err := f.db.Campaign(t.Context(), opened.ID)
	require.NoError(t, err)
	require.Equal(t, cashback.Paid, campaign.State)
	p := f.Position(t, citytest.Fund)
	require.Zero(t, p.Reserved)
	require.EqualValues(t, citytest.FundCash-600_000-6_000, p.Unissued)
}

// fainting is a ledger whose unit ends right after it has appended, before the commit.
type fainting struct {
	ledger.Ledger
	die context.CancelFunc
}

func (l fainting) Append(ctx context.Context, book *ledger.Book) error {
	err := l.Ledger.Append(ctx, book)
	l.die()
	return err
}

func TestAPayoutWhoseWorkerDiesIsMadeByTheNextOne(t *testing.T) {
	t.Parallel()
	f := openFestive(t, open(t))
	people := f.people(t, 3)
	opened := f.open(t, 1_000)
	for _, who := range people {
		_, err := f.buy(t, who, 1_000)
		require.NoError(t, err)
	}
	_, err := f.campaigns.End(t.Context(), f.Official, opened.ID, "")
	require.NoError(t, err)
	ctx, die := context.WithCancel(t.Context())
	dying := rewarding.NewPayout(citytest.Narrow(f.City, func(s citytest.Stores) rewarding.Stores {
		stores := rewardingStores(s)
		stores.Ledger = fainting{stores.Ledger, die}
		return stores
	}), f.db, f.db, f.Clock)
	require.ErrorIs(t, dying.Run(ctx), context.Canceled)
	_, err = f.db.Batch(t.Context(), ledger.BatchID(opened.ID))
	require.ErrorIs(t, err, fund.ErrBatchUnknown)
	require.EqualValues(t, 1_000, f.Position(t, citytest.Fund).Reserved)

	require.NoError(t, f.payout.Run(t.Context()))
	require.NoError(t, bulkOf(f.City, grantingStores).Resume(t.Context()))
	require.NoError(t, f.payout.Run(t.Context()))
	for _, who := range people {
		require.EqualValues(t, 9_100, f.Balance(t, who))
	}
	require.Zero(t, f.Position(t, citytest.Fund).Reserved)
}

// interrupting is a ledger that lets something happen before it is opened.
type interrupting struct {
	ledger.Ledger
	with func()
}

func (l interrupting) Open(ctx context.Context, now time.Time, want ledger.Want) (*ledger.Book, error) {
	l.with()
	return l.Ledger.Open(ctx, now, want)
}

func TestWhatACorrectionTakesBackAtTheLastMomentIsNotPaid(t *testing.T) {
	t.Parallel()
	f := openFestive(t, open(t))
	people := f.people(t, 2)
	opened := f.open(t, 1_000)
	var undone paying.Result
	for _, who := range people {
		result, err := f.buy(t, who, 1_000)
		require.NoError(t, err)
		undone = result
	}
	_, err := f.campaigns.End(t.Context(), f.Official, opened.ID, "")
	require.NoError(t, err)
	original, err := f.db.Entry(t.Context(), undone.Entry)
	require.NoError(t, err)
	correction := ledger.Correction{Actor: f.Official.User, Original: original, Funds: []lot.FundCode{citytest.Fund}, Memo: "誤り"}
	payout := rewarding.NewPayout(citytest.Narrow(f.City, func(s citytest.Stores) rewarding.Stores {
		stores := rewardingStores(s)
		stores.Ledger = interrupting{stores.Ledger, func() {
			f.Act(t, correction.Wants(), func(b *ledger.Book) error {
				_, err := b.Correct(correction)
				return err
			})
		}}
		return stores
	}), f.db, f.db, f.Clock)
	require.NoError(t, payout.Run(t.Context()))
	batch, err := f.db.Batch(t.Context(), ledger.BatchID(opened.ID))
	require.NoError(t, err)
	require.Equal(t, 1, batch.Rows)
	require.EqualValues(t, 100, batch.Total)
	require.NoError(t, bulkOf(f.City, grantingStores).Resume(t.Context()))
	require.EqualValues(t, 9_100, f.Balance(t, people[0]))
	require.EqualValues(t, 10_000, f.Balance(t, people[1]))
	require.Zero(t, f.Position(t, citytest.Fund).Reserved)
}

func TestPaymentsThatMeetTheEndOfACampaignEarnOrDoNot(t *testing.T) {
	t.Parallel()
	f := openFestive(t, open(t))
	people := f.people(t, 20)
	opened := f.open(t, 100_000)
	var all sync.WaitGroup
	promised := make([]money.Points, len(people))
	for i, who := range people {
		all.Go(func() {
			for range 5 {
				result, err := f.buy(t, who, 1_000)
				require.NoError(t, err)
				for _, award := range result.Awards {
					promised[i] += award.Amount
				}
			}
		})
	}
	all.Go(func() {
		_, err := f.campaigns.End(t.Context(), f.Official, opened.ID, "")
		require.NoError(t, err)
		require.NoError(t, f.payout.Run(t.Context()))
		require.NoError(t, bulkOf(f.City, grantingStores).Resume(t.Context()))
	})
	all.Wait()
	require.NoError(t, f.payout.Run(t.Context()))
	for i, who := range people {
		require.Equal(t, 5_000+promised[i], f.Balance(t, who), "what was told is what came")
	}
	require.Zero(t, f.Position(t, citytest.Fund).Reserved)
}

func TestOfManyWhoOpenCampaignsTheFundServesAsManyAsItCan(t *testing.T) {
	t.Parallel()
	f := openFestive(t, open(t))
	errs := make([]error, 8)
	var all sync.WaitGroup
	same := f.draft(t, 1_000)
	cmd := rewarding.OpenCommand{Key: f.Key(), Campaign: same.ID}
	for i := range errs {
		all.Go(func() {
			_, errs[i] = f.campaigns.Open(t.Context(), f.Official, cmd)
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err, "one key, one opening")
	}
	require.EqualValues(t, 1_000, f.Position(t, citytest.Fund).Reserved)

	large := make([]cashback.Campaign, len(errs))
	for i := range large {
		large[i] = f.draft(t, 300_000)
	}
	for i := range errs {
		all.Go(func() {
			_, errs[i] = f.campaigns.Open(t.Context(), f.Official, rewarding.OpenCommand{Key: f.Key(), Campaign: large[i].ID})
		})
	}
	all.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		require.ErrorIs(t, err, ledger.ErrFundShort)
	}
	require.Equal(t, 3, made)
	require.EqualValues(t, 901_000, f.Position(t, citytest.Fund).Reserved)
}

func TestOfManyWhoEndACampaignAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	f := openFestive(t, open(t))
	opened := f.open(t, 1_000)
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = f.campaigns.End(t.Context(), f.Official, opened.ID, "") })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, cashback.ErrCampaignState, "the others are told")
	}
	require.Equal(t, 1, won)
}

package bootstrap

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"lovesaijo/adapter/synthetic"
	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/expiring"
	"lovesaijo/usecase/funding"
	"lovesaijo/usecase/granting"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/ruling"
)

// Scale is how much a seed makes.
type Scale struct {
	Residents, Shops, Months int
}

// scales by their names: year1 and year3 are the specification's (clause 8.2).
var scales = map[string]Scale{
	"small": {Residents: 60, Shops: 6, Months: 1},
	"year1": {Residents: 2_000, Shops: 50, Months: 4},
	"year3": {Residents: 10_000, Shops: 300, Months: 4},
}

// seedSource makes every seed the same.
const seedSource = 20261123

// operator is who acts from the console of the machine itself: there is no account before the first one.
var operator = access.Actor{User: user.ID{15: 1}, Role: user.Administrator, Address: "console"}

// seedActs are the activities that a seed goes through, on a clock that it sets itself.
type seedActs struct {
	desk     *registering.Desk
	funding  *funding.Funding
	ruling   *ruling.Ruling
	bulk     *granting.Bulk
	charging *charging.Charging
	pay      *paying.Pay
	expiring *expiring.Expiring
	roster   user.Roster
}

func newSeedActs(
	desk *registering.Desk, funding *funding.Funding, ruling *ruling.Ruling, bulk *granting.Bulk, charging *charging.Charging,
	pay *paying.Pay, expiring *expiring.Expiring, roster user.Roster,
) seedActs {
	return seedActs{desk, funding, ruling, bulk, charging, pay, expiring, roster}
}

// pastClock tells the time of the day that is being made. Every reading is a little later than the one before.
type pastClock struct{ micros atomic.Int64 }

func (c *pastClock) set(at time.Time) { c.micros.Store(at.UnixMicro()) }

func (c *pastClock) now() time.Time { return time.UnixMicro(c.micros.Add(1_000)).UTC() }

// seeder makes a city: people, shops, funds, kinds, and some months of what they did. It goes through the
// activities, so what it makes has been allowed by every rule (annex 1, clause 3: no personal data in tests).
type seeder struct {
	seedActs
	circle
	clock     *pastClock
	scale     Scale
	people    *synthetic.Generator
	dice      *rand.Rand
	keys      atomic.Int64
	out       io.Writer
	residents []registering.Registered
	shops     []registering.Registered
	mu        sync.Mutex
	tills     map[ledger.WalletID]money.Points // cash taken since the last remittance
}

// The kinds and funds of the demonstration.
const (
	fundCity, fundPremium, fundHealth = fund.Code("city"), fund.Code("premium"), fund.Code("health")
	kindEvent, kindHealth             = lot.KindCode("event"), lot.KindCode("health")
	kindPremium, kindGrant            = lot.KindCode("premium"), lot.KindCode("grant")
	kindCharge, kindCashback          = lot.KindCode("charge"), lot.KindCode("cashback")
)

// run makes the city. passwordHash is that of every synthetic user.
func (s *seeder) run(ctx context.Context, adminEmail, passwordHash string) error {
	today := calendar.DayOf(now())
	first := today.AddMonths(-s.scale.Months)
	s.clock.set(first.Start().Add(8 * time.Hour))
	started := time.Now()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"people and shops", func(ctx context.Context) error { return s.register(ctx, adminEmail, passwordHash) }},
		{"funds, kinds and rules", s.decide},
		{"cashback and settlement", func(ctx context.Context) error { return s.begin(ctx, first) }},
		{"history", func(ctx context.Context) error { return s.live(ctx, first, today) }},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("seed %s: %w", step.name, err)
		}
		fmt.Fprintf(s.out, "  %-24s %5.1f s\n", step.name, time.Since(started).Seconds())
	}
	return nil
}

func (s *seeder) register(ctx context.Context, adminEmail, passwordHash string) error {
	admin := registering.Registration{
		Role: user.Administrator, Email: adminEmail, PasswordHash: passwordHash,
		Profile: user.Profile{Name: "デモ管理者", Kana: "デモカンリシャ", Birth: calendar.Never},
	}
	if _, err := s.desk.Register(ctx, operator, admin); err != nil {
		return err
	}
	residents := make([]registering.Registration, s.scale.Residents)
	for i, p := range s.people.Residents(s.scale.Residents) {
		residents[i] = registering.Registration{
			Role: user.Resident, Email: p.Email, PasswordHash: passwordHash,
			Profile: user.Profile{
				Name: p.FamilyName + " " + p.GivenName, Kana: p.FamilyKana + " " + p.GivenKana,
				Birth: calendar.On(p.Birth.Year, time.Month(p.Birth.Month), p.Birth.Day), PostalCode: p.PostalCode, Address: p.Address, Phone: p.Phone,
			},
		}
	}
	shops := make([]registering.Registration, s.scale.Shops)
	for i, p := range s.people.Shops(s.scale.Shops) {
		shops[i] = registering.Registration{
			Role: user.Merchant, Email: p.Email, PasswordHash: passwordHash, CodeLimit: 100_000,
			Profile: user.Profile{
				Name: p.Name, Kana: p.Kana, Birth: calendar.Never, PostalCode: p.PostalCode, Address: p.Address, Phone: p.Phone, Category: p.Category,
			},
		}
	}
	var err error
	if s.residents, err = s.registerAll(ctx, residents); err != nil {
		return err
	}
	if s.shops, err = s.registerAll(ctx, shops); err != nil {
		return err
	}
	clerk := registering.Registration{
		Role: user.Clerk, Email: "clerk0001@example.jp", PasswordHash: passwordHash, Employer: s.shops[0].User.ID,
		Profile: user.Profile{Name: "店員 一号", Kana: "テンイン イチゴウ", Birth: calendar.Never},
	}
	_, err = s.desk.Register(ctx, operator, clerk)
	return err
}

func (s *seeder) registerAll(ctx context.Context, all []registering.Registration) ([]registering.Registered, error) {
	var done []registering.Registered
	for len(all) > 0 {
		n := min(len(all), registering.BatchMax)
		registered, err := s.desk.RegisterAll(ctx, operator, all[:n])
		if err != nil {
			return nil, err
		}
		done, all = append(done, registered...), all[n:]
	}
	return done, nil
}

func (s *seeder) decide(ctx context.Context) error {
	perHead := money.Points(s.scale.Residents)
	for _, f := range []struct {
		code   fund.Code
		name   string
		amount money.Points
	}{{fundCity, "市一般原資", perHead * 30_000}, {fundPremium, "プレミアム原資", perHead * 10_000}, {fundHealth, "健康ポイント原資", perHead * 5_000}} {
		if _, err := s.funding.Open(ctx, operator, f.code, f.name, ""); err != nil {
			return err
		}
		if _, err := s.funding.Deposit(ctx, operator, funding.Command{Key: s.key(), Fund: f.code, Amount: f.amount, Memo: "当初予算"}); err != nil {
			return err
		}
	}
	for _, k := range []lot.Kind{
		{Code: kindEvent, Name: "イベントポイント", Rank: 1, Validity: lot.Validity{Days: 30}, ClearedAtMerchant: true, Earns: true},
		{Code: kindHealth, Name: "健康ポイント", Rank: 2, Validity: lot.Validity{Months: 6}, ClearedAtMerchant: true, Earns: true},
		{Code: kindPremium, Name: "プレミアムポイント", Rank: 3, Validity: lot.Validity{Months: 3}, ClearedAtMerchant: true, Earns: true, Premium: true},
		{Code: kindGrant, Name: "給付ポイント", Rank: 4, Validity: lot.Validity{YearEnds: 1}, ClearedAtMerchant: true, Transferable: true, Earns: true},
		{Code: kindCharge, Name: "チャージポイント", Rank: 5, Validity: lot.Validity{Months: 24}, ClearedAtMerchant: true, Transferable: true, Earns: true},
		{Code: kindCashback, Name: "還元ポイント", Rank: 0, Validity: lot.Validity{Months: 6}, ClearedAtMerchant: true},
	} {
		if _, err := s.ruling.SaveKind(ctx, operator, k, "開始時の設定"); err != nil {
			return err
		}
	}
	rules, err := s.ruling.Rules(ctx, operator)
	if err != nil {
		return err
	}
	rules.ChargeKind, rules.ChargeFund = kindCharge, fundCity
	_, err = s.ruling.Amend(ctx, operator, rules, "開始時の設定")
	return err
}

// mistakeDay is the day of the history on which somebody pays by mistake.
const mistakeDay = 3

// live makes the days from first up to yesterday.
func (s *seeder) live(ctx context.Context, first, today calendar.Day) error {
	s.end = today
	for day := first; day < today; day++ {
		s.clock.set(day.Start().Add(6 * time.Hour))
		if _, err := s.expiring.Sweep(ctx, 1_000_000); err != nil {
			return err
		}
		if day == first || day == day.MonthStart() {
			if err := s.grantAll(ctx); err != nil {
				return err
			}
		}
		s.clock.set(day.Start().Add(7 * time.Hour))
		if err := s.settle(ctx, day); err != nil {
			return err
		}
		s.clock.set(day.Start().Add(9 * time.Hour))
		if err := s.trade(ctx, int(day-first)); err != nil {
			return err
		}
		if day == first+mistakeDay {
			if err := s.mistake(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// grantAll gives every resident the month's grant, a fifth of them health points and a tenth event points.
func (s *seeder) grantAll(ctx context.Context) error {
	for _, b := range []struct {
		fund   fund.Code
		kind   lot.KindCode
		amount money.Points
		every  int
		memo   string
	}{{fundCity, kindGrant, 3_000, 1, "毎月の給付"}, {fundHealth, kindHealth, 500, 5, "健康ポイント"}, {fundPremium, kindPremium, 1_000, 4, "プレミアム付与"}, {fundCity, kindEvent, 200, 10, "清掃活動への参加"}} {
		offset := s.dice.IntN(b.every)
		var lines []granting.ListRow
		for i := offset; i < len(s.residents); i += b.every {
			email := string(s.residents[i].User.Email)
			lines = append(lines, granting.ListRow{No: len(lines) + 1, Email: email, Amount: strconv.FormatInt(int64(b.amount), 10), Source: email})
		}
		made, err := s.bulk.Create(ctx, operator, granting.BatchCommand{
			Key: s.key(), List: lines, Terms: granting.Terms{Fund: b.fund, Kind: b.kind, Memo: b.memo},
		})
		if err != nil {
			return err
		}
		if err := s.bulk.Run(ctx, made.Batch.ID); err != nil {
			return err
		}
	}
	return nil
}

// seedAtOnce is how many people of the demonstration act at the same time.
const seedAtOnce = 64

// trade makes one day: charges, payments, transfers, and shops that bring their cash to the bank.
func (s *seeder) trade(ctx context.Context, day int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(seedAtOnce)
	n := len(s.residents)
	perDay := max(n/15, 4)
	for i := range perDay {
		payer := s.residents[(day*perDay+i*7)%n]
		shop := s.shops[s.popular()]
		amount := money.Points(s.people.Purchase(uint64(day*perDay + i)))
		group.Go(func() error {
			return s.spend(ctx, payer.User, paying.Command{Key: s.key(), PayeeCode: shop.Code.Token, Amount: amount})
		})
		switch {
		case i%6 == 0:
			to, cash := s.residents[s.dice.IntN(n)], money.Points(1_000*(1+s.dice.IntN(10)))
			group.Go(func() error { return s.charge(ctx, shop, to, cash) })
		case i%25 == 1:
			friend := s.residents[s.dice.IntN(n)]
			group.Go(func() error {
				return s.spend(ctx, payer.User, paying.Command{Key: s.key(), PayeeWallet: friend.User.Wallet, Amount: 300, Memo: "ありがとう"})
			})
		case i%40 == 2:
			supplier := s.shops[s.dice.IntN(len(s.shops))]
			group.Go(func() error {
				return s.spend(ctx, shop.User, paying.Command{Key: s.key(), PayeeCode: supplier.Code.Token, Amount: 500, Memo: "仕入れ"})
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if day%7 == 6 {
		return s.remit(context.WithoutCancel(ctx))
	}
	return nil
}

// popular picks a shop, the first ones more often.
func (s *seeder) popular() int {
	return min(s.dice.IntN(len(s.shops)), s.dice.IntN(len(s.shops)))
}

// spend pays; who has not enough, or would pay themselves, goes home without.
func (s *seeder) spend(ctx context.Context, payer user.User, cmd paying.Command) error {
	_, err := s.pay.Do(ctx, actorOf(payer), cmd)
	if _, refused := fault.Of(err); refused {
		return nil
	}
	return err
}

func (s *seeder) charge(ctx context.Context, shop, to registering.Registered, cash money.Points) error {
	s.mu.Lock()
	s.tills[shop.User.Wallet] += cash
	s.mu.Unlock()
	_, err := s.charging.Do(ctx, actorOf(shop.User), charging.Command{Key: s.key(), ResidentCode: to.Code.Token, Amount: cash})
	return err
}

// remit empties most tills; every fifth shop is late.
func (s *seeder) remit(ctx context.Context) error {
	for i, shop := range s.shops {
		cash := s.tills[shop.User.Wallet]
		if i%5 == 4 || cash == 0 {
			continue
		}
		if _, err := s.funding.Remit(ctx, operator, funding.Command{Key: s.key(), Fund: fundCity, Merchant: shop.User.Wallet, Amount: cash, Memo: "週次入金"}); err != nil {
			return err
		}
		s.tills[shop.User.Wallet] = 0
	}
	return nil
}

func (s *seeder) key() idem.Key { return idem.Key(fmt.Sprintf("seed-%012d", s.keys.Add(1))) }

// actorOf signs a synthetic user in without a password.
func actorOf(u user.User) access.Actor {
	return access.Actor{User: u.ID, Role: u.Role, Wallet: u.Wallet, Address: "console"}
}

// fillLots are the lots that each payer of a load has: three, as the floor's.
var fillLots = []struct {
	kind   lot.KindCode
	amount money.Points
}{{kindEvent, 1_000}, {kindHealth, 1_000}, {kindGrant, 1_000_000}}

// fill makes the population of a load: residents with three lots each, and shops.
func (s *seeder) fill(ctx context.Context, passwordHash string) error {
	s.clock.set(now())
	if err := s.register(ctx, adminEmail, passwordHash); err != nil {
		return err
	}
	if err := s.decide(ctx); err != nil {
		return err
	}
	for range int64(s.scale.Residents)*1_100_000/int64(money.AmountMax) + 1 {
		if _, err := s.funding.Deposit(ctx, operator, funding.Command{Key: s.key(), Fund: fundCity, Amount: money.AmountMax}); err != nil {
			return err
		}
	}
	for _, l := range fillLots {
		lines := make([]granting.ListRow, len(s.residents))
		for i, r := range s.residents {
			lines[i] = granting.ListRow{No: i + 1, Email: string(r.User.Email), Amount: strconv.FormatInt(int64(l.amount), 10)}
		}
		made, err := s.bulk.Create(ctx, operator, granting.BatchCommand{Key: s.key(), List: lines, Terms: granting.Terms{Fund: fundCity, Kind: l.kind}})
		if err != nil {
			return err
		}
		if err := s.bulk.Run(ctx, made.Batch.ID); err != nil {
			return err
		}
	}
	return nil
}

// refillAtOnce is how many payments wait for the teller while a journal is made long.
const refillAtOnce = 256

// refill makes a journal long: so many payments, from a moment on, of residents and shops of an earlier fill.
func (s *seeder) refill(ctx context.Context, round int, payments int64, at time.Time) error {
	s.clock.set(at)
	s.keys.Store(int64(round+1) * 1_000_000_000) // behind those of the fill and of the rounds before
	people, err := s.everybody(ctx)
	if err != nil {
		return err
	}
	residents, shops := people[user.Resident], people[user.Merchant]
	group, ctx := errgroup.WithContext(ctx)
	for i := range int64(refillAtOnce) {
		dice := rand.New(rand.NewPCG(seedSource, uint64(i)))
		group.Go(func() error {
			for n := i; n < payments; n += refillAtOnce {
				payer, shop := residents[dice.IntN(len(residents))], shops[dice.IntN(len(shops))]
				cmd := paying.Command{Key: s.key(), PayeeWallet: shop.Wallet, Amount: money.Points(1 + dice.IntN(100))}
				if _, err := s.pay.Do(ctx, actorOf(payer), cmd); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// everybody reads who was registered, by role.
func (s *seeder) everybody(ctx context.Context) (map[user.Role][]user.User, error) {
	people := map[user.Role][]user.User{}
	for after := ""; ; {
		found, err := s.roster.Search(ctx, user.Filter{}, after, page.LimitMax)
		if err != nil {
			return nil, err
		}
		for _, u := range found.Rows {
			people[u.Role] = append(people[u.Role], u)
		}
		if after = found.Next; after == "" {
			return people, nil
		}
	}
}

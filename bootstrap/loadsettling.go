package bootstrap

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"lovesaijo/adapter/loadgen"
	"lovesaijo/adapter/zengin"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/settling"
)

// The population of the measurements of settlement.
const (
	loadClosingShops = 300    // of year three (clause 8.2)
	loadTransfers    = 10_000 // of one file
	settleAtOnce     = 8
)

// lastMonth is the month before this one, for which merchants are paid.
func lastMonth() (from, until calendar.Day) {
	start := calendar.DayOf(now()).MonthStart()
	return start.AddMonths(-1), start - 1
}

// loadClosing makes a month of payments, and closes it while residents go on paying. No worker runs: it would close the
// month by itself.
func (p *program) loadClosing(ctx context.Context, a *arena, f loadFlags) error {
	from, until := lastMonth()
	started := time.Now()
	err := p.seeding(ctx, a.scale, a.password, func(ctx context.Context, seed *seeder, _ string) error {
		return seed.refill(ctx, 0, f.entries, from.Start().Add(9*time.Hour))
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\n%d payments of last month in %.0f s\n\n", f.entries, time.Since(started).Seconds())
	options := a.options(f)
	options.Merchants, options.Returning = loadClosingShops, loadReturning
	return p.report(f)(loadgen.CloseBeside(ctx, options, loadgen.ClosingOptions{
		AdminEmail: adminEmail, AdminPassword: a.password, From: from.String(), Until: until.String(), Payments: f.entries,
	}, os.Stderr))
}

// loadBankFile brings so many merchants as far as an approved claim, through the activities, and makes a file of them.
func (p *program) loadBankFile(ctx context.Context, a *arena, f loadFlags) error {
	if err := p.spell(f.transfers); err != nil {
		return err
	}
	started := time.Now()
	err := p.seeding(ctx, a.scale, a.password, func(ctx context.Context, seed *seeder, _ string) error { return seed.owe(ctx) })
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%d approved claims in %.0f s\n\n", f.transfers, time.Since(started).Seconds())
	return p.report(f)(loadgen.TransferFile(ctx, a.options(f), loadgen.BankFileOptions{
		AdminEmail: adminEmail, AdminPassword: a.password, Records: f.transfers,
	}, os.Stderr))
}

// spell times what a file takes without a database: to be checked against the list of banks and the calendar, to be
// written, and to be read again.
func (p *program) spell(transfers int) error {
	master, err := embeddedBanks(true)()
	if err != nil {
		return err
	}
	profile, today := bank.DefaultProfile(), calendar.DayOf(now())
	profile.RecordsMax = transfers
	file := bank.TransferFile{Originator: loadOriginator}
	if file.Date, err = calendar.AddBankDays(today, 3); err != nil {
		return err
	}
	for i := range transfers {
		file.Transfers = append(file.Transfers, bank.CreditTransfer{
			Payee:    bank.Account{Bank: testBankCode, Branch: "002", Type: bank.Ordinary, Number: fmt.Sprintf("%07d", i+1), Holder: "ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ"},
			BankName: "ﾃｽﾄ", BranchName: "ﾆｼ", Amount: money.Yen(1_000 + i), Reference: bank.Kana(fmt.Sprintf("LSP202611 S%06d", i+1)),
		})
	}
	began := time.Now()
	found := bank.Check(file, profile, master, calendar.BankOpen, today)
	checked := time.Now()
	content, err := zengin.Write(file, profile)
	if err != nil {
		return err
	}
	written := time.Now()
	_, again := zengin.Read(content, profile, file.Date)
	if err := bank.Refuse(append(found, again...)); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\n%d records in memory: checked in %.0f ms, written in %.0f ms (%d bytes), read again in %.0f ms\n\n", transfers,
		milliseconds(checked.Sub(began)), milliseconds(written.Sub(checked)), len(content), milliseconds(time.Since(written)))
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

var loadOriginator = bank.Originator{
	Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", BankName: "ﾃｽﾄ", BranchName: "ﾎﾝﾃﾝ",
	Account: bank.Account{Bank: testBankCode, Branch: "001", Type: bank.Ordinary, Number: "1234567"},
}

// owe lets every shop of an earlier fill receive a payment in the last month, and claim it, and two people approve.
func (s *seeder) owe(ctx context.Context) error {
	from, until := lastMonth()
	s.clock.set(from.Start().Add(9 * time.Hour))
	s.keys.Store(1_000_000_000) // behind those of the fill
	people, err := s.everybody(ctx)
	if err != nil {
		return err
	}
	payers := people[user.Resident]
	for _, shop := range people[user.Merchant] {
		s.shops = append(s.shops, registering.Registered{User: shop})
	}
	settings, err := s.decisions.Settings(ctx, operator)
	if err != nil {
		return err
	}
	settings.AutoClose, settings.Originator, settings.Profile.RecordsMax = false, loadOriginator, max(len(s.shops), 1)
	if _, err := s.decisions.Amend(ctx, operator, settings, "負荷測定"); err != nil {
		return err
	}
	each := func(atOnce int, do func(ctx context.Context, i int, shop registering.Registered) error) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for i, shop := range s.shops {
			group.Go(func() error { return do(ctx, i, shop) })
		}
		return group.Wait()
	}
	if err := each(refillAtOnce, func(ctx context.Context, i int, shop registering.Registered) error {
		_, err := s.pay.Do(ctx, actorOf(payers[i%len(payers)]), paying.Command{Key: s.key(), PayeeWallet: shop.User.Wallet, Amount: money.Points(1_000 + i)})
		return err
	}); err != nil {
		return fmt.Errorf("pay: %w", err)
	}
	if err := each(settleAtOnce, func(ctx context.Context, i int, shop registering.Registered) error { return s.account(ctx, shop, i+1) }); err != nil {
		return err
	}
	s.clock.set(now())
	period, err := s.periods.Enter(ctx, operator, settling.PeriodCommand{From: from, Until: until})
	if err != nil {
		return err
	}
	if _, err := s.periods.Close(ctx, operator, period.ID, ""); err != nil {
		return err
	}
	return each(settleAtOnce, func(ctx context.Context, _ int, shop registering.Registered) error {
		claim, err := s.claims.Claim(ctx, actorOf(shop.User), settling.ClaimCommand{Key: s.key()})
		if err != nil {
			return err
		}
		if _, err := s.claims.Confirm(ctx, operator, claim.ID); err != nil {
			return err
		}
		_, err = s.claims.Approve(ctx, secondOperator, claim.ID)
		return err
	})
}

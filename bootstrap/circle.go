package bootstrap

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/correcting"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/rewarding"
	"lovesaijo/usecase/settling"
)

// secondOperator is the other pair of eyes at the console.
var secondOperator = access.Actor{User: user.ID{15: 2}, Role: user.Administrator, Address: "console"}

// circleActs are the activities by which points come back as bank transfers, and mistakes are undone.
type circleActs struct {
	programmes *rewarding.Programmes
	campaigns  *rewarding.Campaigns
	payout     *rewarding.Payout
	correcting *correcting.Correcting
	approving  *approving.Approving
	periods    *settling.Periods
	claims     *settling.Claims
	accounts   *settling.Accounts
	files      *settling.Files
	payouts    *settling.Payouts
	decisions  *settling.Decisions
}

func newCircleActs(
	programmes *rewarding.Programmes, campaigns *rewarding.Campaigns, payout *rewarding.Payout, correcting *correcting.Correcting,
	approving *approving.Approving, periods *settling.Periods, claims *settling.Claims, accounts *settling.Accounts,
	files *settling.Files, payouts *settling.Payouts, decisions *settling.Decisions,
) circleActs {
	return circleActs{programmes, campaigns, payout, correcting, approving, periods, claims, accounts, files, payouts, decisions}
}

// circle leads the money of a synthetic city round: cashback, corrections, periods, claims, bank files and transfers,
// of which the first comes back and is sent again.
type circle struct {
	circleActs
	folder   string            // where bank files are put; empty for nowhere
	waiting  []settlement.File // at the bank
	returned bool              // one transfer has come back
	end      calendar.Day      // the first day after the history
}

// testBankCode is the bank of every account of a demonstration: no bank has it.
const testBankCode = bank.Code("9999")

// begin decides about cashback and settlement before anybody pays.
func (s *seeder) begin(ctx context.Context, first calendar.Day) error {
	for i, shop := range s.shops {
		if i%3 != 0 {
			continue
		}
		_, err := s.programmes.Enter(ctx, actorOf(shop.User), rewarding.ProgrammeCommand{
			Name:  "お買い物還元",
			Terms: cashback.Terms{Rate: int32(100 * (1 + i%5)), Rounding: cashback.Down, Kind: kindCashback, PaymentMax: 500},
			Span:  cashback.Span{From: first, Until: calendar.Never},
		})
		if err != nil {
			return fmt.Errorf("programme of shop %d: %w", i, err)
		}
	}
	if err := s.campaign(ctx, first); err != nil {
		return err
	}
	settings, err := s.decisions.Settings(ctx, operator)
	if err != nil {
		return err
	}
	settings.Cycle, settings.BankDays = settlement.HalfMonthly, 3
	settings.Fees = []settlement.Fee{{SameBank: true, Fee: 0}, {Fee: 110}, {From: 30_000, Fee: 220}}
	settings.Originator = bank.Originator{
		Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", BankName: "ﾃｽﾄ", BranchName: "ﾎﾝﾃﾝ",
		Account: bank.Account{Bank: testBankCode, Branch: "001", Type: bank.Ordinary, Number: "1234567"},
	}
	if _, err := s.decisions.Amend(ctx, operator, settings, "開始時の設定"); err != nil {
		return fmt.Errorf("settings of settlement: %w", err)
	}
	for i, shop := range s.shops {
		if err := s.account(ctx, shop, 76_543+i); err != nil {
			return err
		}
	}
	return nil
}

// campaign opens the city's campaign of the first weeks.
func (s *seeder) campaign(ctx context.Context, first calendar.Day) error {
	budget := money.Points(s.scale.Residents) * 40
	draft, err := s.campaigns.Draft(ctx, operator, rewarding.CampaignCommand{
		Name: "西条まるごと還元", Note: "市内の登録店でのお支払いの10%を、期間の終わりにお返しします。", Fund: fundCity, Budget: budget,
		Terms: cashback.Terms{Rate: 1_000, Rounding: cashback.Down, Kind: kindCashback, PaymentMax: 300, PersonMax: 1_000},
		Span:  cashback.Span{From: first, Until: first + 13},
	})
	if err != nil {
		return fmt.Errorf("draft of campaign: %w", err)
	}
	_, err = s.campaigns.Open(ctx, operator, rewarding.OpenCommand{Key: s.key(), Campaign: draft.ID})
	return err
}

// account enters a shop's bank account, which somebody else looks at.
func (s *seeder) account(ctx context.Context, shop registering.Registered, number int) error {
	proposed, err := s.accounts.Propose(ctx, actorOf(shop.User), settling.AccountCommand{
		Bank: string(testBankCode), Branch: "002", Type: "ordinary", Number: fmt.Sprintf("%07d", number), Holder: shop.User.Profile.Kana, Confirmed: true,
	})
	if err != nil {
		return fmt.Errorf("account of shop %s: %w", shop.User.ID, err)
	}
	_, err = s.accounts.Approve(ctx, operator, proposed.ID)
	return err
}

// settle is what one day brings besides trade.
func (s *seeder) settle(ctx context.Context, day calendar.Day) error {
	if err := s.payout.Run(ctx); err != nil {
		return fmt.Errorf("pay campaigns: %w", err)
	}
	if err := s.bulk.Resume(ctx); err != nil {
		return err
	}
	if err := s.banked(ctx, day); err != nil {
		return err
	}
	if err := s.periods.Keep(ctx); err != nil {
		return fmt.Errorf("keep periods: %w", err)
	}
	return s.claim(ctx, day)
}

// claim lets every shop claim what the last closing left, and two people look at it. What the last closing of the
// history leaves to the first shop is left to visitors of the demonstration.
func (s *seeder) claim(ctx context.Context, day calendar.Day) error {
	var left user.WalletID
	if _, until := settlement.HalfMonthly.Next(day-1, day); until+1 >= s.end {
		left = s.shops[0].User.Wallet
	}
	drafts, err := s.claims.List(ctx, operator, settlement.ClaimQuery{States: []settlement.ClaimState{settlement.Drafted}, Limit: 2})
	if err != nil || !slices.ContainsFunc(drafts.Rows, func(c settlement.Claim) bool { return c.Merchant != left }) {
		return err
	}
	claimed := 0
	for _, shop := range s.shops {
		if shop.User.Wallet == left {
			continue
		}
		due, err := s.claims.Claimable(ctx, actorOf(shop.User))
		if err != nil {
			return fmt.Errorf("claimable points of shop %s: %w", shop.User.ID, err)
		}
		if due.Amount == 0 {
			continue
		}
		claim, err := s.claims.Claim(ctx, actorOf(shop.User), settling.ClaimCommand{Key: s.key()})
		if err != nil {
			return fmt.Errorf("claim of shop %s: %w", shop.User.ID, err)
		}
		if _, err := s.claims.Confirm(ctx, operator, claim.ID); err != nil {
			return err
		}
		if _, err := s.claims.Approve(ctx, secondOperator, claim.ID); err != nil {
			return err
		}
		claimed++
	}
	if claimed == 0 {
		return nil
	}
	return s.export(ctx)
}

// export makes a bank file of all claims that can be paid, and puts it on disk.
func (s *seeder) export(ctx context.Context) error {
	made, err := s.files.Export(ctx, operator, settling.ExportCommand{Key: s.key()}, "")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	s.waiting = append(s.waiting, made.File)
	if _, err := s.files.Send(ctx, operator, made.ID); err != nil {
		return err
	}
	if s.folder == "" {
		return nil
	}
	_, content, err := s.files.Content(ctx, operator, made.ID)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.folder, made.Name), content, 0o600)
}

// banked is the bank's answer on the day for which a file was made. The very first transfer of all comes back; its
// shop names another account, and the claim is exported again.
func (s *seeder) banked(ctx context.Context, day calendar.Day) error {
	for len(s.waiting) > 0 && s.waiting[0].Date <= day {
		file := s.waiting[0]
		s.waiting = s.waiting[1:]
		again := !s.returned
		if again {
			if err := s.giveBack(ctx, file); err != nil {
				return err
			}
		}
		if _, err := s.payouts.PayFile(ctx, operator, file.ID, settling.PayCommand{Key: s.key()}); err != nil {
			return fmt.Errorf("pay file %s: %w", file.Name, err)
		}
		if again {
			if err := s.export(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *seeder) giveBack(ctx context.Context, file settlement.File) error {
	found, err := s.payouts.List(ctx, operator, settlement.PayoutQuery{File: file.ID, Limit: page.LimitMax})
	if err != nil {
		return err
	}
	back := found.Rows[0]
	if _, err := s.payouts.Return(ctx, operator, back.ID, settling.ReturnCommand{Key: s.key(), Reason: "口座番号相違のため資金返却"}); err != nil {
		return fmt.Errorf("return payout %s: %w", back.ID, err)
	}
	s.returned = true
	for i, shop := range s.shops {
		if shop.User.Wallet == back.Merchant {
			return s.account(ctx, shop, 2_000_000+i)
		}
	}
	return fmt.Errorf("payout %s is to no shop of the seed", back.ID)
}

// mistake lets a resident pay a shop far too much, of which a part is given back, and pay another by error, which is
// undone whole by two people.
func (s *seeder) mistake(ctx context.Context) error {
	payer, shop := s.residents[0], s.shops[0]
	if err := s.charge(ctx, shop, payer, 20_000); err != nil {
		return err
	}
	for _, m := range []struct{ paid, undone money.Points }{{2_000, 1_800}, {12_000, 0}} {
		paid, err := s.pay.Do(ctx, actorOf(payer.User), paying.Command{Key: s.key(), PayeeCode: shop.Code.Token, Amount: m.paid})
		if err != nil {
			return fmt.Errorf("payment by mistake: %w", err)
		}
		corrected, err := s.correcting.Correct(ctx, operator, correcting.Command{Key: s.key(), Entry: paid.Entry, Amount: m.undone, Reason: "金額の入力誤り"})
		if err != nil {
			return fmt.Errorf("correction: %w", err)
		}
		if corrected.Waits() {
			if _, err := s.approving.Approve(ctx, secondOperator, corrected.Request.ID, "レシートを確認"); err != nil {
				return fmt.Errorf("approval: %w", err)
			}
		}
	}
	return nil
}

// loadReturning is the rate, in basis points, that the second half of a load's shops returns at once.
const loadReturning = 500

// offer puts a programme of every shop of the second half in force, and a campaign with caps that holds at all of
// them: what a load measures against the first half. Returned points are used last, so that all that is paid earns.
func (s *seeder) offer(ctx context.Context) error {
	last := lot.Kind{Code: kindCashback, Name: "還元ポイント", Rank: 9, Validity: lot.Validity{Months: 6}, ClearedAtMerchant: true}
	if _, err := s.ruling.SaveKind(ctx, operator, last, "負荷測定"); err != nil {
		return err
	}
	today := calendar.DayOf(s.clock.now())
	half := s.shops[len(s.shops)/2:]
	wallets := make([]user.WalletID, len(half))
	for i, shop := range half {
		wallets[i] = shop.User.Wallet
		if _, err := s.programmes.Enter(ctx, operator, rewarding.ProgrammeCommand{
			Merchant: shop.User.Wallet, Name: "常時還元",
			Terms: cashback.Terms{Rate: loadReturning, Rounding: cashback.Down, Kind: kindCashback},
			Span:  cashback.Span{From: today, Until: calendar.Never},
		}); err != nil {
			return fmt.Errorf("programme of shop %d: %w", i, err)
		}
	}
	draft, err := s.campaigns.Draft(ctx, operator, rewarding.CampaignCommand{
		Name: "負荷測定", Fund: fundCity, Budget: money.AmountMax / 10, Merchants: wallets,
		Terms: cashback.Terms{Rate: 1_000, Rounding: cashback.Down, Kind: kindCashback, PaymentMax: 5_000, PersonMax: 1_000_000},
		Span:  cashback.Span{From: today, Until: today + 30},
	})
	if err != nil {
		return fmt.Errorf("draft of campaign: %w", err)
	}
	_, err = s.campaigns.Open(ctx, operator, rewarding.OpenCommand{Key: s.key(), Campaign: draft.ID})
	return err
}

package settlementtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
)

var payoutContracts = []contract{
	{"a payout reads back as entered and as saved", payoutsReadBack},
	{"only the stored version of a payout or a file can be saved", stalePayouts},
	{"a file's payouts come by record, a part at a time", payoutsOfFiles},
	{"what came back and what reached an account is counted", payoutsAreCounted},
	{"payouts that cannot be are refused", impossiblePayouts},
	{"payouts are listed newest first, a page at a time, and narrowed", payoutsAreListed},
	{"a file reads back with its content, and is listed without", filesReadBack},
	{"files are numbered within their day, and each is replaced once", filesAreNumbered},
}

// bankFile makes a file of a day.
func (w *town) bankFile(no int, changes ...func(*settlement.File)) settlement.File {
	f := settlement.File{
		ID: ident.New[settlement.File](time.Now()), No: no, Name: "SOUFURI.TXT", Format: settlement.FormatZengin, Date: today + 7, Count: 2, Total: 300,
		SHA256: [32]byte{0: 1, 31: 9}, Sealed: []byte{0, 1, 255}, State: settlement.FileMade, MadeBy: w.mayor.ID, MadeAt: Now, Version: 1,
	}
	for _, change := range changes {
		change(&f)
	}
	return f
}

// exports is a file with claims and an account of the shop that payouts can be made of.
type exports struct {
	*town
	period  settlement.Period
	file    settlement.File
	account settlement.MerchantAccount
	record  int
}

func (w *town) exports() *exports {
	w.t.Helper()
	e := &exports{town: w, period: w.period(0, 29), file: w.bankFile(1), account: w.account(w.shop, settlement.Active)}
	w.do(func(ctx context.Context, s Stores) error {
		if err := s.Claims.LockExports(ctx); err != nil {
			return err
		}
		if err := s.Claims.AddAccount(ctx, e.account); err != nil {
			return err
		}
		return s.Claims.AddFile(ctx, e.file)
	})
	return e
}

// payout makes a payout of a new claim, as the next record of the file.
func (e *exports) payout(merchant user.User, amount money.Points) settlement.Payout {
	e.t.Helper()
	claim := demanded(e.period, merchant, amount)
	e.addClaims(claim)
	e.record++
	return settlement.Payout{
		ID: ident.New[settlement.Payout](time.Now()), Claim: claim.ID, Merchant: merchant.Wallet, Attempt: 1, File: e.file.ID, Record: e.record,
		Account: e.account.ID, Amount: amount, Fee: 10, Bearer: settlement.MerchantBears, Transfer: money.Yen(amount) - 10, New: bank.First, Reference: "LS0000001",
		State: settlement.PayoutExported, Version: 1,
	}
}

func (w *town) addPayouts(payouts ...settlement.Payout) error {
	return w.Unit.Do(w.t.Context(), func(ctx context.Context, s Stores) error { return s.Claims.AddPayouts(ctx, payouts) })
}

func (w *town) savePayouts(payouts ...settlement.Payout) error {
	return w.Unit.Do(w.t.Context(), func(ctx context.Context, s Stores) error { return s.Claims.SavePayouts(ctx, payouts) })
}

func payoutsReadBack(t *testing.T, b Bench) {
	e := found(t, b).exports()
	p := e.payout(e.shop, 100)
	require.NoError(t, e.addPayouts(p))
	got, err := e.Reader.Payout(t.Context(), p.ID)
	require.NoError(t, err)
	require.Equal(t, p, got)

	p.State, p.Entry, p.ReturnEntry, p.Reason = settlement.PayoutReturned, ident.New[ledger.Entry](Now), ident.New[ledger.Entry](Now), "口座なし"
	p.PaidOn, p.ReturnedOn = today+7, today+9
	require.NoError(t, e.savePayouts(p))
	p.Version = 2
	got, err = e.Reader.Payout(t.Context(), p.ID)
	require.NoError(t, err)
	require.Equal(t, p, got)
	_, err = e.Reader.Payout(t.Context(), ident.New[settlement.Payout](Now))
	require.ErrorIs(t, err, settlement.ErrPayoutUnknown)
	require.NoError(t, e.addPayouts())
	require.NoError(t, e.savePayouts())
}

func stalePayouts(t *testing.T, b Bench) {
	e := found(t, b).exports()
	one, two := e.payout(e.shop, 100), e.payout(e.shop, 200)
	require.NoError(t, e.addPayouts(one, two))
	one.State, two.State = settlement.PayoutPaid, settlement.PayoutPaid
	require.NoError(t, e.savePayouts(one))
	require.ErrorIs(t, e.savePayouts(two, one), settlement.ErrClaimChanged)
	got, err := e.Reader.Payout(t.Context(), two.ID)
	require.NoError(t, err)
	require.Equal(t, settlement.PayoutExported, got.State)

	save := func(f settlement.File) error {
		return e.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Claims.SaveFile(ctx, f) })
	}
	e.file.State, e.file.SentBy, e.file.SentAt = settlement.FileSent, e.aide.ID, Now.Add(time.Hour)
	e.file.TakenBy, e.file.TakenAt = e.mayor.ID, Now.Add(time.Minute)
	require.NoError(t, save(e.file))
	require.ErrorIs(t, save(e.file), settlement.ErrClaimChanged)
	e.file.Version = 2
	stored, err := e.Reader.File(t.Context(), e.file.ID)
	require.NoError(t, err)
	require.Equal(t, e.file, stored)
}

func payoutsOfFiles(t *testing.T, b Bench) {
	e := found(t, b).exports()
	var payouts []settlement.Payout
	for n := range 5 {
		payouts = append(payouts, e.payout(e.shop, money.Points(100+n)))
	}
	slices.Reverse(payouts)
	require.NoError(t, e.addPayouts(payouts...))
	slices.Reverse(payouts)
	e.do(func(ctx context.Context, s Stores) error {
		for _, c := range []struct {
			after, limit int
			want         []settlement.Payout
		}{{0, 10, payouts}, {0, 2, payouts[:2]}, {2, 2, payouts[2:4]}, {5, 2, nil}} {
			got, err := s.Claims.PayoutsOf(ctx, e.file.ID, c.after, c.limit)
			require.NoError(t, err)
			require.ElementsMatch(t, c.want, got)
			require.True(t, slices.IsSortedFunc(got, func(a, b settlement.Payout) int { return a.Record - b.Record }))
		}
		got, err := s.Claims.LockPayouts(ctx, []settlement.PayoutID{payouts[3].ID, payouts[1].ID, ident.New[settlement.Payout](Now)})
		require.NoError(t, err)
		require.ElementsMatch(t, []settlement.Payout{payouts[1], payouts[3]}, got)
		got, err = s.Claims.PayoutsOf(ctx, ident.New[settlement.File](Now), 0, 10)
		require.Empty(t, got)
		return err
	})
}

func payoutsAreCounted(t *testing.T, b Bench) {
	e := found(t, b).exports()
	other := e.account
	other.ID, other.State = ident.New[settlement.MerchantAccount](time.Now()), settlement.Proposed
	e.do(func(ctx context.Context, s Stores) error { return s.Claims.AddAccount(ctx, other) })
	first, voided := e.payout(e.shop, 100), e.payout(e.stall, 100)
	voided.State, voided.Account = settlement.PayoutVoided, other.ID
	first.State = settlement.PayoutReturned
	again, third := first, first
	again.ID, again.Record, again.Attempt = ident.New[settlement.Payout](time.Now()), 3, 2
	third.ID, third.Record, third.Attempt, third.State = ident.New[settlement.Payout](time.Now()), 4, 3, settlement.PayoutExported
	require.NoError(t, e.addPayouts(first, voided, again, third))
	e.do(func(ctx context.Context, s Stores) error {
		attempts, err := s.Claims.Attempts(ctx, []settlement.ClaimID{first.Claim, voided.Claim})
		require.NoError(t, err)
		require.Equal(t, []int{2, 0}, []int{attempts[first.Claim], attempts[voided.Claim]})
		reached, err := s.Claims.Reached(ctx, []settlement.AccountID{e.account.ID, other.ID})
		require.NoError(t, err)
		require.Equal(t, []bool{true, false}, []bool{reached[e.account.ID], reached[other.ID]}, "a voided payout reached nobody")
		return nil
	})
}

func impossiblePayouts(t *testing.T, b Bench) {
	e := found(t, b).exports()
	paid := e.payout(e.shop, 100)
	require.NoError(t, e.addPayouts(paid))
	for constraint, change := range map[string]func(*settlement.Payout){
		"payouts_one_live":          func(p *settlement.Payout) { p.Claim = paid.Claim },
		"payouts_record_key":        func(p *settlement.Payout) { p.Record = paid.Record },
		"payouts_transfer_positive": func(p *settlement.Payout) { p.Transfer = 0 },
		"payouts_file_fkey":         func(p *settlement.Payout) { p.File = ident.New[settlement.File](Now) },
		"payouts_account_fkey":      func(p *settlement.Payout) { p.Account = ident.New[settlement.MerchantAccount](Now) },
		"payouts_claim_fkey":        func(p *settlement.Payout) { p.Claim = ident.New[settlement.Claim](Now) },
	} {
		p := e.payout(e.stall, 200)
		change(&p)
		require.ErrorContains(t, e.addPayouts(p), constraint)
	}
	paid.State = settlement.PayoutVoided
	next := paid
	next.ID, next.Record, next.State = ident.New[settlement.Payout](time.Now()), 90, settlement.PayoutExported
	e.do(func(ctx context.Context, s Stores) error {
		if err := s.Claims.SavePayouts(ctx, []settlement.Payout{paid}); err != nil {
			return err
		}
		return s.Claims.AddPayouts(ctx, []settlement.Payout{next})
	})
}

func payoutsAreListed(t *testing.T, b Bench) {
	e := found(t, b).exports()
	second := e.bankFile(2)
	e.do(func(ctx context.Context, s Stores) error { return s.Claims.AddFile(ctx, second) })
	var all []settlement.Payout
	for n := range 5 {
		p := e.payout([]user.User{e.shop, e.stall}[n/3], money.Points(100+n))
		p.File = []settlement.File{e.file, second}[n%2].ID
		if n == 2 {
			p.State = settlement.PayoutReturned
		}
		all = append(all, p)
	}
	require.NoError(t, e.addPayouts(all...))
	slices.SortFunc(all, func(a, b settlement.Payout) int { return slices.Compare(b.ID[:], a.ID[:]) })
	for _, query := range []settlement.PayoutQuery{
		{}, {Merchant: e.shop.Wallet}, {Claim: all[1].Claim}, {File: second.ID}, {States: []settlement.PayoutState{settlement.PayoutReturned}},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(p settlement.Payout) bool {
			return !query.Merchant.IsZero() && p.Merchant != query.Merchant || !query.Claim.IsZero() && p.Claim != query.Claim ||
				!query.File.IsZero() && p.File != query.File || len(query.States) > 0 && !slices.Contains(query.States, p.State)
		})
		require.NotEmpty(t, want)
		require.Equal(t, want, pages(t, func(after string) (page.Of[settlement.Payout], error) {
			query.After, query.Limit = after, 2
			return e.Reader.Payouts(t.Context(), query)
		}))
	}
	_, err := e.Reader.Payouts(t.Context(), settlement.PayoutQuery{After: "nonsense", Limit: 2})
	require.ErrorIs(t, err, page.ErrCursor)
}

func filesReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	var all []settlement.File
	for n := range 3 {
		f := w.bankFile(n + 1)
		if n > 1 {
			f.TakenBy, f.TakenAt = w.mayor.ID, Now
		}
		if n > 0 {
			f.Replaces = all[0].ID
		}
		all = append([]settlement.File{f}, all...)
		w.do(func(ctx context.Context, s Stores) error { return s.Claims.AddFile(ctx, f) })
		got, err := w.Reader.File(t.Context(), f.ID)
		require.NoError(t, err)
		require.Equal(t, f, got)
		w.do(func(ctx context.Context, s Stores) error {
			got, err := s.Claims.LockFile(ctx, f.ID)
			require.Equal(t, f, got)
			return err
		})
	}
	slices.SortFunc(all, func(a, b settlement.File) int { return slices.Compare(b.ID[:], a.ID[:]) })
	for i := range all {
		all[i].Sealed = nil
	}
	require.Equal(t, all, pages(t, func(after string) (page.Of[settlement.File], error) { return w.Reader.Files(t.Context(), after, 2) }))
	_, err := w.Reader.Files(t.Context(), "nonsense", 2)
	require.ErrorIs(t, err, page.ErrCursor)
	_, err = w.Reader.File(t.Context(), ident.New[settlement.File](Now))
	require.ErrorIs(t, err, settlement.ErrFileUnknown)
	require.ErrorIs(t, w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		_, err := s.Claims.LockFile(ctx, ident.New[settlement.File](Now))
		return err
	}), settlement.ErrFileUnknown)
}

func filesAreNumbered(t *testing.T, b Bench) {
	w := found(t, b)
	add := func(f settlement.File) error {
		return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Claims.AddFile(ctx, f) })
	}
	next := func(day calendar.Day) (no int) {
		w.do(func(ctx context.Context, s Stores) (err error) {
			no, err = s.Claims.NextFileNo(ctx, day)
			return err
		})
		return no
	}
	require.Equal(t, 1, next(today+7))
	first := w.bankFile(1)
	require.NoError(t, add(first))
	require.Equal(t, []int{2, 1}, []int{next(today + 7), next(today + 8)})
	require.ErrorContains(t, add(w.bankFile(1)), "bank_files_no_key")
	require.NoError(t, add(w.bankFile(2, func(f *settlement.File) { f.Replaces = first.ID })))
	require.ErrorContains(t, add(w.bankFile(3, func(f *settlement.File) { f.Replaces = first.ID })), "bank_files_replaced_once")
	require.ErrorContains(t, add(w.bankFile(4, func(f *settlement.File) { f.Replaces = ident.New[settlement.File](Now) })), "bank_files_replaces_fkey")
}

package model_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/adapter/memory"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/ledgertest"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// side is one of the two ledgers.
type side struct {
	name       string
	unit       usecase.Unit[ledgertest.Stores]
	statements ledger.Statements
	rules      ledger.RulesReader
	codes      user.CodeReader
	offers     cashback.Reader
}

func inMemory() side {
	store := memory.New()
	return side{
		name: "memory", statements: store.Statements(), rules: store.Rules(), codes: store.Codes(), offers: store.Offers(),
		unit: memory.NewUnit(store, func(s *memory.Session) ledgertest.Stores {
			return ledgertest.Stores{
				Ledger: s.Ledger(), Wallets: s.Wallets(), Rulebook: s.Rulebook(), Outbox: s.Outbox(), Directory: s.Directory(),
				Codes: s.Codes(), Treasury: s.Treasury(), Batches: s.Batches(), Programmes: s.Programmes(), Campaigns: s.Campaigns(),
			}
		}),
	}
}

func inPostgreSQL(db *postgres.DB) side {
	return side{
		name: "PostgreSQL", statements: db, rules: db, codes: db.CodeReader(), offers: db,
		unit: postgres.NewUnit(db, func(s *postgres.Session) ledgertest.Stores {
			return ledgertest.Stores{
				Ledger: s.Ledger(), Wallets: s.Wallets(), Rulebook: s.Rulebook(), Outbox: s.Outbox(), Directory: s.Directory(),
				Codes: s.Codes(), Treasury: s.Treasury(), Batches: s.Batches(), Programmes: s.Programmes(), Campaigns: s.Campaigns(),
			}
		}),
	}
}

// outcome is what an act came to, in a form that two sides can be compared in.
type outcome struct {
	Refusal fault.Code
	Figures map[string]int64
	Receipt ledger.Receipt
}

// outcomeOf takes an act's result. What is no fault is no outcome: it is an accident, and fails the life.
func outcomeOf(receipt ledger.Receipt, err error) (outcome, error) {
	if err != nil {
		f, refused := fault.Of(err)
		if !refused {
			return outcome{}, err
		}
		return outcome{Refusal: f.Code, Figures: f.Figures}, nil
	}
	receipt.At = receipt.At.UTC()
	for i := range receipt.Slices {
		receipt.Slices[i].Lot.Since = receipt.Slices[i].Lot.Since.UTC()
	}
	return outcome{Receipt: receipt}, nil
}

// act is one decision on a book.
type act func(*ledger.Book) (ledger.Receipt, error)

// result is what one side made of some acts in one unit.
type result struct {
	Outcomes []outcome
	Entries  []ledger.Entry
}

var errTurnedBack = errors.New("turned back")

// run posts the acts as one unit. A spoilt unit fails at its end and must leave nothing behind.
func (s side) run(ctx context.Context, now time.Time, want ledger.Want, acts []act, spoilt bool) (result, error) {
	done, err := usecase.Do(ctx, s.unit, func(ctx context.Context, stores ledgertest.Stores) (result, error) {
		var r result
		book, err := stores.Ledger.Open(ctx, now, want)
		if err != nil {
			return r, err
		}
		for _, a := range acts {
			o, err := outcomeOf(a(book))
			if err != nil {
				return r, err
			}
			r.Outcomes = append(r.Outcomes, o)
		}
		if r.Entries = book.Written().Entries; len(r.Entries) > 0 {
			if err := stores.Ledger.Append(ctx, book); err != nil {
				return r, err
			}
			if err := stores.Outbox.Append(ctx, now, book.Events()...); err != nil {
				return r, err
			}
		}
		if spoilt {
			return r, errTurnedBack
		}
		return r, nil
	})
	if spoilt && errors.Is(err, errTurnedBack) {
		return result{}, nil
	}
	return done, err
}

// preview decides on a peeked book.
func (s side) preview(ctx context.Context, now time.Time, want ledger.Want, a act) (outcome, error) {
	return usecase.Do(ctx, s.unit, func(ctx context.Context, stores ledgertest.Stores) (outcome, error) {
		book, err := stores.Ledger.Peek(ctx, now, want)
		if err != nil {
			return outcome{}, err
		}
		return outcomeOf(a(book))
	})
}

// view is everything that can be read of one life.
type view struct {
	Wallets map[ledger.WalletID]ledger.Wallet
	Lines   map[ledger.WalletID][]ledger.Line
	Funds   map[lot.FundCode]ledger.FundPosition
	Tills   []ledger.TillState
	Owed    []ledger.ReceivableState
	Codes   map[user.Token]user.Code
	Offers  map[cashback.OfferID]standing // of campaigns
}

// standing is how far a campaign is.
type standing struct {
	Accrued    money.Points
	State      cashback.CampaignState
	EndedEarly bool
	EndedAt    time.Time
}

// view reads what concerns the town: PostgreSQL keeps former lives as well.
func (s side) view(rt *rapid.T, town *town, codes []user.Token, campaigns []cashback.OfferID) view {
	ctx := rt.Context()
	v := view{
		Wallets: map[ledger.WalletID]ledger.Wallet{}, Lines: map[ledger.WalletID][]ledger.Line{},
		Funds: map[lot.FundCode]ledger.FundPosition{}, Codes: map[user.Token]user.Code{}, Offers: map[cashback.OfferID]standing{},
	}
	for _, u := range town.people {
		w, err := s.statements.Wallet(ctx, u.Wallet)
		require.NoError(rt, err)
		for i := range w.Lots {
			w.Lots[i].Since = w.Lots[i].Since.UTC()
		}
		slices.SortFunc(w.Lots, func(a, b lot.Lot) int { return slices.Compare(a.ID[:], b.ID[:]) })
		v.Wallets[u.Wallet], v.Lines[u.Wallet] = w, s.history(rt, u.Wallet)
	}
	for _, f := range s.past(rt, town, time.Time{}) {
		v.Funds[f.Fund] = f
	}
	tills, err := s.statements.Tills(ctx)
	require.NoError(rt, err)
	for _, till := range tills {
		if slices.Contains(town.funds, till.Fund) {
			till.Since = till.Since.UTC()
			v.Tills = append(v.Tills, till)
		}
	}
	owed, err := s.statements.Receivables(ctx)
	require.NoError(rt, err)
	for _, debt := range owed {
		if slices.Contains(town.funds, debt.Fund) {
			debt.Since = debt.Since.UTC()
			v.Owed = append(v.Owed, debt)
		}
	}
	for _, id := range campaigns {
		c, err := s.offers.Campaign(ctx, id)
		require.NoError(rt, err)
		v.Offers[id] = standing{c.Accrued, c.State, c.EndedEarly, c.EndedAt.UTC()}
	}
	for _, token := range codes {
		code, err := s.codes.ByToken(ctx, token)
		require.NoError(rt, err)
		code.IssuedAt, code.ExpiresAt, code.RevokedAt = code.IssuedAt.UTC(), code.ExpiresAt.UTC(), code.RevokedAt.UTC()
		v.Codes[token] = code
	}
	return v
}

// differences says in short what two views do not agree on.
func (v view) differences(other view) (found []string) {
	ours, theirs := v.facts(), other.facts()
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if ours[name] != theirs[name] {
			found = append(found, fmt.Sprintf("%s: %s, and on the other side: %s", name, ours[name], theirs[name]))
		}
	}
	if len(found) == 0 && len(ours) != len(theirs) {
		found = append(found, fmt.Sprintf("%d facts, and on the other side %d", len(ours), len(theirs)))
	}
	return found
}

// facts are what a view shows, one by one.
func (v view) facts() map[string]string {
	facts := map[string]string{"tills": fmt.Sprintf("%+v", v.Tills), "owed": fmt.Sprintf("%+v", v.Owed)}
	for id, w := range v.Wallets {
		for i, l := range w.Lots {
			facts[fmt.Sprintf("wallet %s lot %d", id, i)] = fmt.Sprintf("%+v", l)
		}
		w.Lots = nil
		facts[fmt.Sprintf("wallet %s", id)] = fmt.Sprintf("%+v", w)
		for _, l := range v.Lines[id] {
			facts[fmt.Sprintf("wallet %s line %d", id, l.No)] = fmt.Sprintf("%+v", l)
		}
	}
	for code, f := range v.Funds {
		facts["fund "+string(code)] = fmt.Sprintf("%+v", f)
	}
	for id, campaign := range v.Offers {
		facts["campaign "+id.String()] = fmt.Sprintf("%+v", campaign)
	}
	for token, code := range v.Codes {
		facts["code "+string(token)] = fmt.Sprintf("%+v", code)
	}
	return facts
}

// history reads all lines of a wallet in pages of an odd size.
func (s side) history(rt *rapid.T, wallet ledger.WalletID) (lines []ledger.Line) {
	query := ledger.HistoryQuery{Wallet: wallet, Limit: 17}
	for {
		found, err := s.statements.History(rt.Context(), query)
		require.NoError(rt, err)
		for _, line := range found.Rows {
			line.At = line.At.UTC()
			lines = append(lines, line)
		}
		if found.Next == "" {
			return lines
		}
		query.Before, err = strconv.ParseInt(found.Next, 10, 64)
		require.NoError(rt, err)
	}
}

// entry reads an entry back.
func (s side) entry(rt *rapid.T, id ledger.EntryID) ledger.Entry {
	e, err := s.statements.Entry(rt.Context(), id)
	require.NoError(rt, err)
	e.At, e.Seq = e.At.UTC(), 0
	return e
}

// awards reads what a payment earned and what corrections took of it.
func (s side) awards(rt *rapid.T, payment ledger.EntryID) []ledger.Awarded {
	awards, err := s.statements.Awards(rt.Context(), payment)
	require.NoError(rt, err)
	return awards
}

// corrections reads how an entry was undone.
func (s side) corrections(rt *rapid.T, entry ledger.EntryID) []ledger.Corrected {
	found, err := s.statements.Corrections(rt.Context(), entry)
	require.NoError(rt, err)
	for i := range found {
		found[i].At, found[i].OriginalAt = found[i].At.UTC(), found[i].OriginalAt.UTC()
	}
	return found
}

// past reads where the town's money was at an instant.
func (s side) past(rt *rapid.T, town *town, at time.Time) []ledger.FundPosition {
	position, err := s.statements.Position(rt.Context(), at)
	require.NoError(rt, err)
	funds := slices.DeleteFunc(position.Funds, func(f ledger.FundPosition) bool { return !slices.Contains(town.funds, f.Fund) })
	slices.SortFunc(funds, func(a, b ledger.FundPosition) int { return cmp.Compare(a.Fund, b.Fund) })
	return funds
}

// lapsing lists what a wallet has that lapses until a day, in small pages.
func (s side) lapsing(rt *rapid.T, wallet ledger.WalletID, until calendar.Day) (held []ledger.HeldLot) {
	query := ledger.LapsingQuery{Wallet: wallet, Until: until, Limit: 2}
	for {
		found, err := s.statements.Lapsing(rt.Context(), query)
		require.NoError(rt, err)
		for _, h := range found.Rows {
			h.Since = h.Since.UTC()
			held = append(held, h)
		}
		if query.After = found.Next; query.After == "" {
			return held
		}
	}
}

// ancestry gives the newest sources of a lot, and its holder.
func (s side) ancestry(rt *rapid.T, id lot.ID) ([]ledger.Source, ledger.WalletID) {
	sources, err := s.statements.Sources(rt.Context(), []lot.ID{id}, 5)
	require.NoError(rt, err)
	for i := range sources {
		sources[i].At = sources[i].At.UTC()
	}
	holder, err := s.statements.LotHolder(rt.Context(), id)
	require.NoError(rt, err)
	return sources, holder
}

func sumOf(postings []ledger.Posting) (sum money.Points) {
	for _, p := range postings {
		sum += p.Amount
	}
	return sum
}

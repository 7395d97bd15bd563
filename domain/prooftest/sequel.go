package prooftest

import (
	"iter"
	"slices"
	"testing"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// offer lets Shop return a tenth at once, and the city promise a twentieth, of what is paid with meals.
func (town *Town) offer() {
	terms := cashback.Terms{Rate: 1_000, Rounding: cashback.Down, Kind: "return"}
	span := cashback.Span{From: calendar.DayOf(noon), Until: calendar.DayOf(noon) + 365}
	programme := cashback.Programme{ID: Programme, Merchant: Shop, Name: "一割還元", Terms: terms, Span: span, CreatedBy: user.ID(Shop), CreatedAt: noon, Version: 1}
	terms.Rate = 500
	campaign := cashback.Campaign{
		ID: Campaign, Name: "食べて応援", Terms: terms, Span: span, Fund: "city", Budget: 1_000, State: cashback.Open, CreatedBy: Clerk, CreatedAt: noon,
		OpenedBy: Clerk, OpenedAt: noon, Version: 1,
	}
	town.Offers = &cashback.Offers{Version: 1, Programmes: map[ledger.WalletID][]cashback.Programme{Shop: {programme}}, Campaigns: []cashback.Campaign{campaign}}
	town.Promises = map[cashback.OfferID]*cashback.Campaign{Campaign: &campaign}
}

// past tells what has become of every entry of the town. A campaign has paid whom it has granted something.
func (town *Town) past() map[ledger.EntryID]ledger.Past {
	all := map[ledger.EntryID]ledger.Past{}
	lots := map[lot.ID]lot.Lot{}
	for _, w := range town.Wallets {
		for _, l := range w.Lots {
			lots[l.ID] = l
		}
	}
	paid := ledger.ShareUnpaid
	for _, e := range town.Entries {
		if e.Type == ledger.Grant && e.Batch == ledger.BatchID(Campaign) {
			paid = ledger.SharePaid
		}
	}
	for _, e := range town.Entries {
		past := ledger.Past{Lots: lots, Offers: map[cashback.OfferID]ledger.Promised{
			Programme: {Terms: town.Offers.Programmes[Shop][0].Terms}, Campaign: {Terms: town.Offers.Campaigns[0].Terms, Fund: "city", Share: paid},
		}}
		for _, u := range town.Undoings {
			if u.Original == e.ID {
				past.Undone += u.Amount
			}
		}
		for _, a := range town.Awards {
			if a.Payment != e.ID {
				continue
			}
			i := slices.IndexFunc(past.Awards, func(had cashback.Award) bool { return had.Offer == a.Offer })
			if i < 0 {
				past.Awards = append(past.Awards, a.Award)
				continue
			}
			had := &past.Awards[i]
			had.Base, had.Earned, had.Amount = had.Base+a.Base, had.Earned+a.Earned, had.Amount+a.Amount
		}
		all[e.ID] = past
	}
	return all
}

// Corrected calls yield with every entry that another one undoes.
func (town *Town) Corrected(yield func(*ledger.Entry)) {
	for i := range town.Entries {
		id := town.Entries[i].ID
		if slices.ContainsFunc(town.Entries, func(e ledger.Entry) bool { return e.Corrects == id }) {
			yield(&town.Entries[i])
		}
	}
}

// Returned calls yield with what payments returned to each wallet at once.
func (town *Town) Returned(yield func(ledger.WalletID, money.Points)) {
	sums := map[ledger.WalletID]money.Points{}
	for _, a := range town.Awards {
		if !a.Campaign && a.Entry == a.Payment {
			sums[a.Wallet] += a.Amount
		}
	}
	for wallet, sum := range sums {
		yield(wallet, sum)
	}
}

// Act is an act of the sequel. It finds earlier entries by their numbers.
type Act func(b *ledger.Book, earlier func(no int) ledger.Entry) error

// LiveOn puts the sequel on the books, on which the story is.
func (town *Town) LiveOn(t testing.TB) {
	t.Helper()
	for now, act := range Sequel() {
		town.Do(t, now, func(b *ledger.Book) error { return act(b, func(no int) ledger.Entry { return town.Entries[no-1] }) })
	}
}

// SequelEntries is how many entries the sequel adds to the story's 17.
const SequelEntries = 29

// Sequel gives what happens after the story, a minute apart, each act one entry: cashback, corrections, claims and what
// becomes of them. With the story it has all types of entries.
func Sequel() iter.Seq2[time.Time, Act] {
	return func(yield func(time.Time, Act) bool) {
		now := noon.AddDate(0, 0, 61)
		for _, act := range slices.Concat(returning(), correcting(), redeeming(), undoing()) {
			if now = now.Add(time.Minute); !yield(now, act) {
				return
			}
		}
	}
}

func plain(act func(*ledger.Book) error) Act {
	return func(b *ledger.Book, _ func(int) ledger.Entry) error { return act(b) }
}

// undo undoes an amount of an earlier entry, or all that is left of it for zero.
func undo(no int, amount money.Points) Act {
	return func(b *ledger.Book, earlier func(int) ledger.Entry) error {
		_, err := b.Correct(ledger.Correction{Actor: Clerk, Original: earlier(no), Amount: amount, Receivable: true, Memo: "取消"})
		return err
	}
}

// returning are the entries 18 to 24: a payment that earns, and is undone after the campaign has paid.
func returning() []Act {
	return []Act{
		plain(entry(func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Reserve(ledger.CashMove{Actor: Clerk, Fund: "city", Batch: ledger.BatchID(Campaign), Amount: 1_000})
		})),
		plain(award(ledger.Award{Actor: Clerk, Wallet: Hana, Fund: "city", Amount: 3_000, Kind: "meal"})),
		plain(charge(Stall, Hana, 1_000)),
		plain(Pay(Hana, Shop, 1_500, "昼食会")),
		undo(21, 500),
		plain(award(ledger.Award{Wallet: Hana, Fund: "city", Batch: ledger.BatchID(Campaign), Amount: 50, Kind: "return"})),
		undo(21, 0),
	}
}

// correcting are the entries 25 to 32: points that were spent already are owed and paid, and adjustments.
func correcting() []Act {
	recover := func(amount money.Points, fromBank bool) Act {
		return plain(func(b *ledger.Book) error {
			_, err := b.Recover(ledger.Repayment{Actor: Clerk, Debtor: Shop, Fund: "city", Amount: amount, FromBank: fromBank})
			return err
		})
	}
	adjust := func(amount money.Points) Act {
		return plain(func(b *ledger.Book) error {
			_, err := b.Adjust(ledger.Change{Actor: Clerk, Wallet: Taro, Fund: "city", Amount: amount, Kind: "meal"})
			return err
		})
	}
	return []Act{
		plain(Pay(Hana, Shop, 1_000, "")),
		plain(Pay(Shop, Stall, 1_000, "仕入れ")),
		undo(25, 0),
		recover(300, true),
		plain(Pay(Taro, Shop, 200, "")),
		recover(200, false),
		adjust(300),
		adjust(-100),
	}
}

// redeeming are the entries 33 to 38: a claim that is withdrawn, and one that is paid, comes back and is set off.
func redeeming() []Act {
	claim := func(amount money.Points) Act {
		return plain(func(b *ledger.Book) error {
			_, _, err := b.Claim(ledger.Demand{Actor: user.ID(Stall), ID: Batch, Merchant: Stall, Amount: amount})
			return err
		})
	}
	settle := func(settle func(*ledger.Book, ledger.Settlement) (ledger.EntryID, error), amount money.Points) Act {
		return plain(func(b *ledger.Book) error {
			_, err := settle(b, ledger.Settlement{Actor: Clerk, ID: Batch, Merchant: Stall, Parts: []ledger.Backed{{Fund: "city", Amount: amount}}})
			return err
		})
	}
	return []Act{
		claim(800),
		func(b *ledger.Book, earlier func(int) ledger.Entry) error {
			_, err := b.Unclaim(Clerk, earlier(33), "取下げ")
			return err
		},
		claim(700),
		settle((*ledger.Book).PayOut, 700),
		settle((*ledger.Book).PayBack, 700),
		settle((*ledger.Book).SetOff, 400),
	}
}

// undoing are the entries 39 to 46: one of every other type that can be undone.
func undoing() []Act {
	return []Act{
		undo(20, 0),
		plain(entry(func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Deposit(ledger.CashMove{Actor: Clerk, Fund: "city", Amount: 500})
		})),
		undo(40, 0),
		undo(3, 0),
		undo(14, 0),
		undo(19, 100),
		plain(Pay(Hana, Taro, 200, "")),
		undo(45, 0),
	}
}

package ledger

import (
	"slices"
	"time"

	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The topics of this package.
const (
	TopicWallet     event.Topic = "wallet"     // changes to wallets
	TopicCorrection event.Topic = "correction" // entries that were undone
)

// WalletChanged tells that an entry wrote a line into a wallet's history (clauses 4.3.2 and 4.3.6).
type WalletChanged struct {
	ID          event.ID
	Wallet      WalletID
	Owner       user.ID
	Entry       EntryID
	Type        EntryType
	At          time.Time
	Delta       money.Points
	Balance     money.Points
	Line        int64
	Counterpart Account
	Paid        bool         // of a payment: the wallet is the one that paid
	Cashback    money.Points // returned at once, and counted in Delta
	Promised    money.Points // to the one who paid, by campaigns for their end
}

// EventTopic is event.Event's.
func (WalletChanged) EventTopic() event.Topic { return TopicWallet }

// EntryCorrected tells that a correction undid an entry, wholly or in part (clause 4.6.1). Whoever counted the entry
// counts so much less of it.
type EntryCorrected struct {
	ID       event.ID
	Entry    EntryID // the correction
	Type     EntryType
	Original EntryID
	At       time.Time
	Amount   money.Points // of the original that was undone
}

// EventTopic is event.Event's.
func (EntryCorrected) EventTopic() event.Topic { return TopicCorrection }

// Events gives one WalletChanged for each line that the acts wrote, and one EntryCorrected for each correction.
func (b *Book) Events() []event.Event {
	events := make([]event.Event, len(b.written.Lines))
	promised := b.promised()
	for i, line := range b.written.Lines {
		w := b.wallets[line.Wallet]
		events[i] = WalletChanged{
			ID: ident.New[event.Event](b.Now), Wallet: line.Wallet, Owner: w.Owner,
			Entry: line.Entry, Type: line.Type, At: line.At, Delta: line.Delta, Balance: line.Balance,
			Line: line.No, Counterpart: line.Counterpart,
			Paid:     line.Type == Payment && (line.Delta < 0 || w.Role == user.Resident),
			Cashback: line.Cashback, Promised: promised[promise{line.Entry, line.Wallet}],
		}
	}
	for _, undoing := range b.written.Corrections {
		i := slices.IndexFunc(b.written.Entries, func(e Entry) bool { return e.ID == undoing.Entry })
		if e := &b.written.Entries[i]; e.Type == Reversal || e.Type == Partial {
			events = append(events, EntryCorrected{
				ID: ident.New[event.Event](b.Now), Entry: e.ID, Type: e.Type, Original: undoing.Original, At: e.At, Amount: undoing.Amount,
			})
		}
	}
	return events
}

// promise names what campaigns promised to a person for one payment.
type promise struct {
	payment EntryID
	wallet  WalletID
}

func (b *Book) promised() map[promise]money.Points {
	var sums map[promise]money.Points
	for i := range b.written.Awards {
		a := &b.written.Awards[i]
		if !a.Campaign || a.Entry != a.Payment || a.Amount == 0 {
			continue
		}
		if sums == nil {
			sums = make(map[promise]money.Points, len(b.written.Awards))
		}
		sums[promise{a.Payment, a.Wallet}] += a.Amount
	}
	return sums
}

// Subject is event.Watched's.
func (e WalletChanged) Subject() string { return WalletSubject(e.Wallet) }

// WalletSubject names a wallet to those who watch it.
func WalletSubject(id WalletID) string { return "wallet:" + id.String() }

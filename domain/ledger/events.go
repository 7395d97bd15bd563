package ledger

import (
	"time"

	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// TopicWallet is the topic of changes to wallets.
const TopicWallet event.Topic = "wallet"

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
}

// EventTopic is event.Event's.
func (WalletChanged) EventTopic() event.Topic { return TopicWallet }

// Events gives one WalletChanged for each line that the acts wrote.
func (b *Book) Events() []event.Event {
	events := make([]event.Event, len(b.written.Lines))
	for i, line := range b.written.Lines {
		events[i] = WalletChanged{
			ID: ident.New[event.Event](b.Now), Wallet: line.Wallet, Owner: b.wallets[line.Wallet].Owner,
			Entry: line.Entry, Type: line.Type, At: line.At, Delta: line.Delta, Balance: line.Balance,
			Line: line.No, Counterpart: line.Counterpart,
		}
	}
	return events
}

// Subject is event.Watched's.
func (e WalletChanged) Subject() string { return WalletSubject(e.Wallet) }

// WalletSubject names a wallet to those who watch it.
func WalletSubject(id WalletID) string { return "wallet:" + id.String() }

package memory

import (
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/report"
	"lovesaijo/domain/user"
)

// tables are what a store or a session holds. Rows are values that nobody changes in place: a slice inside a row
// is replaced or appended to, never written into.
type tables struct {
	// The ledger.
	funds   *table[fund.Code, fund.Fund]
	kinds   *table[lot.KindCode, lot.Kind]
	rules   *list[ledger.RulesVersion] // without kinds
	wallets *table[ledger.WalletID, ledger.Wallet]
	owners  *table[user.ID, ledger.WalletID]
	lots    *table[lot.ID, ledger.HeldLot]
	pots    *table[ledger.Pot, money.Points]
	tills   *table[ledger.Pot, tillRow]
	entries *table[ledger.EntryID, ledger.Entry]
	journal *list[ledger.EntryID]
	into    *table[lot.ID, []ledger.Source]
	lines   *table[ledger.WalletID, []ledger.Line]
	keys    *table[idem.Claim, idem.Record]

	// Cashback and corrections.
	offers      *list[struct{}] // one for each version
	programmes  *table[cashback.OfferID, cashback.Programme]
	campaigns   *table[cashback.OfferID, cashback.Campaign]
	awards      *list[awardRow]
	earned      *table[ledger.EntryID, []awardRow] // by the payment
	shares      *table[ledger.PersonShare, money.Points]
	corrections *table[ledger.EntryID, []ledger.Undoing] // by the original

	closings

	// People.
	users       *table[user.ID, user.User]
	emails      *table[user.Email, user.ID] // of the living
	codes       *table[user.Token, user.Code]
	standing    *table[user.ID, user.Token] // the newest standing code of an owner, revoked or not
	credentials *table[user.ID, access.Credential]

	// Work beside the money.
	outbox      *list[outboxRow]
	acts        *list[audit.Act]
	batches     *table[ledger.BatchID, fund.Batch]
	batchRows   *table[ledger.BatchID, []fund.Row]
	notices     *table[noticeKey, notice.Notice]
	preferences *table[user.ID, notice.Preferences]
	bankMasters *list[bankMasterRow]
	reports     *table[frozenKey, report.Frozen]
}

// awardRow is what a payment earned, or what a correction took of it.
type awardRow struct {
	ledger.Awarded
	at time.Time
}

// tillRow is the cash of a till and since when it has been there without a remittance.
type tillRow struct {
	cash  money.Points
	since time.Time
}

func newTables() tables {
	return tables{
		funds: &table[fund.Code, fund.Fund]{}, kinds: &table[lot.KindCode, lot.Kind]{}, rules: &list[ledger.RulesVersion]{},
		wallets: &table[ledger.WalletID, ledger.Wallet]{}, owners: &table[user.ID, ledger.WalletID]{},
		lots: &table[lot.ID, ledger.HeldLot]{}, pots: &table[ledger.Pot, money.Points]{}, tills: &table[ledger.Pot, tillRow]{},
		entries: &table[ledger.EntryID, ledger.Entry]{}, journal: &list[ledger.EntryID]{}, into: &table[lot.ID, []ledger.Source]{},
		lines: &table[ledger.WalletID, []ledger.Line]{}, keys: &table[idem.Claim, idem.Record]{},
		offers: &list[struct{}]{}, programmes: &table[cashback.OfferID, cashback.Programme]{}, campaigns: &table[cashback.OfferID, cashback.Campaign]{},
		awards: &list[awardRow]{}, earned: &table[ledger.EntryID, []awardRow]{}, shares: &table[ledger.PersonShare, money.Points]{},
		corrections: &table[ledger.EntryID, []ledger.Undoing]{},
		closings:    newClosings(),
		users:       &table[user.ID, user.User]{}, emails: &table[user.Email, user.ID]{}, codes: &table[user.Token, user.Code]{},
		standing: &table[user.ID, user.Token]{}, credentials: &table[user.ID, access.Credential]{},
		outbox: &list[outboxRow]{}, acts: &list[audit.Act]{},
		batches: &table[ledger.BatchID, fund.Batch]{}, batchRows: &table[ledger.BatchID, []fund.Row]{},
		notices: &table[noticeKey, notice.Notice]{}, preferences: &table[user.ID, notice.Preferences]{},
		bankMasters: &list[bankMasterRow]{}, reports: &table[frozenKey, report.Frozen]{},
	}
}

func (t *tables) parts() []part {
	return append(t.closings.parts(), []part{
		t.funds, t.kinds, t.rules, t.wallets, t.owners, t.lots, t.pots, t.tills, t.entries, t.journal, t.into, t.lines, t.keys,
		t.offers, t.programmes, t.campaigns, t.awards, t.earned, t.shares, t.corrections,
		t.users, t.emails, t.codes, t.standing, t.credentials,
		t.outbox, t.acts, t.batches, t.batchRows, t.notices, t.preferences, t.bankMasters, t.reports,
	}...)
}

// layer gives empty tables over t.
func (t *tables) layer() tables {
	layer := newTables()
	below := t.parts()
	for i, p := range layer.parts() {
		p.over(below[i])
	}
	return layer
}

// layIn puts what a layer holds into the tables below it.
func (t *tables) layIn() {
	for _, p := range t.parts() {
		p.layIn()
	}
}

package cashback

import (
	"context"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Programmes keeps offers inside a unit of work. Whatever changes what is in force moves the version of the offers on,
// so that units of payments see it.
type Programmes interface {
	// Lock keeps the programmes of a merchant from all other units and lists them, ended ones as well, oldest first.
	Lock(ctx context.Context, merchant user.WalletID) ([]Programme, error)
	// Add enters a programme. The merchant's programmes must be locked.
	Add(ctx context.Context, programme Programme) error
	// Save writes a programme whose version is the stored one, and moves it on. It returns ErrProgrammeChanged.
	Save(ctx context.Context, programme Programme) error
	// Withdraw removes a programme that has not begun, as if it had never been entered; no payment has earned of it. It
	// returns ErrProgrammeUnknown.
	Withdraw(ctx context.Context, id OfferID) error
}

// Campaigns keeps campaigns inside a unit of work.
type Campaigns interface {
	Add(ctx context.Context, campaign Campaign) error
	// Lock gives a campaign with what it has accrued, and keeps it from all other units, payments as well. It returns
	// ErrCampaignUnknown. A unit takes this lock behind those of wallets and pots.
	Lock(ctx context.Context, id OfferID) (Campaign, error)
	// Save writes a campaign whose version is the stored one, and moves it on; Accrued is the ledger's and is not
	// written. It returns ErrCampaignChanged.
	Save(ctx context.Context, campaign Campaign) error
	// Shares sums, for each person, what a campaign has promised them: the accruals, less what corrections took back.
	// People to whom nothing is left are absent. They come by wallet.
	Shares(ctx context.Context, id OfferID) ([]Share, error)
}

// Label is what people are told of an offer that gave them something. It does not change any more.
type Label struct {
	Name     string
	Campaign bool
	Rate     int32
	Kind     lot.KindCode // of the points that are returned
	Until    calendar.Day // of a campaign, which pays after it at the latest; Never for a programme
}

// Share is what a campaign has promised to one person.
type Share struct {
	Wallet user.WalletID
	Amount money.Points
}

// Reader reads offers outside of units.
type Reader interface {
	// Programmes lists the programmes of a merchant, or of all for the zero wallet, newest first.
	Programmes(ctx context.Context, merchant user.WalletID, after string, limit int) (page.Of[Programme], error)
	// Programme returns ErrProgrammeUnknown.
	Programme(ctx context.Context, id OfferID) (Programme, error)
	// Campaigns lists campaigns, newest first.
	Campaigns(ctx context.Context, query CampaignQuery) (page.Of[Campaign], error)
	// Campaign returns ErrCampaignUnknown.
	Campaign(ctx context.Context, id OfferID) (Campaign, error)
	// Due lists campaigns for the timetable, the oldest first: open ones whose last day is before today, ended ones, and
	// those that are being paid.
	Due(ctx context.Context, today calendar.Day) ([]OfferID, error)
	// Standing sums what a campaign has promised, per day, so that its budget can be seen burning down.
	Standing(ctx context.Context, id OfferID) ([]DayCost, error)
	// Promised gives what each of some campaigns has promised to one person. Those that promised nothing are absent.
	Promised(ctx context.Context, wallet user.WalletID, campaigns []OfferID) (map[OfferID]money.Points, error)
	// Labels says what receipts call offers. Unknown ones are absent.
	Labels(ctx context.Context, offers []OfferID) (map[OfferID]Label, error)
	// Purchases calls yield for each payment of a resident between two instants that was not undone, in the order of the
	// journal, until yield returns false. Corrected payments come with what is left of them.
	Purchases(ctx context.Context, from, until time.Time, yield func(Purchase) bool) error
	// Offers gives the newest offers; they may be a second old.
	Offers(ctx context.Context) (*Offers, error)
}

// CampaignQuery narrows a list of campaigns. Zero fields do not narrow.
type CampaignQuery struct {
	Merchant user.WalletID // campaigns that hold at this merchant
	States   []CampaignState
	On       calendar.Day // whose period has this day
	After    string
	Limit    int
}

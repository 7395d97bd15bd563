// Package rewarding is about what payments earn (clauses 4.5.1–4.5.4): merchants' programmes, which give at once, and
// the campaigns of the city or of one merchant, which promise out of a budget and pay when they have ended. The ledger
// decides what a payment earns; here it is entered, opened, watched, tried on the past, and paid.
//
//	draft ──── open ──── ended ──── paying ──── paid
//	  └ dropped  budget     time over, budget   its payout is a     everybody has theirs, the rest
//	             reserved   used up, or by hand bulk grant          of the reserve is the fund's again
//
// A campaign's payout is the bulk grant that has the campaign's identifier, made in the unit that ends its promises.
// So each share is paid once, whoever runs it, however often, and wherever a worker is lost.
package rewarding

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The acts that stand in the trail.
const (
	ActEnterProgramme = "programme.enter"
	ActEndProgramme   = "programme.end"
	ActDraft          = "campaign.draft"
	ActChange         = "campaign.change"
	ActDrop           = "campaign.drop"
	ActOpen           = "campaign.open"
	ActEnd            = "campaign.end"
)

// Stores are what rewarding needs of a unit of work.
type Stores struct {
	Programmes cashback.Programmes
	Campaigns  cashback.Campaigns
	Ledger     ledger.Ledger
	Treasury   fund.Treasury
	Batches    fund.Batches
	Trail      audit.Trail
	Outbox     event.Outbox
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// shops gives a book with wallets that must be open shops. unknown refuses the one that is none.
func shops(ctx context.Context, s Stores, now time.Time, wallets []user.WalletID, unknown func(i int) error) (*ledger.Book, error) {
	book, err := s.Ledger.Peek(ctx, now, ledger.Want{Wallets: wallets})
	if err != nil {
		return nil, fmt.Errorf("peek at %d shops: %w", len(wallets), err)
	}
	for i, id := range wallets {
		shop, err := book.Wallet(id)
		if err != nil || shop.Role != user.Merchant || shop.Closed {
			return nil, unknown(i)
		}
	}
	return book, nil
}

// own gives the permission by which the actor decides about a shop's cashback, and the shop: administrators name one,
// a merchant acts for its own and may leave it out.
func own(actor access.Actor, shop user.WalletID) (access.Permission, user.WalletID, error) {
	if access.May(actor.Role, access.ManageCashback) {
		return access.ManageCashback, shop, nil
	}
	if shop.IsZero() {
		shop = actor.Wallet
	}
	if shop != actor.Wallet {
		return access.OwnCashback, shop, access.ErrNotAllowed
	}
	return access.OwnCashback, shop, nil
}

// sayTerms, sayProgramme and sayCampaign put into words what the trail keeps.
func sayTerms(t cashback.Terms) map[string]string {
	earning := make([]string, len(t.Earning))
	for i, kind := range t.Earning {
		earning[i] = string(kind)
	}
	return map[string]string{
		"rate": strconv.Itoa(int(t.Rate)), "rounding": t.Rounding.String(), "kind": string(t.Kind), "validity": sayValidity(t.Validity),
		"earning": strings.Join(earning, ","), "payment_max": points(t.PaymentMax), "person_max": points(t.PersonMax),
	}
}

func sayValidity(v lot.Validity) string {
	switch {
	case v.Months != 0:
		return strconv.Itoa(int(v.Months)) + " months"
	case v.Days != 0:
		return strconv.Itoa(int(v.Days)) + " days"
	case v.Until != 0:
		return "until " + v.Until.String()
	case v.YearEnds != 0:
		return strconv.Itoa(int(v.YearEnds)) + " fiscal years"
	}
	return "of the kind"
}

func sayProgramme(p cashback.Programme) map[string]string {
	said := sayTerms(p.Terms)
	said["merchant"], said["name"], said["from"], said["until"] = p.Merchant.String(), p.Name, p.Span.From.String(), p.Span.Until.String()
	return said
}

func sayCampaign(c cashback.Campaign) map[string]string {
	said := sayTerms(c.Terms)
	said["name"], said["state"], said["from"], said["until"] = c.Name, c.State.String(), c.Span.From.String(), c.Span.Until.String()
	said["fund"], said["budget"], said["accrued"] = string(c.Fund), points(c.Budget), points(c.Accrued)
	said["weekdays"], said["hours"] = sayWeekdays(c.Weekdays), sayHours(c.Hours)
	said["merchants"], said["categories"] = strconv.Itoa(len(c.Merchants)), strings.Join(c.Categories, ",")
	if !c.Merchant.IsZero() {
		said["merchant"] = c.Merchant.String()
	}
	return said
}

func sayWeekdays(days []time.Weekday) string {
	names := make([]string, len(days))
	for i, day := range days {
		names[i] = day.String()[:3]
	}
	return strings.Join(names, ",")
}

func sayHours(h cashback.Hours) string {
	if h == (cashback.Hours{}) {
		return ""
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.Until/60, h.Until%60)
}

func points(p money.Points) string { return strconv.FormatInt(int64(p), 10) }

// changes keeps of two states what differs.
func changes(before, after map[string]string) (was, is map[string]string) {
	was, is = map[string]string{}, map[string]string{}
	for name, value := range after {
		if before[name] != value {
			was[name], is[name] = before[name], value
		}
	}
	return was, is
}

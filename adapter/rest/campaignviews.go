package rest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/rewarding"
)

// CampaignFields are what administrators decide about a campaign (clauses 4.5.2–4.5.4).
type CampaignFields struct {
	MerchantID string `json:"merchant_id,omitempty" maxLength:"36" doc:"The wallet of the shop whose campaign it is; without it the city's"`
	Name       string `json:"name" minLength:"1" maxLength:"40"`
	Note       string `json:"note,omitempty" maxLength:"500" doc:"What people are told"`
	RewardFields
	From       string       `json:"from" format:"date"`
	Until      string       `json:"until" format:"date" doc:"The last day"`
	Weekdays   []string     `json:"weekdays,omitempty" maxItems:"7" enum:"sun,mon,tue,wed,thu,fri,sat" doc:"Without it every day"`
	Hours      *hoursView   `json:"hours,omitempty" doc:"Without it the whole day"`
	Merchants  []string     `json:"merchants,omitempty" maxItems:"2000" doc:"Wallets of shops where it holds; without shops and categories it holds everywhere"`
	Categories []string     `json:"categories,omitempty" maxItems:"50" doc:"Kinds of shops where it holds"`
	Fund       string       `json:"fund" maxLength:"20" doc:"That the budget is reserved from"`
	Budget     money.Points `json:"budget" minimum:"1" maximum:"10000000000" doc:"Reserved as it opens, and never exceeded"`
}

// hoursView is a part of the day.
type hoursView struct {
	From  string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:MM"`
	Until string `json:"until" pattern:"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" doc:"HH:MM, up to 24:00; this minute is no part of it"`
}

// campaignView is a campaign as administrators see it.
type campaignView struct {
	ID string `json:"id" format:"uuid"`
	CampaignFields
	Shops      []partyView  `json:"shops,omitempty" doc:"The shops that it names, where one campaign is asked for"`
	State      string       `json:"state" enum:"draft,open,ended,paying,paid,dropped"`
	Accrued    money.Points `json:"accrued" doc:"Promised so far"`
	Left       money.Points `json:"left" doc:"Of the budget"`
	EndedEarly bool         `json:"ended_early" doc:"The budget was used up before the period was over"`
	CreatedBy  string       `json:"created_by" format:"uuid"`
	CreatedAt  string       `json:"created_at" format:"date-time"`
	OpenedBy   string       `json:"opened_by,omitempty" format:"uuid"`
	OpenedAt   *string      `json:"opened_at" format:"date-time" nullable:"true"`
	EndedAt    *string      `json:"ended_at" format:"date-time" nullable:"true"`
	Version    int64        `json:"version"`
}

// currentView is a campaign as residents and shops see it.
type currentView struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name"`
	Note string `json:"note"`
	RewardFields
	From       string       `json:"from" format:"date"`
	Until      string       `json:"until" format:"date" doc:"The last day, unless the budget is used up before"`
	Weekdays   []string     `json:"weekdays" doc:"Empty for every day"`
	Hours      *hoursView   `json:"hours,omitempty" doc:"Absent for the whole day"`
	Everywhere bool         `json:"everywhere" doc:"It holds at all shops"`
	Merchants  []string     `json:"merchants" doc:"Wallets of shops where it holds"`
	Categories []string     `json:"categories" doc:"Kinds of shops where it holds"`
	State      string       `json:"state" enum:"open,ended,paying"`
	Budget     money.Points `json:"budget"`
	Left       money.Points `json:"left" doc:"Of the budget, not promised yet"`
	Promised   money.Points `json:"promised" doc:"To oneself, to be paid when it has ended"`
}

type campaignPreviewAnswer struct {
	Body campaignPreviewView
}

type campaignPreviewView struct {
	Warnings  []warningView `json:"warnings" doc:"What ought to be looked at; it blocks nothing"`
	Examples  []exampleView `json:"examples" doc:"What payments with points that earn would earn"`
	Unissued  money.Points  `json:"unissued" doc:"In the fund now"`
	Shortfall money.Points  `json:"shortfall" doc:"Of the fund, for the budget"`
}

// campaignOpenedView is what was reserved. It reads the same however often it is asked for.
type campaignOpenedView struct {
	ID       string       `json:"id" format:"uuid"`
	Fund     string       `json:"fund"`
	Budget   money.Points `json:"budget" doc:"Reserved from now on"`
	OpenedBy string       `json:"opened_by" format:"uuid"`
	OpenedAt string       `json:"opened_at" format:"date-time"`
}

type campaignStandingAnswer struct {
	Body campaignStandingView
}

// campaignStandingView is how a budget burns down.
type campaignStandingView struct {
	State   string        `json:"state" enum:"draft,open,ended,paying,paid,dropped"`
	Budget  money.Points  `json:"budget"`
	Accrued money.Points  `json:"accrued" doc:"Promised so far"`
	Left    money.Points  `json:"left"`
	Days    []dayCostView `json:"days" doc:"In order; days without payments are absent"`
	Payout  *batchView    `json:"payout,omitempty" doc:"The bulk grant that pays it; absent before it has begun"`
}

// dayCostView is what a day costs.
type dayCostView struct {
	Day      string       `json:"day" format:"date"`
	Payments int64        `json:"payments" doc:"That earned something"`
	Cost     money.Points `json:"cost" doc:"Less what corrections of that day took back"`
}

// command says the body in the activity's words.
func (f CampaignFields) command() (cmd rewarding.CampaignCommand, err error) {
	cmd = rewarding.CampaignCommand{
		Name: f.Name, Note: f.Note, Categories: f.Categories, Fund: fund.Code(f.Fund), Budget: f.Budget,
	}
	if cmd.Terms, err = f.terms(); err != nil {
		return cmd, err
	}
	if cmd.Span, err = spanOf(f.From, f.Until); err != nil {
		return cmd, err
	}
	if f.MerchantID != "" {
		if err := parse(&cmd.Merchant, f.MerchantID, cashback.ErrCampaignPlaces.At("merchant_id")); err != nil {
			return cmd, err
		}
	}
	for i, text := range f.Merchants {
		var id user.WalletID
		if err := parse(&id, text, cashback.ErrCampaignPlaces.At("merchants["+strconv.Itoa(i)+"]")); err != nil {
			return cmd, err
		}
		cmd.Merchants = append(cmd.Merchants, id)
	}
	for _, name := range f.Weekdays {
		cmd.Weekdays = append(cmd.Weekdays, time.Weekday(slices.Index(weekdayNames, name))) // the contract knows the names
	}
	if f.Hours != nil {
		cmd.Hours = cashback.Hours{From: minuteOf(f.Hours.From), Until: minuteOf(f.Hours.Until)}
	}
	return cmd, nil
}

var weekdayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// minuteOf reads HH:MM, whose form the contract has seen to.
func minuteOf(text string) int32 {
	var hour, minute int32
	_, _ = fmt.Sscanf(text, "%02d:%02d", &hour, &minute)
	return hour*60 + minute
}

func viewHours(h cashback.Hours) *hoursView {
	if h == (cashback.Hours{}) {
		return nil
	}
	return &hoursView{From: fmt.Sprintf("%02d:%02d", h.From/60, h.From%60), Until: fmt.Sprintf("%02d:%02d", h.Until/60, h.Until%60)}
}

func viewWeekdays(days []time.Weekday) []string {
	return lo.Map(days, func(day time.Weekday, _ int) string { return weekdayNames[day] })
}

func viewWallets(wallets []user.WalletID) []string {
	return lo.Map(wallets, func(id user.WalletID, _ int) string { return id.String() })
}

func viewCampaign(c cashback.Campaign) campaignView {
	return campaignView{
		ID: c.ID.String(), State: c.State.String(), Accrued: c.Accrued, Left: c.Left(), EndedEarly: c.EndedEarly,
		CreatedBy: c.CreatedBy.String(), CreatedAt: instant(c.CreatedAt), OpenedBy: identifier(c.OpenedBy), OpenedAt: instantOr(c.OpenedAt),
		EndedAt: instantOr(c.EndedAt), Version: c.Version,
		CampaignFields: CampaignFields{
			MerchantID: identifier(c.Merchant), Name: c.Name, Note: c.Note, RewardFields: viewReward(c.Terms),
			From: c.Span.From.String(), Until: c.Span.Until.String(), Weekdays: viewWeekdays(c.Weekdays), Hours: viewHours(c.Hours),
			Merchants: viewWallets(c.Merchants), Categories: c.Categories, Fund: string(c.Fund), Budget: c.Budget,
		},
	}
}

// viewNamed shows a campaign with the names of its shops.
func (c *contract) viewNamed(ctx context.Context, actor access.Actor, campaign cashback.Campaign) (campaignView, error) {
	view := viewCampaign(campaign)
	accounts := lo.Map(campaign.Merchants, func(id user.WalletID, _ int) ledger.Account { return ledger.WalletAccount(id) })
	names, err := c.nameParties(ctx, actor, accounts...)
	view.Shops = lo.Map(accounts, func(a ledger.Account, _ int) partyView { return names.view(a, false) })
	return view, err
}

func viewCurrent(c rewarding.Current) currentView {
	return currentView{
		ID: c.ID.String(), Name: c.Name, Note: c.Note, RewardFields: viewReward(c.Terms), From: c.Span.From.String(), Until: c.Span.Until.String(),
		Weekdays: viewWeekdays(c.Weekdays), Hours: viewHours(c.Hours), Everywhere: len(c.Merchants) == 0 && len(c.Categories) == 0,
		Merchants: viewWallets(c.Merchants), Categories: slices.Concat([]string{}, c.Categories), State: c.State.String(),
		Budget: c.Budget, Left: c.Left(), Promised: c.Promised,
	}
}

func viewCampaignStanding(s rewarding.Standing) campaignStandingView {
	v := campaignStandingView{State: s.State.String(), Budget: s.Budget, Accrued: s.Accrued, Left: s.Left(), Days: viewDayCosts(s.Days)}
	if !s.Payout.ID.IsZero() {
		v.Payout = lo.ToPtr(viewBatch(s.Payout))
	}
	return v
}

func viewDayCosts(days []cashback.DayCost) []dayCostView {
	return lo.Map(days, func(d cashback.DayCost, _ int) dayCostView { return dayCostView{d.Day.String(), d.Payments, d.Cost} })
}

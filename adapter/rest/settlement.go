package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

// Settling are the activities of settlement.
type Settling struct {
	Periods    *settling.Periods
	Statements *settling.Statements
	Claims     *settling.Claims
	Accounts   *settling.Accounts
	Decisions  *settling.Decisions
	Files      *settling.Files
	Payouts    *settling.Payouts
}

const settlementTag = "settlement"

type periodView struct {
	ID       string  `json:"id" format:"uuid"`
	Name     string  `json:"name" example:"2026年11月"`
	From     string  `json:"from" format:"date"`
	Until    string  `json:"until" format:"date" doc:"Its last day"`
	Closed   bool    `json:"closed"`
	ClosedBy string  `json:"closed_by,omitempty" format:"uuid" doc:"None where the timetable has closed it"`
	ClosedAt *string `json:"closed_at" format:"date-time" nullable:"true"`
	LastSeq  int64   `json:"last_seq" doc:"The number of the journal with which it ends; zero while it is open"`
}

type periodsAnswer struct {
	Body struct {
		Periods []periodView `json:"periods" doc:"Newest first"`
		Next    string       `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type enterPeriodRequest struct {
	Body struct {
		Name  string `json:"name,omitempty" maxLength:"40" doc:"Without it the usual one, 2026年11月"`
		From  string `json:"from,omitempty" format:"date" doc:"Without it the next period of the cycle"`
		Until string `json:"until,omitempty" format:"date"`
	}
}

type periodAnswer struct {
	Body periodView
}

type closePeriodRequest struct {
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type closingAnswer struct {
	Body struct {
		Period     periodView   `json:"period"`
		Statements int          `json:"statements" doc:"Merchants with a statement"`
		Drafts     int          `json:"drafts" doc:"Of those, merchants who can claim something"`
		Drafted    money.Points `json:"drafted"`
	}
}

type settlementSettingsAnswer struct {
	ETag string `header:"ETag" doc:"The version, to be sent back as If-Match"`
	Body settlementSettingsView
}

type settlementSettingsView struct {
	Version    int64           `json:"version"`
	Originator *originatorView `json:"originator,omitempty" doc:"Absent until the bank has issued its code: until then no file can be made"`
	SettlementFields
}

// SettlementFields are what administrators decide about settlement, apart from who pays.
type SettlementFields struct {
	Cycle         string       `json:"cycle" enum:"monthly,half_monthly,custom"`
	AutoClose     bool         `json:"auto_close" doc:"Periods are closed without anybody's doing once they are over"`
	Bearer        string       `json:"bearer" enum:"city,merchant" doc:"Who bears the fee of a transfer"`
	Fees          []feeView    `json:"fees" maxItems:"100"`
	OffsetTills   bool         `json:"offset_tills" doc:"Cash of a till is set off against its merchant's claim"`
	BankDays      int          `json:"bank_days" minimum:"0" maximum:"60" doc:"Transfers are made so many bank days after the closing"`
	ExtraHolidays []string     `json:"extra_holidays" maxItems:"100" doc:"Closed days of banks that the calendar does not know, YYYY-MM-DD"`
	Profile       profileField `json:"profile" doc:"How the paying bank wants its files (要銀行確認)"`
}

type feeView struct {
	SameBank bool      `json:"same_bank" doc:"The payee's account is at the paying bank"`
	From     money.Yen `json:"from" minimum:"0" maximum:"9999999999" doc:"For transfers of this amount and more"`
	Fee      money.Yen `json:"fee" minimum:"0" maximum:"100000"`
}

type profileField struct {
	Wo               bool   `json:"wo" doc:"ｦ is taken in names"`
	NameSymbols      string `json:"name_symbols" maxLength:"10"`
	ReferenceSymbols string `json:"reference_symbols" maxLength:"10"`
	CRLF             bool   `json:"crlf" doc:"Each record ends in CR LF"`
	ClearingBlank    bool   `json:"clearing_blank"`
	TransferClass    string `json:"transfer_class" maxLength:"1" doc:"振込指定区分: 7, 8, 0 or a blank"`
	EDI              bool   `json:"edi" doc:"References stand in the EDI field, marked Y; else as a number in the customer codes"`
	BankNames        bool   `json:"bank_names" doc:"Names of banks and branches are filled in"`
	RecordsMax       int    `json:"records_max" minimum:"1" maximum:"999999"`
	DaysAheadMax     int    `json:"days_ahead_max" minimum:"1" maximum:"180"`
	BusinessDaysMin  int    `json:"business_days_min" minimum:"0" maximum:"30"`
}

type originatorView struct {
	OriginatorFields
	Account string `json:"account" example:"9999-001 普通 ****567" doc:"Masked"`
}

// OriginatorFields say who pays. The number of the account is never shown.
type OriginatorFields struct {
	Code       string `json:"code" maxLength:"10" example:"9990000001" doc:"委託者コード, ten digits"`
	Name       string `json:"name" maxLength:"40" example:"ｻｲｼﾞﾖｳｼ" doc:"In narrow kana"`
	Bank       string `json:"bank" maxLength:"4"`
	Branch     string `json:"branch" maxLength:"3"`
	Type       string `json:"type" enum:"ordinary,current,other"`
	BankName   string `json:"bank_name,omitempty" maxLength:"15"`
	BranchName string `json:"branch_name,omitempty" maxLength:"15"`
}

type amendSettlementRequest struct {
	Versioned
	Body struct {
		SettlementFields
		Originator *originatorBody `json:"originator,omitempty" doc:"Without it there is none"`
		Reason     string          `json:"reason" minLength:"1" maxLength:"200" doc:"It stands in the list of versions"`
	}
}

type originatorBody struct {
	OriginatorFields
	Number string `json:"number,omitempty" maxLength:"7" doc:"Of the account, seven digits; without it the present one stays"`
}

type settlementVersionsAnswer struct {
	Body struct {
		Versions []settlementVersionView `json:"versions" doc:"Newest first"`
	}
}

type settlementVersionView struct {
	By     string `json:"by,omitempty" format:"uuid" doc:"The administrator"`
	At     string `json:"at" format:"date-time"`
	Reason string `json:"reason"`

	Version    int64           `json:"version"`
	Originator *originatorView `json:"originator,omitempty"`
	SettlementFields
}

// settlement registers periods and settings, and everything that follows from them.
func (c *contract) settlement() {
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/periods", id: "list-periods", summary: "精算期間の一覧を見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, func(ctx context.Context, actor access.Actor, in *pageRequest) (*periodsAnswer, error) {
		found, err := c.Settling.Periods.List(ctx, actor, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &periodsAnswer{}
		answer.Body.Periods, answer.Body.Next = lo.Map(found.Rows, func(p settlement.Period, _ int) periodView { return viewPeriod(p) }), found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/periods", id: "enter-period", summary: "精算期間を登録する", tag: settlementTag, needs: may(access.Settle),
	}, func(ctx context.Context, actor access.Actor, in *enterPeriodRequest) (*periodAnswer, error) {
		cmd := settling.PeriodCommand{Name: in.Body.Name}
		var err error
		if cmd.From, err = dayGiven(in.Body.From, settlement.ErrPeriodSpan.At("from")); err != nil {
			return nil, err
		}
		if cmd.Until, err = dayGiven(in.Body.Until, settlement.ErrPeriodSpan.At("until")); err != nil {
			return nil, err
		}
		period, err := c.Settling.Periods.Enter(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		return &periodAnswer{viewPeriod(period)}, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/periods/{id}/closing", id: "close-period", summary: "精算期間を締める", tag: settlementTag,
		needs: may(access.Settle), status: http.StatusOK, patient: true,
	}, c.closePeriod)
	c.settlementSettings()
	c.statements()
	c.claims()
	c.payoutAccounts()
	c.bankFiles()
	c.payouts()
}

func (c *contract) closePeriod(ctx context.Context, actor access.Actor, in *closePeriodRequest) (*closingAnswer, error) {
	var id settlement.PeriodID
	if err := parse(&id, in.ID, settlement.ErrPeriodUnknown); err != nil {
		return nil, err
	}
	closing, err := c.Settling.Periods.Close(ctx, actor, id, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	answer := &closingAnswer{}
	answer.Body.Period, answer.Body.Statements = viewPeriod(closing.Period), closing.Statements
	answer.Body.Drafts, answer.Body.Drafted = closing.Drafts, closing.Drafted
	return answer, nil
}

func (c *contract) settlementSettings() {
	const path = "/v1/admin/settlement/settings"
	handle(c, route{
		method: http.MethodGet, path: path, id: "get-settlement-settings", summary: "精算の設定を見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*settlementSettingsAnswer, error) {
		settings, err := c.Settling.Decisions.Settings(ctx, actor)
		if err != nil {
			return nil, err
		}
		return &settlementSettingsAnswer{etag(settings.Version), viewSettlement(settings)}, nil
	})
	handle(c, route{
		method: http.MethodPut, path: path, id: "amend-settlement-settings", summary: "精算の設定を変える", tag: settlementTag, needs: may(access.ManageSettlement),
	}, func(ctx context.Context, actor access.Actor, in *amendSettlementRequest) (*settlementSettingsAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		next, err := in.Body.settings()
		if err != nil {
			return nil, err
		}
		if in.Body.Originator != nil {
			next.Originator = in.Body.Originator.originator()
		}
		next.Version = version
		amended, err := c.Settling.Decisions.Amend(ctx, actor, next, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return &settlementSettingsAnswer{etag(amended.Version), viewSettlement(amended)}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: path + "/versions", id: "list-settlement-settings-versions", summary: "精算の設定の履歴を見る", tag: settlementTag,
		needs: may(access.SeeSettlement),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*settlementVersionsAnswer, error) {
		versions, err := c.Settling.Decisions.Versions(ctx, actor)
		if err != nil {
			return nil, err
		}
		answer := &settlementVersionsAnswer{}
		answer.Body.Versions = lo.Map(versions, func(v settlement.SettingsVersion, _ int) settlementVersionView {
			shown := viewSettlement(v.Settings)
			return settlementVersionView{
				By: identifier(v.By), At: instant(v.At), Reason: v.Reason, Version: shown.Version, Originator: shown.Originator, SettlementFields: shown.SettlementFields,
			}
		})
		return answer, nil
	})
}

func viewPeriod(p settlement.Period) periodView {
	return periodView{
		ID: p.ID.String(), Name: p.Name, From: p.From.String(), Until: p.Until.String(), Closed: p.Closed, ClosedBy: identifier(p.ClosedBy),
		ClosedAt: instantOr(p.ClosedAt), LastSeq: p.LastSeq,
	}
}

// accountTypeNames are the types of accounts in this interface.
var accountTypeNames = map[bank.AccountType]string{bank.Ordinary: "ordinary", bank.Current: "current", bank.Savings: "savings", bank.Other: "other"}

func viewSettlement(s settlement.Settings) settlementSettingsView {
	p := s.Profile
	v := settlementSettingsView{Version: s.Version, SettlementFields: SettlementFields{
		Cycle: s.Cycle.String(), AutoClose: s.AutoClose, Bearer: s.Bearer.String(), OffsetTills: s.OffsetTills, BankDays: s.BankDays,
		Fees:          lo.Map(s.Fees, func(f settlement.Fee, _ int) feeView { return feeView(f) }),
		ExtraHolidays: lo.Map(s.ExtraHolidays, func(d calendar.Day, _ int) string { return d.String() }),
		Profile: profileField{
			Wo: p.Wo, NameSymbols: p.NameSymbols, ReferenceSymbols: p.ReferenceSymbol, CRLF: p.CRLF, ClearingBlank: p.ClearingBlank,
			TransferClass: p.TransferClass, EDI: p.EDI, BankNames: p.BankNames, RecordsMax: p.RecordsMax, DaysAheadMax: p.DaysAheadMax,
			BusinessDaysMin: p.BusinessDaysMin,
		},
	}}
	if o := s.Originator; s.HasOriginator() {
		v.Originator = &originatorView{Account: o.Account.Masked(), OriginatorFields: OriginatorFields{
			Code: o.Code, Name: string(o.Name), Bank: string(o.Account.Bank), Branch: string(o.Account.Branch),
			Type: accountTypeNames[o.Account.Type], BankName: string(o.BankName), BranchName: string(o.BranchName),
		}}
	}
	return v
}

func (f SettlementFields) settings() (settlement.Settings, error) {
	cycle, _ := settlement.ParseCycle(f.Cycle) // the contract has only the known ones
	bearer, _ := settlement.ParseBearer(f.Bearer)
	p := f.Profile
	s := settlement.Settings{
		Cycle: cycle, AutoClose: f.AutoClose, Bearer: bearer, OffsetTills: f.OffsetTills, BankDays: f.BankDays,
		Fees: lo.Map(f.Fees, func(f feeView, _ int) settlement.Fee { return settlement.Fee(f) }),
		Profile: bank.Profile{
			Wo: p.Wo, NameSymbols: p.NameSymbols, ReferenceSymbol: p.ReferenceSymbols, CRLF: p.CRLF, ClearingBlank: p.ClearingBlank,
			TransferClass: p.TransferClass, EDI: p.EDI, BankNames: p.BankNames, RecordsMax: p.RecordsMax, DaysAheadMax: p.DaysAheadMax,
			BusinessDaysMin: p.BusinessDaysMin,
		},
	}
	for _, text := range f.ExtraHolidays {
		day, err := calendar.ParseDay(text)
		if err != nil {
			return s, calendar.ErrDay.At("extra_holidays")
		}
		s.ExtraHolidays = append(s.ExtraHolidays, day)
	}
	return s, nil
}

func (b originatorBody) originator() bank.Originator {
	kind, _ := lo.FindKey(accountTypeNames, b.Type)
	return bank.Originator{
		Code: b.Code, Name: bank.Kana(b.Name), BankName: bank.Kana(b.BankName), BranchName: bank.Kana(b.BranchName),
		Account: bank.Account{Bank: bank.Code(b.Bank), Branch: bank.BranchCode(b.Branch), Type: kind, Number: b.Number},
	}
}

// shopsOf names merchants for a reader.
func (s *server) shopsOf(ctx context.Context, actor access.Actor, merchants []ledger.WalletID) (func(ledger.WalletID) partyView, error) {
	names, err := s.nameParties(ctx, actor, lo.Map(merchants, func(id ledger.WalletID, _ int) ledger.Account { return ledger.WalletAccount(id) })...)
	if err != nil {
		return nil, err
	}
	return func(id ledger.WalletID) partyView { return names.view(ledger.WalletAccount(id), false) }, nil
}

package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

// AccountFields are an account as somebody types it: by the codes of bank and branch, or as the passbook of ゆうちょ銀行 has
// it.
type AccountFields struct {
	Bank      string     `json:"bank,omitempty" maxLength:"20" doc:"Four digits"`
	Branch    string     `json:"branch,omitempty" maxLength:"20" doc:"Three digits"`
	Type      string     `json:"type,omitempty" enum:"ordinary,current,savings,other"`
	Number    string     `json:"number,omitempty" maxLength:"20" doc:"Seven digits"`
	Yucho     *yuchoBody `json:"yucho,omitempty" doc:"In place of the four above"`
	Holder    string     `json:"holder" maxLength:"200" doc:"As on the passbook, in any kana"`
	Confirmed bool       `json:"confirmed,omitempty" doc:"The changes that make another name of the holder were looked at"`
}

type yuchoBody struct {
	Symbol  string `json:"symbol" maxLength:"20" doc:"記号"`
	Number  string `json:"number" maxLength:"20" doc:"番号"`
	Savings bool   `json:"savings,omitempty" doc:"通常貯蓄貯金"`
}

type ownAccountRequest struct {
	Body AccountFields
}

type shopAccountRequest struct {
	Body struct {
		WalletID string `json:"wallet_id" maxLength:"36" doc:"The merchant's"`
		AccountFields
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type accountsRequest struct {
	State  string `query:"state" enum:"proposed,active,replaced,declined"`
	Wallet string `query:"wallet" maxLength:"36" doc:"Of one merchant"`
	Paged
}

type declineAccountRequest struct {
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"The merchant reads it"`
	}
}

type payoutAccountRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type ownAccountsAnswer struct {
	Body struct {
		Accounts []PayoutAccountFields `json:"accounts" doc:"Newest first"`
		Next     string                `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type accountsAnswer struct {
	Body struct {
		Accounts []shopAccountView `json:"accounts" doc:"Newest first"`
		Next     string            `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type ownAccountAnswer struct {
	Body PayoutAccountFields
}

type shopAccountAnswer struct {
	Body shopAccountView
}

// PayoutAccountFields are a bank account as people may see it.
type PayoutAccountFields struct {
	ID         string  `json:"id" format:"uuid"`
	Account    string  `json:"account" example:"0174-255 普通 ****567" doc:"Masked"`
	BankName   string  `json:"bank_name" doc:"Empty where the list of banks knows it no more"`
	BranchName string  `json:"branch_name"`
	Holder     string  `json:"holder" example:"ｶ)ｻｲｼﾞﾖｳ" doc:"Of the account, in kana as transfers name it; to compare with the passbook"`
	State      string  `json:"state" enum:"proposed,active,replaced,declined"`
	ProposedAt string  `json:"proposed_at" format:"date-time"`
	DecidedAt  *string `json:"decided_at" format:"date-time" nullable:"true"`
	Reason     string  `json:"reason" doc:"Why it was declined"`
}

type shopAccountView struct {
	PayoutAccountFields
	Merchant   partyView `json:"merchant"`
	ProposedBy string    `json:"proposed_by" format:"uuid"`
	DecidedBy  string    `json:"decided_by,omitempty" format:"uuid"`
}

type accountPreviewAnswer struct {
	Body accountPreviewView
}

// accountPreviewView is what would be made of a typed account.
type accountPreviewView struct {
	Account    string              `json:"account" doc:"Masked, as transfers name it"`
	BankName   string              `json:"bank_name"`
	BranchName string              `json:"branch_name"`
	Holder     readingView         `json:"holder"`
	Suggestion *readingView        `json:"suggestion,omitempty" doc:"With legal forms abbreviated; absent where there are none"`
	Errors     []accountErrorView  `json:"errors" doc:"What keeps the account from being taken; empty where nothing does"`
	Forms      []suggestedFormView `json:"forms" doc:"The legal forms that the suggestion abbreviates"`
}

type readingView struct {
	Kana       string     `json:"kana" doc:"As it stands in transfer files"`
	Bytes      string     `json:"bytes" example:"B6 29 BB B2 BC DE D6 B3" doc:"Those of the file, in hexadecimal"`
	Length     int        `json:"length" doc:"Of at most 30 bytes"`
	CutOff     string     `json:"cut_off" doc:"What does not fit"`
	Confirm    bool       `json:"confirm" doc:"It can be another name than the one typed, so that somebody has to say yes"`
	Edits      []editView `json:"edits"`
	Acceptable bool       `json:"acceptable" doc:"Nothing stands in its way but perhaps a yes"`
}

type editView struct {
	Position int    `json:"position" doc:"Of the character typed, from 1"`
	What     string `json:"what"`
}

type accountErrorView struct {
	Field   string `json:"field" enum:"bank,branch,type,number,yucho,holder"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type suggestedFormView struct {
	Word         string `json:"word" example:"株式会社"`
	Abbreviation string `json:"abbreviation" example:"ｶ"`
}

// payoutAccounts registers merchants' bank accounts. They are shown masked only.
func (c *contract) payoutAccounts() {
	const own, office = "/v1/bank-accounts", "/v1/admin/bank-accounts"
	handle(c, route{
		method: http.MethodGet, path: own, id: "list-own-bank-accounts", summary: "振込先の口座を見る", tag: settlementTag, needs: may(access.SeeOwnSettlement),
	}, func(ctx context.Context, actor access.Actor, in *pageRequest) (*ownAccountsAnswer, error) {
		found, err := c.Settling.Accounts.List(ctx, actor, settlement.AccountQuery{Merchant: actor.Wallet, After: in.After, Limit: in.Limit})
		if err != nil {
			return nil, err
		}
		answer := &ownAccountsAnswer{}
		answer.Body.Accounts, answer.Body.Next = lo.Map(found.Rows, func(a settling.Shown, _ int) PayoutAccountFields { return viewPayoutAccount(a) }), found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: own, id: "propose-own-bank-account", summary: "振込先の口座を登録する", tag: settlementTag, needs: may(access.ClaimPoints),
	}, func(ctx context.Context, actor access.Actor, in *ownAccountRequest) (*ownAccountAnswer, error) {
		proposed, err := c.Settling.Accounts.Propose(ctx, actor, in.Body.command())
		if err != nil {
			return nil, err
		}
		return &ownAccountAnswer{viewPayoutAccount(proposed)}, nil
	})
	preview := func(path, id string, needs needs) {
		handle(c, route{
			method: http.MethodPost, path: path, id: id, summary: "口座と名義が振込データでどうなるかを前もって見る", tag: settlementTag, needs: needs, status: http.StatusOK,
		}, func(ctx context.Context, actor access.Actor, in *ownAccountRequest) (*accountPreviewAnswer, error) {
			forecast, err := c.Settling.Accounts.Preview(ctx, actor, in.Body.command())
			if err != nil {
				return nil, err
			}
			return &accountPreviewAnswer{viewForecast(forecast)}, nil
		})
	}
	preview(own+"/preview", "preview-own-bank-account", may(access.ClaimPoints))
	preview(office+"/preview", "preview-bank-account", may(access.Settle))
	handle(c, route{
		method: http.MethodGet, path: office, id: "list-bank-accounts", summary: "事業者の口座の一覧を見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, c.listAccounts)
	handle(c, route{
		method: http.MethodPost, path: office, id: "propose-bank-account", summary: "事業者の口座を登録する", tag: settlementTag, needs: may(access.Settle),
	}, func(ctx context.Context, actor access.Actor, in *shopAccountRequest) (*shopAccountAnswer, error) {
		cmd := in.Body.command()
		cmd.Reason = in.Body.Reason
		if err := parse(&cmd.Merchant, in.Body.WalletID, ledger.ErrWalletUnknown.At("wallet_id")); err != nil {
			return nil, err
		}
		return c.viewShopAccount(ctx, actor)(c.Settling.Accounts.Propose(ctx, actor, cmd))
	})
	handle(c, route{
		method: http.MethodPost, path: office + "/{id}/approval", id: "approve-bank-account", summary: "事業者の口座を承認する（登録した人とは別の人）", tag: settlementTag,
		needs: may(access.Settle), status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *payoutAccountRequest) (*shopAccountAnswer, error) {
		var id settlement.AccountID
		if err := parse(&id, in.ID, settlement.ErrAccountUnknown); err != nil {
			return nil, err
		}
		return c.viewShopAccount(ctx, actor)(c.Settling.Accounts.Approve(ctx, actor, id))
	})
	handle(c, route{
		method: http.MethodPost, path: office + "/{id}/decline", id: "decline-bank-account", summary: "事業者の口座を差し戻す", tag: settlementTag,
		needs: may(access.Settle), status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *declineAccountRequest) (*shopAccountAnswer, error) {
		var id settlement.AccountID
		if err := parse(&id, in.ID, settlement.ErrAccountUnknown); err != nil {
			return nil, err
		}
		return c.viewShopAccount(ctx, actor)(c.Settling.Accounts.Decline(ctx, actor, id, in.Body.Reason))
	})
}

func (c *contract) listAccounts(ctx context.Context, actor access.Actor, in *accountsRequest) (*accountsAnswer, error) {
	query := settlement.AccountQuery{After: in.After, Limit: in.Limit}
	query.State, _ = settlement.ParseAccountState(in.State) // the contract has only the known ones
	if in.Wallet != "" {
		if err := parse(&query.Merchant, in.Wallet, ledger.ErrWalletUnknown.At("wallet")); err != nil {
			return nil, err
		}
	}
	found, err := c.Settling.Accounts.List(ctx, actor, query)
	if err != nil {
		return nil, err
	}
	shops, err := c.shopsOf(ctx, actor, lo.Map(found.Rows, func(a settling.Shown, _ int) ledger.WalletID { return a.Merchant }))
	if err != nil {
		return nil, err
	}
	answer := &accountsAnswer{}
	answer.Body.Next = found.Next
	answer.Body.Accounts = lo.Map(found.Rows, func(a settling.Shown, _ int) shopAccountView { return viewOfficeAccount(a, shops) })
	return answer, nil
}

// viewShopAccount shows to the office what became of an account.
func (c *contract) viewShopAccount(ctx context.Context, actor access.Actor) func(settling.Shown, error) (*shopAccountAnswer, error) {
	return func(a settling.Shown, err error) (*shopAccountAnswer, error) {
		if err != nil {
			return nil, err
		}
		shops, err := c.shopsOf(ctx, actor, []ledger.WalletID{a.Merchant})
		if err != nil {
			return nil, err
		}
		return &shopAccountAnswer{viewOfficeAccount(a, shops)}, nil
	}
}

func (f AccountFields) command() settling.AccountCommand {
	cmd := settling.AccountCommand{Bank: f.Bank, Branch: f.Branch, Type: f.Type, Number: f.Number, Holder: f.Holder, Confirmed: f.Confirmed}
	if f.Yucho != nil {
		cmd.Yucho = &bank.Yucho{Symbol: f.Yucho.Symbol, Number: f.Yucho.Number, Savings: f.Yucho.Savings}
	}
	return cmd
}

func viewPayoutAccount(a settling.Shown) PayoutAccountFields {
	return PayoutAccountFields{
		ID: a.ID.String(), Account: a.Masked, BankName: a.BankName, BranchName: a.BranchName, Holder: string(a.Holder),
		State: a.State.String(), ProposedAt: instant(a.ProposedAt), DecidedAt: instantOr(a.DecidedAt), Reason: a.Reason,
	}
}

func viewOfficeAccount(a settling.Shown, shops func(ledger.WalletID) partyView) shopAccountView {
	return shopAccountView{
		PayoutAccountFields: viewPayoutAccount(a), Merchant: shops(a.Merchant), ProposedBy: identifier(a.ProposedBy), DecidedBy: identifier(a.DecidedBy),
	}
}

func viewForecast(f settling.AccountForecast) accountPreviewView {
	v := accountPreviewView{
		Account: f.Account.Masked(), BankName: f.BankName, BranchName: f.BranchName, Holder: viewReading(f.Holder),
		Errors: lo.Map(f.Faults, func(field fault.Field, _ int) accountErrorView {
			return accountErrorView{field.Path, string(field.Code), field.Message}
		}),
		Forms: []suggestedFormView{},
	}
	if f.Suggestion != nil {
		v.Suggestion = lo.ToPtr(viewReading(f.Suggestion.Reading))
		v.Forms = lo.Map(f.Suggestion.Forms, func(form bank.LegalForm, _ int) suggestedFormView {
			return suggestedFormView{form.Word, string(form.Abbreviation)}
		})
	}
	return v
}

func viewReading(r bank.Reading) readingView {
	return readingView{
		Kana: string(r.Kana), Bytes: r.Kana.Hex(), Length: r.Kana.Len(), CutOff: string(r.Rest), Confirm: r.NeedsConfirmation(), Acceptable: len(r.Flaws) == 0,
		Edits: lo.Map(r.Edits, func(e bank.Edit, _ int) editView { return editView{e.Position, e.Alteration.String()} }),
	}
}

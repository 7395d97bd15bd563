package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

// StatementFigures are what a statement says.
type StatementFigures struct {
	Payments    int64        `json:"payments" doc:"How many were received"`
	CarriedOver money.Points `json:"carried_over" doc:"Due at the end of the period before; negative where more was taken away than came"`
	Received    money.Points `json:"received" doc:"By payments"`
	Returned    money.Points `json:"returned" doc:"Of those, as cashback at once"`
	Granted     money.Points `json:"granted"`
	Spent       money.Points `json:"spent" doc:"Paid to other merchants"`
	Corrected   money.Points `json:"corrected" doc:"By corrections and adjustments; negative where taken away"`
	Lapsed      money.Points `json:"lapsed"`
	Net         money.Points `json:"net" doc:"What the period itself brought: received - returned + granted - spent + corrected - lapsed"`
	Claimed     money.Points `json:"claimed" doc:"In the period, less what came back from withdrawn claims"`
	Owed        money.Points `json:"owed" doc:"Booked as owed in the period, less what was paid of it"`
	Due         money.Points `json:"due" doc:"carried_over + net - claimed - owed"`
	Hash        string       `json:"hash" doc:"SHA-256 of the figures, by which a statement can be held against the books"`
}

type ownStatementView struct {
	Period periodView `json:"period"`
	StatementFigures
}

type shopStatementView struct {
	Merchant partyView `json:"merchant"`
	StatementFigures
}

type statementView struct {
	Merchant partyView  `json:"merchant"`
	Period   periodView `json:"period"`
	StatementFigures
	Lines int64 `json:"lines" doc:"Lines of the wallet's history behind it"`
}

type ownStatementsAnswer struct {
	Body struct {
		Statements []ownStatementView `json:"statements" doc:"Newest first"`
		Next       string             `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type periodStatementsRequest struct {
	ID string `path:"id" maxLength:"36"`
	Paged
}

type periodStatementsAnswer struct {
	Body struct {
		Period     periodView          `json:"period"`
		Statements []shopStatementView `json:"statements" doc:"By merchant"`
		Next       string              `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type periodRequest struct {
	ID string `path:"id" maxLength:"36"`
}

// OfPeriod names a statement of the actor's own shop.
type OfPeriod struct {
	Period string `path:"period" maxLength:"36"`
}

func (r *OfPeriod) statement(actor access.Actor) (period, wallet string) {
	return r.Period, actor.Wallet.String()
}

// OfShop names a statement of any shop.
type OfShop struct {
	Period string `path:"period" maxLength:"36"`
	Wallet string `path:"wallet" maxLength:"36"`
}

func (r *OfShop) statement(access.Actor) (period, wallet string) { return r.Period, r.Wallet }

// ofStatement is a request that names a statement.
type ofStatement interface {
	statement(actor access.Actor) (period, wallet string)
}

type pageOfPeriod struct {
	OfPeriod
	Paged
}

type pageOfShop struct {
	OfShop
	Paged
}

func (p pageOfPeriod) place() Paged { return p.Paged }

func (p pageOfShop) place() Paged { return p.Paged }

type statementAnswer struct {
	Body statementView
}

type statementLinesAnswer struct {
	Body struct {
		Lines []lineView `json:"lines" doc:"By number"`
		Next  string     `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

func (c *contract) statements() {
	handle(c, route{
		method: http.MethodGet, path: "/v1/statements", id: "list-own-statements", summary: "精算明細の一覧を見る", tag: settlementTag,
		needs: may(access.SeeOwnSettlement),
	}, func(ctx context.Context, actor access.Actor, in *pageRequest) (*ownStatementsAnswer, error) {
		found, err := c.Settling.Statements.Own(ctx, actor, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &ownStatementsAnswer{}
		answer.Body.Next = found.Next
		answer.Body.Statements = lo.Map(found.Rows, func(s settling.PeriodStatement, _ int) ownStatementView {
			return ownStatementView{viewPeriod(s.Of), viewFigures(s.Statement)}
		})
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/periods/{id}/statements.csv", id: "download-period-statements", summary: "精算期間の全事業者の明細をCSVで受け取る",
		tag: settlementTag, needs: may(access.SeeSettlement), answers: fileAnswer(csvMIME),
	}, c.downloadStatements)
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/periods/{id}/statements", id: "list-period-statements", summary: "精算期間の全事業者の明細を見る", tag: settlementTag,
		needs: may(access.SeeSettlement),
	}, c.listStatements)
	statementsAt[OfPeriod, pageOfPeriod](c, "/v1/statements/{period}", "own-statement", may(access.SeeOwnSettlement))
	statementsAt[OfShop, pageOfShop](c, "/v1/admin/statements/{period}/{wallet}", "statement", may(access.SeeSettlement))
}

// statementsAt registers a statement below a path: as it is, its lines, and both as CSV and PDF. R names the statement,
// P as well with the page of its lines.
func statementsAt[R, P any, RP interface {
	*R
	ofStatement
}, PP interface {
	*P
	ofStatement
	place() Paged
}](c *contract, path, id string, needs needs) {
	handle(c, route{
		method: http.MethodGet, path: path + ".csv", id: "download-" + id, summary: "精算明細と取引をCSVで受け取る", tag: settlementTag, needs: needs,
		answers: fileAnswer(csvMIME),
	}, func(ctx context.Context, actor access.Actor, in *R) (*huma.StreamResponse, error) {
		return c.downloadStatement(ctx, actor, RP(in))
	})
	handle(c, route{
		method: http.MethodGet, path: path + ".pdf", id: "print-" + id, summary: "精算明細をPDFで受け取る", tag: settlementTag, needs: needs,
		answers: fileAnswer(pdfMIME), patient: true,
	}, func(ctx context.Context, actor access.Actor, in *R) (*pictureAnswer, error) {
		return c.printStatement(ctx, actor, RP(in))
	})
	handle(c, route{
		method: http.MethodGet, path: path + "/lines", id: "list-" + id + "-lines", summary: "精算明細の取引を見る", tag: settlementTag, needs: needs,
	}, func(ctx context.Context, actor access.Actor, in *P) (*statementLinesAnswer, error) {
		return c.listStatementLines(ctx, actor, PP(in), PP(in).place())
	})
	handle(c, route{
		method: http.MethodGet, path: path, id: "get-" + id, summary: "精算明細を見る", tag: settlementTag, needs: needs,
	}, func(ctx context.Context, actor access.Actor, in *R) (*statementAnswer, error) {
		of, err := c.statementOf(ctx, actor, RP(in))
		if err != nil {
			return nil, err
		}
		shops, err := c.shopsOf(ctx, actor, []ledger.WalletID{of.Merchant})
		if err != nil {
			return nil, err
		}
		v := statementView{Merchant: shops(of.Merchant), Period: viewPeriod(of.Of), StatementFigures: viewFigures(of.Statement)}
		if of.LastLine > 0 {
			v.Lines = of.LastLine - of.FirstLine + 1
		}
		return &statementAnswer{v}, nil
	})
}

func (c *contract) statementOf(ctx context.Context, actor access.Actor, in ofStatement) (settling.PeriodStatement, error) {
	periodText, walletText := in.statement(actor)
	var period settlement.PeriodID
	var wallet ledger.WalletID
	if err := parse(&period, periodText, settlement.ErrStatementUnknown); err != nil {
		return settling.PeriodStatement{}, err
	}
	if err := parse(&wallet, walletText, settlement.ErrStatementUnknown); err != nil {
		return settling.PeriodStatement{}, err
	}
	return c.Settling.Statements.One(ctx, actor, period, wallet)
}

func (c *contract) listStatementLines(ctx context.Context, actor access.Actor, in ofStatement, paged Paged) (*statementLinesAnswer, error) {
	after, err := parseCursor(paged.After)
	if err != nil {
		return nil, err
	}
	of, err := c.statementOf(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	lines, err := c.Settling.Statements.Lines(ctx, actor, of, after, paged.Limit)
	if err != nil {
		return nil, err
	}
	names, err := c.namesOfLines(ctx, actor, lines)
	if err != nil {
		return nil, err
	}
	answer := &statementLinesAnswer{}
	answer.Body.Lines = lo.Map(lines, func(l ledger.Line, _ int) lineView { return viewLine(l, names) })
	if len(lines) == paged.Limit && lines[len(lines)-1].No < of.LastLine {
		answer.Body.Next = cursor(lines[len(lines)-1].No)
	}
	return answer, nil
}

func (c *contract) listStatements(ctx context.Context, actor access.Actor, in *periodStatementsRequest) (*periodStatementsAnswer, error) {
	var id settlement.PeriodID
	if err := parse(&id, in.ID, settlement.ErrPeriodUnknown); err != nil {
		return nil, err
	}
	period, found, err := c.Settling.Statements.OfPeriod(ctx, actor, id, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	shops, err := c.shopsOf(ctx, actor, merchantsOf(found.Rows))
	if err != nil {
		return nil, err
	}
	answer := &periodStatementsAnswer{}
	answer.Body.Period, answer.Body.Next = viewPeriod(period), found.Next
	answer.Body.Statements = lo.Map(found.Rows, func(s settlement.Statement, _ int) shopStatementView {
		return shopStatementView{shops(s.Merchant), viewFigures(s)}
	})
	return answer, nil
}

func merchantsOf(statements []settlement.Statement) []ledger.WalletID {
	return lo.Map(statements, func(s settlement.Statement, _ int) ledger.WalletID { return s.Merchant })
}

// figureNames head the columns of statements.
var figureNames = []any{
	"支払い件数", "前期繰越", "受取", "還元", "給付", "支払い", "補正", "期限切れ", "当期の純額", "請求済み", "未収", "請求できる額", "照合用ハッシュ値",
}

func figuresOf(s settlement.Statement) []any {
	return []any{
		s.Payments, int64(s.CarriedOver), int64(s.Received), int64(s.Returned), int64(s.Granted), int64(s.Spent), int64(s.Corrected), int64(s.Lapsed),
		int64(s.Net()), int64(s.Claimed), int64(s.Owed), int64(s.Due), s.HashText(),
	}
}

// downloadStatements writes the statements of all merchants, page by page.
func (c *contract) downloadStatements(ctx context.Context, actor access.Actor, in *periodRequest) (*huma.StreamResponse, error) {
	var id settlement.PeriodID
	if err := parse(&id, in.ID, settlement.ErrPeriodUnknown); err != nil {
		return nil, err
	}
	period, found, err := c.Settling.Statements.OfPeriod(ctx, actor, id, "", page.LimitMax)
	if err != nil {
		return nil, err
	}
	return c.file("statements-"+period.From.String()+".csv", func(ctx context.Context, to sheet) error {
		if err := to.write(append([]any{"期間", "事業者", "財布番号"}, figureNames...)...); err != nil {
			return err
		}
		for {
			shops, err := c.shopsOf(ctx, actor, merchantsOf(found.Rows))
			if err != nil {
				return err
			}
			for _, s := range found.Rows {
				if err := to.write(append([]any{period.Name, shops(s.Merchant).Name, s.Merchant.String()}, figuresOf(s)...)...); err != nil {
					return err
				}
			}
			if err := to.send(); err != nil || found.Next == "" {
				return err
			}
			if _, found, err = c.Settling.Statements.OfPeriod(ctx, actor, id, found.Next, page.LimitMax); err != nil {
				return err
			}
		}
	}), nil
}

// downloadStatement writes a statement with every line behind it.
func (c *contract) downloadStatement(ctx context.Context, actor access.Actor, in ofStatement) (*huma.StreamResponse, error) {
	of, err := c.statementOf(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	return c.file("statement-"+of.Of.From.String()+".csv", func(ctx context.Context, to sheet) error {
		for i, figure := range figuresOf(of.Statement) {
			if err := to.write(figureNames[i], figure); err != nil {
				return err
			}
		}
		if err := to.write("番号", "日時", "種類", "相手", "受取・支払", "還元", "増減", "残高", "メモ", "取引番号"); err != nil {
			return err
		}
		for after := int64(0); ; {
			lines, err := c.Settling.Statements.Lines(ctx, actor, of, after, settling.LinesMax)
			if err != nil {
				return err
			}
			if err := c.writeStatementLines(ctx, actor, to, lines); err != nil || len(lines) < settling.LinesMax {
				return err
			}
			after = lines[len(lines)-1].No
		}
	}), nil
}

func (c *contract) writeStatementLines(ctx context.Context, actor access.Actor, to sheet, lines []ledger.Line) error {
	names, err := c.namesOfLines(ctx, actor, lines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		err := to.write(
			l.No, l.At.In(calendar.JST).Format(time.DateTime), entryTypeNames[l.Type], names.view(l.Counterpart, false).Name,
			int64(l.Delta+l.Cashback), int64(l.Cashback), int64(l.Delta), int64(l.Balance), l.Memo, l.Entry.String(),
		)
		if err != nil {
			return err
		}
	}
	return to.send()
}

func (c *contract) printStatement(ctx context.Context, actor access.Actor, in ofStatement) (*pictureAnswer, error) {
	of, err := c.statementOf(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	sheet, err := c.Settling.Statements.Sheet(ctx, actor, of.Period, of.Merchant)
	if err != nil {
		return nil, err
	}
	owners, err := c.Owners.ByWallets(ctx, []ledger.WalletID{of.Merchant})
	if err != nil {
		return nil, fmt.Errorf("owner of wallet %s: %w", of.Merchant, err)
	}
	sheet.Shop = owners[of.Merchant].Profile
	names, err := c.namesOfLines(ctx, actor, lo.Map(sheet.Lines, func(l settling.SheetLine, _ int) ledger.Line { return l.Line }))
	if err != nil {
		return nil, err
	}
	for i := range sheet.Lines {
		line := &sheet.Lines[i]
		line.What, line.With = entryTypeNames[line.Type], names.view(line.Counterpart, false).Name
	}
	return c.printed(ctx, "statement-"+of.Of.From.String()+".pdf", func() ([]byte, error) { return c.Print.Statement(sheet) })
}

func viewFigures(s settlement.Statement) StatementFigures {
	return StatementFigures{
		Payments: s.Payments, CarriedOver: s.CarriedOver, Received: s.Received, Returned: s.Returned, Granted: s.Granted, Spent: s.Spent,
		Corrected: s.Corrected, Lapsed: s.Lapsed, Net: s.Net(), Claimed: s.Claimed, Owed: s.Owed, Due: s.Due, Hash: s.HashText(),
	}
}

func viewLine(l ledger.Line, names parties) lineView {
	return lineView{
		No: l.No, EntryID: l.Entry.String(), Type: l.Type.String(), At: instant(l.At), Delta: l.Delta, Cashback: l.Cashback, Balance: l.Balance,
		Counterpart: names.view(l.Counterpart, false), Memo: l.Memo,
	}
}

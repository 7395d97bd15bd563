package rest

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

const (
	bankFilesPath = "/v1/admin/bank-files"
	// bodyBytesMaxFile lets a file of settling.UploadBytesMax through in base64.
	bodyBytesMaxFile = 3 << 20
)

type bankFileView struct {
	ID       string    `json:"id" format:"uuid"`
	Name     string    `json:"name" example:"LSP_SOFURI_20261207_01.txt"`
	Format   string    `json:"format" enum:"zengin,zedi,csv"`
	Date     string    `json:"date" format:"date" doc:"The day on which the bank is to pay"`
	Count    int       `json:"count"`
	Total    money.Yen `json:"total"`
	SHA256   string    `json:"sha256"`
	State    string    `json:"state" enum:"made,sent,voided" doc:"voided: must not be taken to the bank"`
	Replaces string    `json:"replaces,omitempty" format:"uuid" doc:"The file that this one took the place of"`
	MadeBy   string    `json:"made_by" format:"uuid"`
	MadeAt   string    `json:"made_at" format:"date-time"`
	TakenBy  string    `json:"taken_by,omitempty" format:"uuid" doc:"Who was the first to download it"`
	TakenAt  *string   `json:"taken_at" format:"date-time" nullable:"true"`
	SentBy   string    `json:"sent_by,omitempty" format:"uuid"`
	SentAt   *string   `json:"sent_at" format:"date-time" nullable:"true"`
	Note     string    `json:"note" doc:"What to mind about the format"`
}

type bankFilesAnswer struct {
	Body struct {
		Files []bankFileView `json:"files" doc:"Newest first"`
		Next  string         `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type bankFileAnswer struct {
	Body bankFileView
}

// ExportFields say what file is wanted.
type ExportFields struct {
	Format string `json:"format,omitempty" enum:"zengin,zedi,csv" doc:"zengin without it; zedi needs the bank's confirmation; csv is for the city's own accounting"`
	Date   string `json:"date,omitempty" format:"date" doc:"On which the bank is to pay; without it the usual day"`
}

type exportRequest struct {
	Keyed
	Body struct {
		ExportFields
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type exportPreviewRequest struct {
	Body ExportFields
}

type reexportRequest struct {
	Keyed
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		ExportFields
		NotSent bool   `json:"not_sent,omitempty" doc:"The bank has not had the former file. To be stated where somebody downloaded that one"`
		Reason  string `json:"reason,omitempty" maxLength:"200"`
	}
}

type bankFileRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type exportAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     exportView
}

type exportPreviewAnswer struct {
	Body exportView
}

type exportView struct {
	File      bankFileView    `json:"file"`
	LeftOut   []leftOutView   `json:"left_out" doc:"Claims that could not go into the file; they hold up no other"`
	Warnings  []violationView `json:"warnings" doc:"To be looked at before the file goes to the bank"`
	Remaining int             `json:"remaining" doc:"Claims beyond what one file takes; the next export takes them"`
}

type leftOutView struct {
	ClaimID  string       `json:"claim_id" format:"uuid"`
	No       string       `json:"no"`
	Merchant partyView    `json:"merchant"`
	Amount   money.Points `json:"amount"`
	Code     string       `json:"code"`
	Message  string       `json:"message"`
}

type violationView struct {
	Severity string `json:"severity" enum:"blocking,warning"`
	Record   int    `json:"record" doc:"From 1, the header; zero for the file as a whole"`
	Byte     *int   `json:"byte" nullable:"true" doc:"Within the record, from 0; null where no byte is at fault"`
	Field    string `json:"field"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}

type lookedAnswer struct {
	Body lookedView
}

type lookedView struct {
	Acceptable bool            `json:"acceptable" doc:"Nothing in it would make the bank refuse it"`
	Count      int             `json:"count"`
	Total      money.Yen       `json:"total"`
	Date       *string         `json:"date" format:"date" nullable:"true"`
	SHA256     string          `json:"sha256"`
	Violations []violationView `json:"violations"`
}

type validationRequest struct {
	Body struct {
		Format  string `json:"format,omitempty" enum:"zengin,zedi,csv" doc:"zengin without it"`
		Content []byte `json:"content" doc:"The file's bytes in base64, up to 2 MB"`
	}
}

type payFileRequest struct {
	Keyed
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		On string `json:"on,omitempty" format:"date" doc:"The day; without it the one that the file names"`
	}
}

type payFileAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     struct {
		File   bankFileView `json:"file"`
		Paid   int          `json:"paid" doc:"Payouts that this request has paid; those paid or sent back before are not among them"`
		Amount money.Points `json:"amount"`
	}
}

// bankFiles registers the files for the bank (clause 8.3エ).
func (c *contract) bankFiles() {
	handle(c, route{
		method: http.MethodGet, path: bankFilesPath, id: "list-bank-files", summary: "振込データの一覧を見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, func(ctx context.Context, actor access.Actor, in *pageRequest) (*bankFilesAnswer, error) {
		found, err := c.Settling.Files.List(ctx, actor, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &bankFilesAnswer{}
		answer.Body.Files, answer.Body.Next = lo.Map(found.Rows, func(f settlement.File, _ int) bankFileView { return viewBankFile(f) }), found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: bankFilesPath, id: "export-bank-file", summary: "振込データを作る", tag: settlementTag, needs: may(access.Settle),
		repeats: true, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *exportRequest) (*exportAnswer, error) {
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		return c.export(ctx, actor, in.Keyed, cmd, in.Body.Reason)
	})
	handle(c, route{
		method: http.MethodPost, path: bankFilesPath + "/preview", id: "preview-bank-file", summary: "振込データに入るもの・入らないものを前もって見る", tag: settlementTag,
		needs: may(access.Settle), status: http.StatusOK, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *exportPreviewRequest) (*exportPreviewAnswer, error) {
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		made, err := c.Settling.Files.Preview(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		shown, err := c.viewExport(ctx, actor, made)
		return &exportPreviewAnswer{shown}, err
	})
	handle(c, route{
		method: http.MethodPost, path: bankFilesPath + "/validation", id: "validate-bank-file", summary: "振込データのファイルを検査する", tag: settlementTag,
		needs: may(access.Settle), status: http.StatusOK, bodyBytesMax: bodyBytesMaxFile, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *validationRequest) (*lookedAnswer, error) {
		return viewLooked(c.Settling.Files.Validate(ctx, actor, in.Body.Format, in.Body.Content))
	})
	handle(c, route{
		method: http.MethodGet, path: bankFilesPath + "/{id}", id: "get-bank-file", summary: "振込データを見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, func(ctx context.Context, actor access.Actor, in *bankFileRequest) (*bankFileAnswer, error) {
		return c.withFile(in.ID, func(id settlement.FileID) (settlement.File, error) { return c.Settling.Files.One(ctx, actor, id) })
	})
	handle(c, route{
		method: http.MethodGet, path: bankFilesPath + "/{id}/content", id: "download-bank-file", summary: "振込データのファイルを受け取る", tag: settlementTag,
		needs: may(access.Settle), answers: fileAnswer("application/octet-stream"),
	}, c.downloadBankFile)
	handle(c, route{
		method: http.MethodGet, path: bankFilesPath + "/{id}/check", id: "check-bank-file", summary: "振込データを銀行と同じように検査する", tag: settlementTag,
		needs: may(access.Settle),
	}, func(ctx context.Context, actor access.Actor, in *bankFileRequest) (*lookedAnswer, error) {
		var id settlement.FileID
		if err := parse(&id, in.ID, settlement.ErrFileUnknown); err != nil {
			return nil, err
		}
		return viewLooked(c.Settling.Files.Check(ctx, actor, id))
	})
	handle(c, route{
		method: http.MethodPost, path: bankFilesPath + "/{id}/sending", id: "send-bank-file", summary: "振込データを銀行に渡したことを記録する", tag: settlementTag,
		needs: may(access.Settle), status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *bankFileRequest) (*bankFileAnswer, error) {
		return c.withFile(in.ID, func(id settlement.FileID) (settlement.File, error) { return c.Settling.Files.Send(ctx, actor, id) })
	})
	handle(c, route{
		method: http.MethodPost, path: bankFilesPath + "/{id}/re-export", id: "reexport-bank-file", summary: "振込データを作り直す（前のものは無効になる）", tag: settlementTag,
		needs: may(access.Settle), repeats: true, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *reexportRequest) (*exportAnswer, error) {
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		cmd.NotSent = in.Body.NotSent
		if err := parse(&cmd.Former, in.ID, settlement.ErrFileUnknown); err != nil {
			return nil, err
		}
		return c.export(ctx, actor, in.Keyed, cmd, in.Body.Reason)
	})
	handle(c, route{
		method: http.MethodPost, path: bankFilesPath + "/{id}/payment", id: "pay-bank-file", summary: "振込データの全件が振り込まれたことを記録する", tag: settlementTag,
		needs: may(access.Settle), repeats: true, patient: true,
	}, c.payFile)
}

func (c *contract) export(ctx context.Context, actor access.Actor, keyed Keyed, cmd settling.ExportCommand, reason string) (*exportAnswer, error) {
	key, err := keyed.key()
	if err != nil {
		return nil, err
	}
	cmd.Key = key
	made, err := c.Settling.Files.Export(ctx, actor, cmd, reason)
	if err != nil {
		return nil, err
	}
	answer := &exportAnswer{}
	answer.Status, answer.Replayed = replayed(made.Replayed)
	answer.Body, err = c.viewExport(ctx, actor, made)
	return answer, err
}

func (f ExportFields) command() (settling.ExportCommand, error) {
	date, err := dayGiven(f.Date, bank.ErrTransferPast.At("date"))
	return settling.ExportCommand{Format: f.Format, Date: date}, err
}

func (c *contract) withFile(text string, act func(settlement.FileID) (settlement.File, error)) (*bankFileAnswer, error) {
	var id settlement.FileID
	if err := parse(&id, text, settlement.ErrFileUnknown); err != nil {
		return nil, err
	}
	file, err := act(id)
	if err != nil {
		return nil, err
	}
	return &bankFileAnswer{viewBankFile(file)}, nil
}

// fileTypes are the media types of files: that of 全銀 is no text in any encoding that browsers know.
var fileTypes = map[string]string{
	settlement.FormatZengin: "application/octet-stream", settlement.FormatZEDI: "application/xml", settlement.FormatCSV: csvMIME + "; charset=utf-8",
}

func (c *contract) downloadBankFile(ctx context.Context, actor access.Actor, in *bankFileRequest) (*pictureAnswer, error) {
	var id settlement.FileID
	if err := parse(&id, in.ID, settlement.ErrFileUnknown); err != nil {
		return nil, err
	}
	file, content, err := c.Settling.Files.Content(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &pictureAnswer{ContentType: fileTypes[file.Format], Disposition: `attachment; filename="` + file.Name + `"`, Body: content}, nil
}

func (c *contract) payFile(ctx context.Context, actor access.Actor, in *payFileRequest) (*payFileAnswer, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	cmd := settling.PayCommand{Key: key}
	if cmd.On, err = dayGiven(in.Body.On, settlement.ErrPayoutDay.At("on")); err != nil {
		return nil, err
	}
	var id settlement.FileID
	if err := parse(&id, in.ID, settlement.ErrFileUnknown); err != nil {
		return nil, err
	}
	paid, err := c.Settling.Payouts.PayFile(ctx, actor, id, cmd)
	if err != nil {
		return nil, err
	}
	answer := &payFileAnswer{}
	answer.Status, answer.Replayed = replayed(paid.Replayed)
	answer.Body.File, answer.Body.Paid, answer.Body.Amount = viewBankFile(paid.File), paid.Paid, paid.Amount
	return answer, nil
}

func (c *contract) viewExport(ctx context.Context, actor access.Actor, made settling.Exported) (exportView, error) {
	shops, err := c.shopsOf(ctx, actor, lo.Map(made.LeftOut, func(l settling.LeftOut, _ int) ledger.WalletID { return l.Claim.Merchant }))
	if err != nil {
		return exportView{}, err
	}
	return exportView{
		File: viewBankFile(made.File), Warnings: lo.Map(made.Warnings, viewViolation), Remaining: made.Remaining,
		LeftOut: lo.Map(made.LeftOut, func(l settling.LeftOut, _ int) leftOutView {
			return leftOutView{
				l.Claim.ID.String(), l.Claim.NoText(), shops(l.Claim.Merchant), l.Claim.Payable(), string(l.Fault.Code), l.Fault.Message,
			}
		}),
	}, nil
}

// formatNotes are what a screen says beside files of a format.
var formatNotes = map[string]string{
	settlement.FormatZEDI: "ZEDI形式(ISO 20022 pain.001.001.03)のファイルは、送信の前に取引銀行の確認が必要です。(要銀行確認)",
}

func viewBankFile(f settlement.File) bankFileView {
	return bankFileView{
		ID: f.ID.String(), Name: f.Name, Format: f.Format, Date: f.Date.String(), Count: f.Count, Total: f.Total, SHA256: f.HashText(),
		State: f.State.String(), Replaces: identifier(f.Replaces), MadeBy: f.MadeBy.String(), MadeAt: instant(f.MadeAt),
		TakenBy: identifier(f.TakenBy), TakenAt: instantOr(f.TakenAt), SentBy: identifier(f.SentBy), SentAt: instantOr(f.SentAt), Note: formatNotes[f.Format],
	}
}

func viewViolation(v bank.Violation, _ int) violationView {
	shown := violationView{
		Severity: lo.Ternary(v.IsBlocking(), "blocking", "warning"), Record: v.Record, Field: v.Field, Code: v.Code, Message: v.Message,
	}
	if v.Byte >= 0 {
		shown.Byte = &v.Byte
	}
	return shown
}

func viewLooked(l settling.Looked, err error) (*lookedAnswer, error) {
	if err != nil {
		return nil, err
	}
	v := lookedView{
		Acceptable: !lo.ContainsBy(l.Violations, bank.Violation.IsBlocking), Count: l.Count, Total: l.Total, SHA256: hex.EncodeToString(l.SHA256[:]),
		Violations: lo.Map(l.Violations, viewViolation),
	}
	if l.Date != 0 {
		v.Date = lo.ToPtr(l.Date.String())
	}
	return &lookedAnswer{v}, nil
}

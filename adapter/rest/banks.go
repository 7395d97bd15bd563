package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/usecase/banking"
)

const (
	bankMasterPath = "/v1/admin/bank-master"
	changesShown   = 1_000 // of a preview
)

// Finding asks for the best of what a search finds; there is no second page of banks.
type Finding struct {
	Q     string `query:"q" maxLength:"100" doc:"The beginning of a code, or part of a name or kana; empty finds all"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Rows at most"`
}

type findBranchesRequest struct {
	Code string `path:"code" maxLength:"4"`
	Finding
}

type banksAnswer struct {
	Body struct {
		Banks []bankView `json:"banks" doc:"The best first"`
		More  bool       `json:"more" doc:"Some were left out beyond the limit"`
	}
}

type branchesAnswer struct {
	Body struct {
		Bank     bankView   `json:"bank"`
		Branches []bankView `json:"branches" doc:"The best first"`
		More     bool       `json:"more" doc:"Some were left out beyond the limit"`
	}
}

// bankView is a bank or a branch.
type bankView struct {
	Code string `json:"code" example:"0174" doc:"Four digits of a bank, three of a branch"`
	Name string `json:"name" example:"伊予"`
	Kana string `json:"kana" example:"ｲﾖ" doc:"As it stands in transfer files"`
}

type bankMasterAnswer struct {
	Body bankMasterView
}

type bankMasterView struct {
	AsOf     string `json:"as_of" format:"date"`
	Source   string `json:"source"`
	SHA256   string `json:"sha256" doc:"Names the list; a replacement says which one it replaces"`
	Banks    int    `json:"banks"`
	Branches int    `json:"branches"`
	Stale    bool   `json:"stale" doc:"Older than 60 days: a newer one should be brought in"`
}

// BankMasterFields is a file with a newer list. Its first line names the columns 金融機関コード, 支店コード, 金融機関名, 金融機関名カナ,
// 支店名 and 支店名カナ; every further line is a branch.
type BankMasterFields struct {
	AsOf   string `json:"as_of" format:"date" doc:"The day of the list"`
	Source string `json:"source" maxLength:"200" doc:"Where it comes from"`
	CSV    string `json:"csv,omitempty" doc:"The file as text: columns 金融機関コード, 支店コード, 金融機関名, 金融機関名カナ, 支店名, 支店名カナ; or"`
	File   []byte `json:"file,omitempty" doc:"The file's bytes in base64, UTF-8 or CP932"`
}

type bankMasterPreviewRequest struct {
	Body BankMasterFields
}

type bankMasterReplaceRequest struct {
	Body struct {
		BankMasterFields
		Replaces      string `json:"replaces" minLength:"64" maxLength:"64" doc:"sha256 of the list in force, as the preview showed it"`
		AcceptPartial bool   `json:"accept_partial,omitempty" doc:"Meant to leave something out: bad rows, or more than a twentieth of the branches"`
		Reason        string `json:"reason,omitempty" maxLength:"200"`
	}
}

type bankMasterForecastAnswer struct {
	Body bankMasterForecastView
}

type bankMasterForecastView struct {
	Present     bankMasterView   `json:"present" doc:"The list that is replaced"`
	Next        bankMasterView   `json:"next" doc:"The list of the good rows"`
	Added       int              `json:"added" doc:"Banks and branches that come"`
	Removed     int              `json:"removed" doc:"Banks and branches that go"`
	Renamed     int              `json:"renamed" doc:"Banks and branches with another name or kana"`
	Changes     []bankChangeView `json:"changes" doc:"The first 1000 of them: what goes, what is renamed, what comes"`
	Refused     int              `json:"refused" doc:"Rows that cannot be taken"`
	RefusedRows []refusedRow     `json:"refused_rows" doc:"The first 1000 of them; a row is a line of the file"`
	Partial     bool             `json:"partial" doc:"It leaves something out, which has to be accepted"`
}

type bankChangeView struct {
	Change string    `json:"change" enum:"added,removed,renamed"`
	Bank   string    `json:"bank"`
	Branch *string   `json:"branch" nullable:"true" doc:"Null for the bank itself"`
	Before *bankView `json:"before,omitempty" doc:"Absent where it is new"`
	After  *bankView `json:"after,omitempty" doc:"Absent where it is gone"`
}

// banks finds banks for whoever is signed in, and lets administrators replace the list of them (clause 8.3エ).
func (c *contract) banks(list *banking.Banking) {
	const tag = "banks"
	handle(c, route{
		method: http.MethodGet, path: "/v1/banks", id: "search-banks", summary: "金融機関を探す", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, in *Finding) (*banksAnswer, error) {
		found, err := list.Banks(ctx, actor, in.Q, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &banksAnswer{}
		answer.Body.Banks, answer.Body.More = lo.Map(found.Rows, func(b bank.Bank, _ int) bankView { return viewBank(b) }), found.More
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/banks/{code}/branches", id: "search-branches", summary: "金融機関の支店を探す", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, in *findBranchesRequest) (*branchesAnswer, error) {
		of, found, err := list.Branches(ctx, actor, bank.Code(in.Code), in.Q, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &branchesAnswer{}
		answer.Body.Bank, answer.Body.More = viewBank(of), found.More
		answer.Body.Branches = lo.Map(found.Rows, func(b bank.Branch, _ int) bankView { return bankView{string(b.Code), b.Name, string(b.Kana)} })
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: bankMasterPath, id: "get-bank-master", summary: "金融機関の一覧の版を見る", tag: tag, needs: may(access.SeeFunds),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*bankMasterAnswer, error) {
		standing, err := list.Standing(ctx, actor)
		if err != nil {
			return nil, err
		}
		return &bankMasterAnswer{c.viewBankMaster(standing.Master)}, nil
	})
	handle(c, route{
		method: http.MethodPost, path: bankMasterPath + "/preview", id: "preview-bank-master", summary: "金融機関の一覧を置き換えた結果を前もって見る", tag: tag,
		needs: may(access.ManageRules), status: http.StatusOK, bodyBytesMax: bodyBytesMaxBatch, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *bankMasterPreviewRequest) (*bankMasterForecastAnswer, error) {
		proposal, err := in.Body.proposal()
		if err != nil {
			return nil, err
		}
		forecast, err := list.Preview(ctx, actor, proposal)
		if err != nil {
			return nil, err
		}
		return &bankMasterForecastAnswer{c.viewBankForecast(forecast)}, nil
	})
	handle(c, route{
		method: http.MethodPost, path: bankMasterPath, id: "replace-bank-master", summary: "金融機関の一覧を置き換える", tag: tag,
		needs: may(access.ManageRules), bodyBytesMax: bodyBytesMaxBatch, patient: true,
	}, func(ctx context.Context, actor access.Actor, in *bankMasterReplaceRequest) (*bankMasterForecastAnswer, error) {
		proposal, err := in.Body.proposal()
		if err != nil {
			return nil, err
		}
		forecast, err := list.Replace(ctx, actor, banking.Command{
			Proposal: proposal, Replaces: in.Body.Replaces, AcceptPartial: in.Body.AcceptPartial, Reason: in.Body.Reason,
		})
		if err != nil {
			return nil, err
		}
		return &bankMasterForecastAnswer{c.viewBankForecast(forecast)}, nil
	})
}

func (b BankMasterFields) proposal() (banking.Proposal, error) {
	day, err := calendar.ParseDay(b.AsOf)
	if err != nil {
		return banking.Proposal{}, calendar.ErrDay.At("as_of")
	}
	if (b.CSV == "") == (len(b.File) == 0) {
		return banking.Proposal{}, bank.ErrMasterFile.At("csv")
	}
	file := b.File
	if b.CSV != "" {
		file = []byte(b.CSV)
	}
	return banking.Proposal{AsOf: day, Source: b.Source, File: file}, nil
}

func viewBank(b bank.Bank) bankView { return bankView{string(b.Code), b.Name, string(b.Kana)} }

func (c *contract) viewBankMaster(m *bank.Master) bankMasterView {
	banks, branches := m.Counts()
	return bankMasterView{m.AsOf.String(), m.Source, m.SHA256, banks, branches, m.Stale(calendar.DayOf(c.Now()))}
}

func (c *contract) viewBankForecast(f banking.Forecast) bankMasterForecastView {
	v := bankMasterForecastView{
		Present: c.viewBankMaster(f.Present), Next: c.viewBankMaster(f.Draft.Master), Partial: f.Partial, Refused: len(f.Draft.Refused),
		Added: len(f.Difference.Added), Removed: len(f.Difference.Removed), Renamed: len(f.Difference.Renamed), Changes: []bankChangeView{},
		RefusedRows: lo.Map(f.Draft.Refused[:min(len(f.Draft.Refused), refusalsShown)], func(row bank.MasterRow, _ int) refusedRow {
			return refusedRow{Row: row.No, Source: row.Source, Code: string(row.Fault.Code), Reason: row.Reason()}
		}),
	}
	for _, part := range []struct {
		change string
		rows   []bank.MasterChange
	}{{"removed", f.Difference.Removed}, {"renamed", f.Difference.Renamed}, {"added", f.Difference.Added}} {
		for _, row := range part.rows[:min(len(part.rows), changesShown-len(v.Changes))] {
			v.Changes = append(v.Changes, viewBankChange(part.change, row))
		}
	}
	return v
}

func viewBankChange(change string, m bank.MasterChange) bankChangeView {
	named := func(n bank.Named) *bankView {
		if n == (bank.Named{}) {
			return nil
		}
		return &bankView{string(lo.CoalesceOrEmpty(string(m.Branch), string(m.Bank))), n.Name, string(n.Kana)}
	}
	return bankChangeView{Change: change, Bank: string(m.Bank), Branch: lo.EmptyableToPtr(string(m.Branch)), Before: named(m.Before), After: named(m.After)}
}

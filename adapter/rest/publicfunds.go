package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
)

//go:embed publicfunds.html
var publicFundsHTML string

//go:embed publicfunds.css
var publicFundsCSS string

var publicFundsPage = template.Must(template.New("funds").Parse(publicFundsHTML))

// publicFundsPolicy allows the page its one style sheet, and to be asked for another day.
var publicFundsPolicy = func() string {
	sum := sha256.Sum256([]byte(publicFundsCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}()

// Bounds of what is remembered of daily statements. They never change once settled, but for the names of funds.
const (
	publicDaysMax     = 400
	publicDayLife     = time.Hour
	publicDayLifeOpen = time.Minute // while an entry may be on its way
)

// publicDays remembers daily statements, and lets one be made at a time: anybody may ask for any day.
type publicDays struct {
	mu     sync.RWMutex
	kept   map[calendar.Day]publicDay
	making chan struct{}
}

// publicDay is a daily statement in all its forms.
type publicDay struct {
	view  dayView
	csv   []byte
	etag  string
	until time.Time // fresh until then
}

func (d *publicDays) find(day calendar.Day, now time.Time) (publicDay, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	kept, found := d.kept[day]
	return kept, found && now.Before(kept.until)
}

func (d *publicDays) keep(day calendar.Day, made publicDay) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= publicDaysMax {
		d.kept = map[calendar.Day]publicDay{}
	}
	d.kept[day] = made
}

// publicDay gives the statement of a day as text, of yesterday where there is none.
func (s *server) publicDay(ctx context.Context, on string) (publicDay, error) {
	now := s.Now()
	day, err := dayOr(on, calendar.DayOf(now)-1)
	if err != nil {
		return publicDay{}, err
	}
	if kept, found := s.publicDays.find(day, now); found {
		return kept, nil
	}
	select {
	case s.publicDays.making <- struct{}{}:
	case <-ctx.Done():
		return publicDay{}, ctx.Err()
	}
	defer func() { <-s.publicDays.making }()
	if kept, found := s.publicDays.find(day, now); found {
		return kept, nil
	}
	statement, settled, err := s.Reporting.Day(ctx, day)
	if err != nil {
		return publicDay{}, err
	}
	made := publicDay{view: viewDay(statement, settled), until: now.Add(publicDayLife)}
	if !settled {
		made.until = now.Add(publicDayLifeOpen)
	}
	if made.csv, err = csvOf(func(to sheet) error { return writeDay(to, statement) }); err != nil {
		return publicDay{}, fmt.Errorf("file of %s: %w", day, err)
	}
	spelled, err := json.Marshal(made.view)
	if err != nil {
		return publicDay{}, fmt.Errorf("spell statement of %s: %w", day, err)
	}
	sum := sha256.Sum256(spelled)
	made.etag = hex.EncodeToString(sum[:16])
	s.publicDays.keep(day, made)
	return made, nil
}

// cacheable says how long an answer may be kept by others. That of no certain day is another one after midnight.
func (d publicDay) cacheable(on string, now time.Time) string {
	fresh := d.until.Sub(now)
	if on == "" {
		fresh = min(fresh, calendar.DayOf(now).End().Sub(now))
	}
	return fmt.Sprintf("public, max-age=%d", max(int64(fresh/time.Second), 0))
}

// tag names one form of a statement.
func (d publicDay) tag(form string) string { return `"` + d.etag + "-" + form + `"` }

// matches tells whether an If-None-Match names the tag.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}

type publicFundsRequest struct {
	On          string `query:"on" format:"date" doc:"A day that is over; yesterday without it"`
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of what is at hand: answered with 304 where it is still right"`
}

type publicFundsAnswer struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         dayView
}

type publicFileAnswer struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	ContentType  string `header:"Content-Type" hidden:"true"`
	Disposition  string `header:"Content-Disposition" hidden:"true"`
	Body         []byte
}

// publicFunds registers what everybody may read of the funds (+11). It names no person, and asks nobody to sign in.
func (c *contract) publicFunds() {
	const tag = "public"
	handle(c, route{
		method: http.MethodGet, path: "/v1/public/funds", id: "get-public-funds", summary: "原資の日計表（公開）", tag: tag, needs: open,
	}, func(ctx context.Context, _ access.Actor, in *publicFundsRequest) (*publicFundsAnswer, error) {
		day, err := c.publicDay(ctx, in.On)
		if err != nil {
			return nil, err
		}
		answer := &publicFundsAnswer{Status: http.StatusOK, ETag: day.tag("json"), CacheControl: day.cacheable(in.On, c.Now()), Body: day.view}
		if matches(in.IfNoneMatch, answer.ETag) {
			answer.Status = http.StatusNotModified
		}
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/public/funds.csv", id: "download-public-funds", summary: "原資の日計表（公開）をCSVで受け取る", tag: tag, needs: open,
		answers: fileAnswer(csvMIME),
	}, func(ctx context.Context, _ access.Actor, in *publicFundsRequest) (*publicFileAnswer, error) {
		day, err := c.publicDay(ctx, in.On)
		if err != nil {
			return nil, err
		}
		file := csvAnswer("funds-"+day.view.On+".csv", day.csv)
		answer := &publicFileAnswer{
			Status: http.StatusOK, ETag: day.tag("csv"), CacheControl: day.cacheable(in.On, c.Now()), ContentType: file.ContentType,
			Disposition: file.Disposition, Body: file.Body,
		}
		if matches(in.IfNoneMatch, answer.ETag) {
			answer.Status, answer.Body = http.StatusNotModified, nil
		}
		return answer, nil
	})
}

// writeDay writes a statement as a table whose columns are pots: the first row of a fund, its moves, and the last.
func writeDay(to sheet, day report.Day) error {
	heads := []any{
		"日付", "原資コード", "原資", "項目", "金額", "預金", "店頭現金", "未収金", "未発行", "引当", "財布", "請求済", "資産の計", "ポイントの計",
	}
	if err := to.write(heads...); err != nil {
		return err
	}
	for _, s := range day.Funds {
		row := func(item string, amount any, p positionView) error {
			return to.write(
				day.On.String(), string(s.Fund), s.Name, item, amount, int64(p.Bank), int64(p.Tills), int64(p.Receivables), int64(p.Unissued),
				int64(p.Reserved), int64(p.Wallets), int64(p.Claimed), int64(p.Assets), int64(p.Points),
			)
		}
		if err := row("前日の残高", "", viewPosition(s.Opening)); err != nil {
			return err
		}
		for _, m := range s.Moves {
			if err := row(actWords[m.Act], int64(m.Amount()), viewPosition(m.Change)); err != nil {
				return err
			}
		}
		if err := row("当日の残高", "", viewPosition(s.Closing)); err != nil {
			return err
		}
	}
	return nil
}

// fundsPageView is what the page of the funds says.
type fundsPageView struct {
	Style    template.CSS
	On       string // in Japanese
	Date     string // 2026-11-23
	Latest   string
	Before   string
	After    string // empty for the latest
	Settled  bool
	Trouble  string
	Balanced bool
	Funds    []fundPageView
}

type fundPageView struct {
	Name   string
	Moves  []figurePageView
	Assets []balancePageView
	Points []balancePageView
	Equal  bool
}

type figurePageView struct{ Name, Amount string }

type balancePageView struct {
	Name, Note, Before, After string
	Sum                       bool
}

// fundsPage shows the daily statement to people, without a script.
func (s *server) fundsPage(c *fiber.Ctx) error {
	now, on := s.Now(), c.Query("on")
	view := fundsPageView{Style: template.CSS(publicFundsCSS), Latest: (calendar.DayOf(now) - 1).String()}
	status := fiber.StatusOK
	day, err := s.publicDay(c.UserContext(), on)
	if err != nil {
		p, unexpected := problemOf(err, "query")
		if unexpected {
			return err
		}
		status, view.Trouble, view.Date = p.Status, p.Title, view.Latest
		c.Set(fiber.HeaderCacheControl, "no-store")
	} else {
		c.Set(fiber.HeaderCacheControl, day.cacheable(on, now))
		c.Set(fiber.HeaderETag, day.tag("html"))
		if matches(c.Get(fiber.HeaderIfNoneMatch), day.tag("html")) {
			return c.SendStatus(fiber.StatusNotModified)
		}
		view.fill(day.view)
	}
	var page bytes.Buffer
	if err := publicFundsPage.Execute(&page, view); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, publicFundsPolicy)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentLanguage, "ja")
	return c.Status(status).Send(page.Bytes())
}

func (v *fundsPageView) fill(day dayView) {
	v.Date, v.Settled, v.Balanced = day.On, day.Settled, day.Balanced
	on, err := calendar.ParseDay(day.On)
	if err != nil {
		return // impossible: the statement was made for that day
	}
	v.On, v.Before = inWords(on), (on - 1).String()
	if day.On < v.Latest {
		v.After = (on + 1).String()
	}
	for _, f := range day.Funds {
		v.Funds = append(v.Funds, viewFundPage(f))
	}
}

func inWords(day calendar.Day) string {
	return day.Start().In(calendar.JST).Format("2006年1月2日") + "（" + string([]rune("日月火水木金土")[day.Start().In(calendar.JST).Weekday()]) + "）"
}

func viewFundPage(f spanView) fundPageView {
	view := fundPageView{Name: f.Name, Equal: f.Opening.Assets == money.Yen(f.Opening.Points) && f.Closing.Assets == money.Yen(f.Closing.Points)}
	for _, m := range f.Moves {
		act := actNamed(m.Act)
		if m.Amount != 0 {
			view.Moves = append(view.Moves, figurePageView{actWords[act], m.Amount.String()})
		}
		if act == report.Correction && m.Change.Assets != 0 {
			view.Moves = append(view.Moves, figurePageView{"補正（現金など）", money.Points(m.Change.Assets).String()})
		}
	}
	row := func(name, note string, pick func(positionView) int64) balancePageView {
		return balancePageView{Name: name, Note: note, Before: money.Points(pick(f.Opening)).String(), After: money.Points(pick(f.Closing)).String()}
	}
	sum := func(b balancePageView) balancePageView { b.Sum = true; return b }
	view.Assets = []balancePageView{
		row("預金", "市の口座にあるお金", func(p positionView) int64 { return int64(p.Bank) }),
		row("店頭現金", "お店が預かっているお金", func(p positionView) int64 { return int64(p.Tills) }),
		row("未収金", "返してもらうお金", func(p positionView) int64 { return int64(p.Receivables) }),
		sum(row("お金の計", "", func(p positionView) int64 { return int64(p.Assets) })),
	}
	view.Points = []balancePageView{
		row("未発行", "まだ配っていないポイント", func(p positionView) int64 { return int64(p.Unissued) }),
		row("引当", "キャンペーンなどのために取ってあるポイント", func(p positionView) int64 { return int64(p.Reserved) }),
		row("財布", "利用者とお店が持っているポイント", func(p positionView) int64 { return int64(p.Wallets) }),
		row("請求済", "お店がお金に換えようとしているポイント", func(p positionView) int64 { return int64(p.Claimed) }),
		sum(row("ポイントの計", "", func(p positionView) int64 { return int64(p.Points) })),
	}
	return view
}

func actNamed(name string) report.Act {
	for _, act := range report.Acts() {
		if act.String() == name {
			return act
		}
	}
	return 0
}

package rest

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
)

// instantForm is RFC 3339 to the millisecond, so that an instant reads the same before and after it was stored.
const instantForm = "2006-01-02T15:04:05.000Z07:00"

// instant gives a time as it is shown: in Japan's time. The zero time is empty.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(calendar.JST).Format(instantForm)
}

// instantOr gives null for the zero time.
func instantOr(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	return lo.ToPtr(instant(at))
}

// lastDay gives null for points that do not lapse.
func lastDay(day calendar.Day) *string {
	if day == calendar.Never {
		return nil
	}
	return lo.ToPtr(day.String())
}

// identifier gives an identifier as text, empty for none.
func identifier[K any](id ident.ID[K]) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// parse reads an identifier of the path or the body. A malformed one names nothing, so it is refused as unknown.
func parse[K any](id *ident.ID[K], text string, unknown error) error {
	if id.UnmarshalText([]byte(text)) != nil {
		return unknown
	}
	return nil
}

// dayOr reads a day that may be left out, which gives otherwise.
func dayOr(text string, otherwise calendar.Day) (calendar.Day, error) {
	if text == "" {
		return otherwise, nil
	}
	return calendar.ParseDay(text)
}

// dayGiven reads a day that may be left out, which gives zero. Zero is 1970-01-01 itself, so that day is refused: it
// would pass for none given.
func dayGiven(text string, refusal error) (calendar.Day, error) {
	day, err := dayOr(text, 0)
	if err == nil && text != "" && day == 0 {
		return 0, refusal
	}
	return day, err
}

// days gives the instants between the start of the first day and the end of the last one; either may be left out.
func days(first, last string) (from, until time.Time, err error) {
	if first != "" {
		day, err := calendar.ParseDay(first)
		if err != nil {
			return from, until, err
		}
		from = day.Start()
	}
	if last != "" {
		day, err := calendar.ParseDay(last)
		if err != nil {
			return from, until, err
		}
		until = day.End()
	}
	return from, until, nil
}

// cursor makes the opaque text that names a place in a numbered list.
func cursor(no int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("no:" + strconv.FormatInt(no, 10)))
}

// parseCursor reads it again; empty gives zero.
func parseCursor(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, page.ErrCursor.At("after")
	}
	digits, ours := strings.CutPrefix(string(plain), "no:")
	no, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ours || no < 1 {
		return 0, page.ErrCursor.At("after")
	}
	return no, nil
}

// Paged is part of every request for a list.
type Paged struct {
	After string `query:"after" maxLength:"200" doc:"The next of the page before; empty for the first"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Rows of a page"`
}

// lotView is an amount of like points.
type lotView struct {
	ID        string       `json:"id" format:"uuid"`
	Kind      string       `json:"kind"`
	KindName  string       `json:"kind_name"`
	Fund      string       `json:"fund"`
	ExpiresOn *string      `json:"expires_on" format:"date" nullable:"true" doc:"The last day the points are good; null where they do not lapse"`
	Hops      int32        `json:"hops" doc:"How often the points have changed hands"`
	Paid      bool         `json:"paid" doc:"Bought with cash, as against given"`
	Remaining money.Points `json:"remaining"`
}

func viewLot(l lot.Lot, kinds map[lot.KindCode]lot.Kind) lotView {
	return lotView{
		ID: l.ID.String(), Kind: string(l.Kind), KindName: kinds[l.Kind].Name, Fund: string(l.Fund), ExpiresOn: lastDay(l.Expires),
		Hops: l.Hops, Paid: l.Paid, Remaining: l.Remaining,
	}
}

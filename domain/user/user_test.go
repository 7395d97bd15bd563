package user_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

var today = calendar.On(2026, 11, 23)

func hanako() user.User {
	return user.User{
		ID: ident.New[user.User](time.Now()), Role: user.Resident, Email: "hanako@example.jp",
		Profile: user.Profile{
			Name: "西条 花子", Kana: "サイジョウ ハナコ", Birth: calendar.On(1958, 4, 1), PostalCode: "7930041",
			Address: "愛媛県西条市神拝甲1-2", Phone: "09000001234",
		},
	}
}

func TestAUserWithAllThatIsAskedIsValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, hanako().Valid(today))
}

func TestEveryFieldAtFaultIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	err := user.User{Role: user.Resident, Profile: user.Profile{Birth: today + 1, Category: "飲食店"}}.Valid(today)
	require.ErrorIs(t, err, user.ErrInvalid)
	f, ok := fault.Of(err)
	require.True(t, ok)
	require.Equal(t, []string{
		"email", "profile.name", "profile.kana", "profile.birth", "profile.postalCode", "profile.address", "profile.phone",
		"profile.category",
	}, lo.Map(f.Fields, func(field fault.Field, _ int) string { return field.Path }))
	for _, field := range f.Fields {
		require.NotEmpty(t, field.Code)
		require.NotEmpty(t, field.Message)
	}
	require.Empty(t, user.ErrInvalid.Fields, "the template stays as it was defined")
}

func TestEachFieldHasItsRule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*user.User)
		want   *fault.Fault
	}{
		"unknown role":           {func(u *user.User) { u.Role = 9 }, user.ErrRole},
		"capital in the address": {func(u *user.User) { u.Email = "Hanako@example.jp" }, user.ErrEmail},
		"control in the name":    {func(u *user.User) { u.Profile.Name = "西条\n花子" }, user.ErrName},
		"untrimmed name":         {func(u *user.User) { u.Profile.Name = " 花子" }, user.ErrName},
		"hiragana reading":       {func(u *user.User) { u.Profile.Kana = "はなこ" }, user.ErrKana},
		"half-width reading":     {func(u *user.User) { u.Profile.Kana = "ﾊﾅｺ" }, user.ErrKana},
		"no birth":               {func(u *user.User) { u.Profile.Birth = calendar.Never }, user.ErrBirth},
		"born long ago":          {func(u *user.User) { u.Profile.Birth = calendar.On(1899, 12, 31) }, user.ErrBirth},
		"hyphen in postal code":  {func(u *user.User) { u.Profile.PostalCode = "793-0041" }, user.ErrPostalCode},
		"letter in postal code":  {func(u *user.User) { u.Profile.PostalCode = "793004a" }, user.ErrPostalCode},
		"letter in phone":        {func(u *user.User) { u.Profile.Phone = "0900000123a" }, user.ErrPhone},
		"short phone":            {func(u *user.User) { u.Profile.Phone = "090" }, user.ErrPhone},
		"resident with employer": {func(u *user.User) { u.Employer = u.ID }, user.ErrEmployer},
		"clerk without employer": {func(u *user.User) { u.Role = user.Clerk }, user.ErrEmployer},
		"merchant without trade": {func(u *user.User) { u.Role = user.Merchant }, user.ErrCategory},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := hanako()
			c.change(&u)
			f, ok := fault.Of(u.Valid(today))
			require.True(t, ok)
			require.Equal(t, []fault.Code{c.want.Code}, lo.Map(f.Fields, func(field fault.Field, _ int) fault.Code { return field.Code }))
		})
	}
}

func TestTidyingBringsWhatPeopleTypeIntoOneForm(t *testing.T) {
	t.Parallel()
	p := user.Profile{
		Name: " 髙橋 花子　", Kana: "たかはし　はなこ", PostalCode: "７９３－００４１", Address: " 西条市神拝甲1-2 ", Phone: "0897-56-5151",
	}.Tidy()
	require.Equal(t, "髙橋 花子", p.Name, "the character of the name stays")
	require.Equal(t, "タカハシ　ハナコ", p.Kana)
	require.Equal(t, "7930041", p.PostalCode)
	require.Equal(t, "0897565151", p.Phone)
	require.Equal(t, "西条市神拝甲1-2", p.Address)
}

func TestAnAddressIsFoldedAndJudged(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]user.Email{
		" Hanako.S@Example.JP ": "hanako.s@example.jp",
		"ha..na.@docomo.ne.jp":  "ha..na.@docomo.ne.jp",
		"a+b@x-y.example":       "a+b@x-y.example",
	} {
		got, err := user.ParseEmail(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{
		"", "hanako", "@example.jp", "hanako@", "hanako@example", "a b@example.jp", "a@b@example.jp", "花子@example.jp",
		"hanako＠example.jp", "hanako@example..jp", "hanako@-example.jp", "hanako@example.jp\n.", "a@exa_mple.jp", "<a@example.jp>",
	} {
		_, err := user.ParseEmail(text)
		require.ErrorIs(t, err, user.ErrEmail, "%q", text)
	}
}

func TestPeopleAreNeitherPrintedNorLogged(t *testing.T) {
	t.Parallel()
	u := hanako()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("test", "user", u, "profile", u.Profile, "email", u.Email)
	text := log.String() + fmt.Sprintf("%v %+v %#v %s", u, u, u, u) + fmt.Sprintf("%v %+v %s", u.Profile, u.Profile, u.Profile) +
		errors.New(fmt.Sprint([]user.User{u})).Error()
	for _, secret := range []string{"花子", "ハナコ", "hanako", "7930041", "神拝", "0900000"} {
		require.NotContains(t, text, secret)
	}
	require.Contains(t, text, u.ID.String())
}

func TestASearchFindsWhatPeopleMean(t *testing.T) {
	t.Parallel()
	u := hanako()
	u.Profile.Name = "髙橋 花子"
	for _, text := range []string{"", "高橋花子", "橋 花", "さいじょう", "サイジョウハナコ", "HANAKO@", "ＨＡＮＡＫＯ", "090-0000-1234"} {
		require.True(t, user.Filter{Text: text}.Matches(u), text)
	}
	require.False(t, user.Filter{Text: "太郎"}.Matches(u))
	require.False(t, user.Filter{Role: user.Merchant}.Matches(u))
	require.True(t, user.Filter{PostalCode: "7930", ByBirth: true, BornFrom: calendar.On(1958, 4, 1), BornUntil: calendar.On(1958, 4, 1)}.Matches(u))
	require.False(t, user.Filter{ByBirth: true, BornFrom: calendar.On(1958, 4, 2), BornUntil: today}.Matches(u))
	require.False(t, user.Filter{PostalCode: "791"}.Matches(u))
	u.DeletedAt = time.Now()
	require.False(t, user.Filter{}.Matches(u))
}

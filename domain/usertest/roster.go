package usertest

import (
	"slices"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Roster holds an adapter to the contract of user.Roster.
func Roster(t *testing.T, open Open) {
	t.Run("users are found by address and by identifier, strangers are absent", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		one, two, stranger := Resident(), Merchant(), Resident()
		add(t, b, one, two)
		byEmail, err := b.Roster.ByEmails(t.Context(), []user.Email{one.Email, stranger.Email, two.Email, one.Email})
		require.NoError(t, err)
		require.Len(t, byEmail, 2)
		equal(t, one, byEmail[one.Email])
		equal(t, two, byEmail[two.Email])
		byID, err := b.Roster.ByIDs(t.Context(), []user.ID{stranger.ID, two.ID})
		require.NoError(t, err)
		require.Len(t, byID, 1)
		equal(t, two, byID[two.ID])
		single, err := b.Roster.ByID(t.Context(), one.ID)
		require.NoError(t, err)
		equal(t, one, single)
		none, err := b.Roster.ByEmails(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, none)
	})

	t.Run("a search finds parts of name, reading, address and phone in any width", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		mark := Unique()
		u := Resident(func(u *user.User) {
			u.Profile.Name, u.Profile.Kana, u.Profile.Phone = "髙橋 "+mark, "タカハシ ハナコ", "08000019999"
			u.Email = user.Email(mark + ".x@example.jp")
		})
		add(t, b, u, Resident())
		for _, text := range []string{mark, "高橋" + mark, "橋 " + mark[:3] + "　" + mark[3:], mark + ".X@EXAMPLE.jp"} {
			require.Equal(t, []user.ID{u.ID}, search(t, b, user.Filter{Text: text}), text)
		}
		for _, text := range []string{"たかはし", "ハシハナ", "080-0001-9999"} {
			require.Contains(t, search(t, b, user.Filter{Text: text}), u.ID, text)
		}
		for _, text := range []string{"%", "_", `\`, "' OR 1=1"} {
			require.NotContains(t, search(t, b, user.Filter{Text: text}), u.ID, text)
		}
		for _, text := range []string{mark + "%", mark[:4] + "%" + mark[6:], mark + "\nx"} {
			require.Empty(t, search(t, b, user.Filter{Text: text}), text)
		}
	})

	t.Run("a search narrows by role, age and area together", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		mark := Unique()
		named := func(u *user.User) { u.Profile.Name = mark }
		born := func(year int) func(*user.User) {
			return func(u *user.User) { u.Profile.Birth = calendar.On(year, 1, 1) }
		}
		old, young, shop := Resident(named, born(1940)), Resident(named, born(2001)), Merchant(named)
		gone := Resident(named, func(u *user.User) { u.DeletedAt = Now })
		add(t, b, old, young, shop, gone)
		require.ElementsMatch(t, []user.ID{old.ID, young.ID, shop.ID}, search(t, b, user.Filter{Text: mark}))
		require.ElementsMatch(t, []user.ID{old.ID, young.ID}, search(t, b, user.Filter{Text: mark, Role: user.Resident}))
		require.Equal(t, []user.ID{young.ID}, search(t, b, user.Filter{Text: mark, ByBirth: true, BornFrom: calendar.On(2001, 1, 1), BornUntil: calendar.On(2001, 1, 1)}))
		require.Empty(t, search(t, b, user.Filter{Text: mark, ByBirth: true}), "a band of one day in 1970 is no open one")
		require.Equal(t, []user.ID{shop.ID}, search(t, b, user.Filter{Text: mark, PostalCode: "793003"}))
		require.Empty(t, search(t, b, user.Filter{Text: mark, PostalCode: "799"}))
	})

	t.Run("a search by a live code finds its owner alone", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		u := Resident()
		add(t, b, u, Resident())
		code := StandingCode(u)
		addCodes(t, b, code)
		require.Equal(t, []user.ID{u.ID}, search(t, b, user.Filter{Text: string(code.Token)}))
		require.Empty(t, search(t, b, user.Filter{Text: string(code.Token), Role: user.Merchant}))
		require.Empty(t, search(t, b, user.Filter{Text: string(user.NewToken(user.Standing))}))
		rotate(t, b, u)
		require.Empty(t, search(t, b, user.Filter{Text: string(code.Token)}), "the old poster leads nowhere")
	})

	t.Run("pages follow each other in the order of registration", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		filter, want := crowd(t, b, 7)
		var got []user.ID
		after := ""
		for range 4 {
			found, err := b.Roster.Search(t.Context(), filter, after, 2)
			require.NoError(t, err)
			got = append(got, lo.Map(found.Rows, func(u user.User, _ int) user.ID { return u.ID })...)
			after = found.Next
			if after == "" {
				break
			}
		}
		require.Equal(t, want, got)
		require.Empty(t, after, "the last page says so")
	})

	t.Run("a page that is exactly full is the last", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		filter, want := crowd(t, b, 3)
		found, err := b.Roster.Search(t.Context(), filter, "", 3)
		require.NoError(t, err)
		require.Len(t, found.Rows, len(want))
		require.Empty(t, found.Next)
	})

	t.Run("limits and cursors are checked", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		for _, limit := range []int{-1, 0, page.LimitMax + 1} {
			_, err := b.Roster.Search(t.Context(), user.Filter{}, "", limit)
			require.ErrorIs(t, err, page.ErrLimit)
		}
		_, err := b.Roster.Search(t.Context(), user.Filter{}, "not a cursor", 10)
		require.ErrorIs(t, err, page.ErrCursor)
		for _, limit := range []int{-1, 0, user.RecipientsMax + 1} {
			_, err = b.Roster.Matching(t.Context(), user.Filter{}, user.ID{}, limit)
			require.ErrorIs(t, err, page.ErrLimit)
		}
	})

	t.Run("a filter that asks too much is refused", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		for _, filter := range []user.Filter{{Text: strings.Repeat("橋", user.TextRunesMax+1)}, {PostalCode: "793%"}} {
			_, err := b.Roster.Search(t.Context(), filter, "", 10)
			require.ErrorIs(t, err, user.ErrFilter)
			_, err = b.Roster.Matching(t.Context(), filter, user.ID{}, 10)
			require.ErrorIs(t, err, user.ErrFilter)
		}
	})

	t.Run("a bulk grant reaches the wallets of residents and merchants", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		mark := Unique()
		named := func(u *user.User) { u.Profile.Name = mark }
		shop := Merchant(named)
		person := Resident(named)
		add(t, b, shop, person, Clerk(shop, named), Administrator(named), Resident(named, func(u *user.User) { u.DeletedAt = Now }))
		got, err := b.Roster.Matching(t.Context(), user.Filter{Text: mark}, user.ID{}, 10)
		require.NoError(t, err)
		require.ElementsMatch(t, []user.Recipient{{User: shop.ID, Wallet: shop.Wallet}, {User: person.ID, Wallet: person.Wallet}}, got)
	})

	t.Run("recipients are read on from the last", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		filter, want := crowd(t, b, 5)
		first, err := b.Roster.Matching(t.Context(), filter, user.ID{}, 3)
		require.NoError(t, err)
		rest, err := b.Roster.Matching(t.Context(), filter, first[2].User, 3)
		require.NoError(t, err)
		require.Equal(t, want, lo.Map(append(first, rest...), func(r user.Recipient, _ int) user.ID { return r.User }))
	})
}

// crowd adds n residents that one filter chooses and gives their identifiers in the order of registration.
func crowd(t *testing.T, b Bench, n int) (user.Filter, []user.ID) {
	t.Helper()
	mark := Unique()
	users := lo.Times(n, func(i int) user.User {
		return Resident(func(u *user.User) {
			u.Profile.Name = mark
			u.ID = ident.New[user.User](Now.AddDate(0, 0, i))
			u.Wallet = user.WalletID(u.ID)
		})
	})
	want := lo.Map(users, func(u user.User, _ int) user.ID { return u.ID })
	slices.Reverse(users)
	add(t, b, users...)
	return user.Filter{Text: mark}, want
}

// search walks through all pages of a search.
func search(t *testing.T, b Bench, filter user.Filter) []user.ID {
	t.Helper()
	var ids []user.ID
	for after := ""; ; {
		found, err := b.Roster.Search(t.Context(), filter, after, page.LimitMax)
		require.NoError(t, err)
		ids = append(ids, lo.Map(found.Rows, func(u user.User, _ int) user.ID { return u.ID })...)
		if after = found.Next; after == "" {
			return ids
		}
	}
}

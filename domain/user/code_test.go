package user_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/user"
)

func TestACodeIsUsableUntilItExpiresIsUsedOrRevoked(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	standing := user.Code{Token: user.NewToken(user.Standing), Purpose: user.Standing, IssuedAt: now}
	require.NoError(t, standing.Usable(now.AddDate(30, 0, 0)))

	presented := user.Code{Token: user.NewToken(user.Presented), Purpose: user.Presented, IssuedAt: now, ExpiresAt: now.Add(user.PresentedLife)}
	require.NoError(t, presented.Usable(presented.ExpiresAt.Add(-1)))
	require.ErrorIs(t, presented.Usable(presented.ExpiresAt), user.ErrCodeExpired)

	used := presented
	used.UsedBy[0] = 1
	require.ErrorIs(t, used.Usable(now), user.ErrCodeUsed)
	used.RevokedAt = now
	require.ErrorIs(t, used.Usable(now), user.ErrCodeRevoked)
	require.ErrorIs(t, user.Code{}.Usable(now), user.ErrCodeUnknown)
}

func TestATokenReadsBackAsAPersonTypesIt(t *testing.T) {
	t.Parallel()
	for purpose := user.Standing; purpose <= user.Presented; purpose++ {
		token := user.NewToken(purpose)
		require.Len(t, string(token), user.TokenBytes)
		require.Equal(t, purpose, token.Purpose())
		require.NotEqual(t, token, user.NewToken(purpose))
		typed := strings.ReplaceAll(strings.ToLower(string(token)), "1", "l")
		typed = strings.ReplaceAll(typed, "0", "o")
		for _, text := range []string{string(token), " " + typed + "\n", string(token[:4]) + "-" + string(token[4:])} {
			back, err := user.ParseToken(text)
			require.NoError(t, err, text)
			require.Equal(t, token, back)
		}
		name, ok := user.ParsePurpose(purpose.String())
		require.True(t, ok)
		require.Equal(t, purpose, name)
	}
}

func TestATextThatIsNoTokenIsRefused(t *testing.T) {
	t.Parallel()
	good := string(user.NewToken(user.Standing))
	for _, text := range []string{
		"", "1S", good[:27], good + "0", "2" + good[1:], "1X" + good[2:], good[:20] + "U" + good[21:], good[:27] + "Z", "https://example.jp/q/" + good,
		strings.Repeat("-", 4096) + good,
	} {
		_, err := user.ParseToken(text)
		require.ErrorIs(t, err, user.ErrToken, text)
	}
}

func TestATokenIsNotPrintedWhole(t *testing.T) {
	t.Parallel()
	token := user.NewToken(user.Presented)
	text := fmt.Sprintf("%v %s %q %#v %+v", token, token, token, token, user.Code{Token: token})
	require.NotContains(t, text, string(token[6:]))
}

package access_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/user"
)

func TestSecretsAreNeitherPrintedNorLogged(t *testing.T) {
	t.Parallel()
	password, token := access.Password("correct horse battery"), access.RefreshToken("refresh-secret")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("test", "password", password, "token", token)
	text := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x", password, password, password, password, password, password) +
		fmt.Sprintf("%v %s %+v", token, token, struct{ T access.RefreshToken }{token})
	require.NotContains(t, text, "horse")
	require.NotContains(t, text, "refresh-secret")
	require.NotContains(t, text, fmt.Sprintf("%x", "correct"))
}

func TestAPasswordHasALengthAndNothingElseIsAskedOfIt(t *testing.T) {
	t.Parallel()
	for _, good := range []access.Password{"aaaaaaaaaa", "西条市のおいしい水です", access.Password(strings.Repeat("x", access.PasswordBytesMax))} {
		require.NoError(t, good.Valid())
	}
	for _, bad := range []access.Password{"", "ninechars", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6", access.Password(strings.Repeat("x", access.PasswordBytesMax+1))} {
		require.ErrorIs(t, bad.Valid(), access.ErrPassword)
	}
}

func TestAnAdministratorsSessionIsShort(t *testing.T) {
	t.Parallel()
	require.Equal(t, access.SessionLifeAdmin, access.LifeOf(user.Administrator))
	require.Equal(t, access.SessionLife, access.LifeOf(user.Resident))
}

package pgcluster

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAServerAddressKeepsEverythingButTheDatabase(t *testing.T) {
	t.Parallel()
	s, err := At("postgresql://city:p%40ss@db.example:6432/admin?sslmode=require")
	require.NoError(t, err)
	require.Equal(t, "postgresql://city:p%40ss@db.example:6432/test_1?sslmode=require", s.URL("test_1"))
}

func TestAnAddressThatIsNoURLIsRefusedWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"host=db password=secret", "postgres://city:secret@db:port/x", "mysql://city:secret@db/x", ""} {
		_, err := At(raw)
		require.ErrorContains(t, err, "database URL")
		require.NotContains(t, err.Error(), "secret")
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

package crypt_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/crypt"
	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

var now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func freshKeys(t testing.TB) []crypt.Key {
	t.Helper()
	keys, err := crypt.AccessKeys("", filepath.Join(t.TempDir(), "access.key"))
	require.NoError(t, err)
	return keys
}

func signer(t testing.TB, keys ...crypt.Key) *crypt.TokenSigner {
	t.Helper()
	s, err := crypt.NewTokenSigner(keys)
	require.NoError(t, err)
	return s
}

func claims() access.Claims {
	return access.Claims{
		User: ident.New[user.User](now), Role: user.Resident, Wallet: user.NewWalletID(now), Session: ident.New[access.Session](now),
		IssuedAt: now, ExpiresAt: now.Add(access.AccessLife),
	}
}

func TestTheTokenSignerFulfilsTheContract(t *testing.T) {
	t.Parallel()
	accesstest.Signer(t, func(t *testing.T) access.Signer { return signer(t, freshKeys(t)...) })
}

func TestTokensOfTheKeyBeforeLiveOutTheirTime(t *testing.T) {
	t.Parallel()
	old, fresh := freshKeys(t)[0], freshKeys(t)[0]
	token, err := signer(t, old).Issue(claims())
	require.NoError(t, err)
	_, err = signer(t, fresh, old).Verify(token, now)
	require.NoError(t, err)
	_, err = signer(t, fresh).Verify(token, now)
	require.ErrorIs(t, err, access.ErrAccessToken)
	_, err = signer(t, crypt.Key{ID: old.ID, Secret: fresh.Secret}).Verify(token, now)
	require.ErrorIs(t, err, access.ErrAccessToken)
}

func TestTokensOfAnotherMakeAreRefusedThoughTheirSignatureIsRight(t *testing.T) {
	t.Parallel()
	key := freshKeys(t)[0]
	s := signer(t, key)
	good := func() jwt.MapClaims {
		return jwt.MapClaims{
			"iss": "lovesaijo", "sub": ident.New[user.User](now).String(), "role": "resident", "wal": user.NewWalletID(now).String(),
			"sid": ident.New[access.Session](now).String(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		}
	}
	sign := func(method jwt.SigningMethod, secret any, header map[string]any, body jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, body)
		token.Header["typ"], token.Header["kid"] = "at+jwt", key.ID
		maps.Copy(token.Header, header)
		text, err := token.SignedString(secret)
		require.NoError(t, err)
		return text
	}
	_, err := s.Verify(sign(jwt.SigningMethodHS256, key.Secret, nil, good()), now)
	require.NoError(t, err, "the pattern itself is right")
	without := func(name string) jwt.MapClaims { c := good(); delete(c, name); return c }
	with := func(name string, value any) jwt.MapClaims { c := good(); c[name] = value; return c }
	for name, token := range map[string]string{
		"no algorithm":      sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, good()),
		"another algorithm": sign(jwt.SigningMethodHS512, key.Secret, nil, good()),
		"no key named":      sign(jwt.SigningMethodHS256, key.Secret, map[string]any{"kid": nil}, good()),
		"key by number":     sign(jwt.SigningMethodHS256, key.Secret, map[string]any{"kid": 1}, good()),
		"another type":      sign(jwt.SigningMethodHS256, key.Secret, map[string]any{"typ": "JWT"}, good()),
		"another issuer":    sign(jwt.SigningMethodHS256, key.Secret, nil, with("iss", "elsewhere")),
		"no issuer":         sign(jwt.SigningMethodHS256, key.Secret, nil, without("iss")),
		"no expiry":         sign(jwt.SigningMethodHS256, key.Secret, nil, without("exp")),
		"expired":           sign(jwt.SigningMethodHS256, key.Secret, nil, with("exp", now.Unix())),
		"expiry as text":    sign(jwt.SigningMethodHS256, key.Secret, nil, with("exp", "tomorrow")),
		"no user":           sign(jwt.SigningMethodHS256, key.Secret, nil, without("sub")),
		"user not an id":    sign(jwt.SigningMethodHS256, key.Secret, nil, with("sub", "1")),
		"no session":        sign(jwt.SigningMethodHS256, key.Secret, nil, without("sid")),
		"unknown role":      sign(jwt.SigningMethodHS256, key.Secret, nil, with("role", "mayor")),
		"overlong":          sign(jwt.SigningMethodHS256, key.Secret, nil, with("x", strings.Repeat("x", 2000))),
	} {
		_, err := s.Verify(token, now)
		require.ErrorIs(t, err, access.ErrAccessToken, name)
	}
}

func TestATokenIsAnOrdinaryJWTToOthers(t *testing.T) {
	t.Parallel()
	key, want := freshKeys(t)[0], claims()
	text, err := signer(t, key).Issue(want)
	require.NoError(t, err)
	var body jwt.RegisteredClaims
	token, err := jwt.ParseWithClaims(text, &body, func(*jwt.Token) (any, error) { return key.Secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(), jwt.WithIssuer("lovesaijo"), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	require.NoError(t, err)
	require.Equal(t, key.ID, token.Header["kid"])
	require.Equal(t, want.User.String(), body.Subject)
}

func TestSignersNeedProperKeys(t *testing.T) {
	t.Parallel()
	key := freshKeys(t)[0]
	for _, keys := range [][]crypt.Key{nil, {{ID: "short", Secret: []byte("short")}}, {key, key}} {
		_, err := crypt.NewTokenSigner(keys)
		require.Error(t, err)
	}
}

func TestAPasswordIsVerifiedAgainstItsOwnHash(t *testing.T) {
	t.Parallel()
	var hasher crypt.Argon2id
	hash, err := hasher.Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.Contains(t, hash, "$argon2id$v=19$m=19456,t=2,p=1$")
	again, err := hasher.Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.NotEqual(t, hash, again)
	right, err := hasher.Verify(t.Context(), "correct horse battery", hash)
	require.NoError(t, err)
	require.True(t, right)
	wrong, err := hasher.Verify(t.Context(), "wrong horse battery", hash)
	require.NoError(t, err)
	require.False(t, wrong)
	_, err = hasher.Verify(t.Context(), "correct horse battery", "secret that is no hash")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestASealIsVerifiedByAnyoneAndBreaksWithAnyChange(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "seal.key")
	seed, err := crypt.SealSeed("", path)
	require.NoError(t, err)
	seal := crypt.NewSealer(seed).Seal([]byte("head of block 7"))
	again, err := crypt.SealSeed("", path)
	require.NoError(t, err)
	sealer := crypt.NewSealer(again)
	require.True(t, sealer.Verify([]byte("head of block 7"), seal))
	require.False(t, sealer.Verify([]byte("head of block 8"), seal))
	seal[3] ^= 1
	require.False(t, sealer.Verify([]byte("head of block 7"), seal))
	require.False(t, sealer.Verify([]byte("head of block 7"), nil))
	require.Len(t, sealer.Public(), 32)
}

func TestAKeyFileIsMadeOnceForAllProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "access.key")
	got := make([][]crypt.Key, 8)
	var processes sync.WaitGroup
	for i := range got {
		processes.Go(func() { got[i], _ = crypt.AccessKeys("", path) })
	}
	processes.Wait()
	for _, keys := range got {
		require.Len(t, keys, 1)
		require.Equal(t, got[0][0].ID, keys[0].ID)
		require.Equal(t, got[0][0].Secret, keys[0].Secret)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no drafts stay")
}

func TestKeysAreReadStrictlyAndNeverShown(t *testing.T) {
	t.Parallel()
	secret := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	keys, err := crypt.AccessKeys("new "+secret+"\nold "+secret+"\n", "")
	require.NoError(t, err)
	require.Equal(t, []string{"new", "old"}, []string{keys[0].ID, keys[1].ID})
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, keys), "0123456789")

	for _, value := range []string{secret, "id " + secret[:20], "id not-base64!", "bad id! " + secret, "new " + secret + "\n\nold " + secret} {
		_, err := crypt.AccessKeys(value, "")
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret[:16])
	}
	_, err = crypt.AccessKeys("", "")
	require.Error(t, err)
	_, err = crypt.SealSeed("c2hvcnQ=", "")
	require.Error(t, err)

	open := filepath.Join(t.TempDir(), "open.key")
	require.NoError(t, os.WriteFile(open, []byte("id "+secret), 0o644))
	_, err = crypt.AccessKeys("", open)
	require.ErrorContains(t, err, "chmod 600")
}

func BenchmarkVerify(b *testing.B) {
	s := signer(b, freshKeys(b)...)
	token, err := s.Issue(claims())
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(token, now); err != nil {
			b.Fatal(err)
		}
	}
}

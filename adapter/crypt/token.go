package crypt

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"lovesaijo/domain/access"
	"lovesaijo/domain/user"
)

const (
	issuer    = "lovesaijo"
	tokenType = "at+jwt" // RFC 9068: nothing else that is signed with these keys can pass for an access token
)

// tokenBytesMax bounds what is looked at; our tokens have some 350 bytes.
const tokenBytesMax = 1024

// TokenSigner signs and verifies access tokens. They are ordinary JWTs, but a token's header is not parsed: it must
// be, to the letter, the header that this platform writes for one of its keys, so that neither the algorithm nor
// anything else can be chosen by whoever sends it. That also halves the work, which every payment pays.
type TokenSigner struct {
	header  string            // of the key that signs
	secrets map[string][]byte // by header
}

// NewTokenSigner makes a signer that signs with the first key and verifies with all of them.
func NewTokenSigner(keys []Key) (*TokenSigner, error) {
	if len(keys) == 0 {
		return nil, errors.New("access keys: none given")
	}
	s := &TokenSigner{header: headerOf(keys[0]), secrets: make(map[string][]byte, len(keys))}
	for _, key := range keys {
		header := headerOf(key)
		if _, twice := s.secrets[header]; twice {
			return nil, fmt.Errorf("access keys: identifier %q given twice", key.ID)
		}
		if len(key.Secret) < keyBytes || !keyID.MatchString(key.ID) {
			return nil, fmt.Errorf("access key %q: shorter than %d bytes or not well named", key.ID, keyBytes)
		}
		s.secrets[header] = key.Secret
	}
	return s, nil
}

// headerOf gives the encoded header of tokens that key signs. An identifier needs no escaping; keyID sees to that.
func headerOf(key Key) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"` + key.ID + `","typ":"` + tokenType + `"}`))
}

// tokenClaims is the body of a token.
type tokenClaims struct {
	Issuer  string           `json:"iss"`
	User    user.ID          `json:"sub"`
	Role    string           `json:"role"`
	Wallet  access.WalletID  `json:"wal"`
	Session access.SessionID `json:"sid"`
	Issued  int64            `json:"iat"`
	Expires int64            `json:"exp"`
}

// Issue signs the claims.
func (s *TokenSigner) Issue(claims access.Claims) (string, error) {
	body, err := json.Marshal(tokenClaims{
		Issuer: issuer, User: claims.User, Role: claims.Role.String(), Wallet: claims.Wallet, Session: claims.Session,
		Issued: claims.IssuedAt.Unix(), Expires: claims.ExpiresAt.Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("access token: %w", err)
	}
	signed := s.header + "." + base64.RawURLEncoding.EncodeToString(body)
	signature, err := jwt.SigningMethodHS256.Sign(signed, s.secrets[s.header])
	if err != nil {
		return "", fmt.Errorf("access token: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// strict refuses encodings whose last bits mean nothing, so that a token has one form only.
var strict = base64.RawURLEncoding.Strict()

// Verify gives the claims of a token that this platform signed and that has not expired at now.
func (s *TokenSigner) Verify(token string, now time.Time) (access.Claims, error) {
	last := strings.LastIndexByte(token, '.')
	if last < 0 || len(token) > tokenBytesMax {
		return access.Claims{}, access.ErrAccessToken
	}
	signed := token[:last]
	header, encoded, _ := strings.Cut(signed, ".")
	secret, ours := s.secrets[header]
	if !ours {
		return access.Claims{}, access.ErrAccessToken
	}
	signature, err := strict.DecodeString(token[last+1:])
	if err != nil || jwt.SigningMethodHS256.Verify(signed, signature, secret) != nil {
		return access.Claims{}, access.ErrAccessToken
	}
	var body tokenClaims
	text, err := strict.DecodeString(encoded)
	if err != nil || json.Unmarshal(text, &body) != nil {
		return access.Claims{}, access.ErrAccessToken
	}
	role, known := user.ParseRole(body.Role)
	if !known || body.Issuer != issuer || body.User.IsZero() || body.Session.IsZero() || now.Unix() >= body.Expires {
		return access.Claims{}, access.ErrAccessToken
	}
	return access.Claims{
		User: body.User, Role: role, Wallet: body.Wallet, Session: body.Session,
		IssuedAt: time.Unix(body.Issued, 0).UTC(), ExpiresAt: time.Unix(body.Expires, 0).UTC(),
	}, nil
}

var _ access.Signer = (*TokenSigner)(nil)

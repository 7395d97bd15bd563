package accesstest

import (
	"context"
	"crypto/rand"
	"maps"
	"sync"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

// Memory is the plainest keeping of credentials and sessions that fulfils the contract, for the suites to be held
// against and for tests of activities. Its users are kept beside it; a unit holds the lock of those.
type Memory struct {
	Users       *usertest.Memory
	credentials map[user.ID]access.Credential // guarded by the unit of Users
}

// NewMemory makes an empty one beside users.
func NewMemory(users *usertest.Memory) *Memory {
	return &Memory{Users: users, credentials: map[user.ID]access.Credential{}}
}

// Begin begins a unit over users and credentials, which end commits or turns back.
func (m *Memory) Begin() (end func(commit bool)) {
	endUsers := m.Users.Begin()
	kept := maps.Clone(m.credentials)
	return func(commit bool) {
		if !commit {
			m.credentials = kept
		}
		endUsers(commit)
	}
}

// Do runs one unit.
func (m *Memory) Do(ctx context.Context, work func(context.Context, Stores) error) error {
	end := m.Begin()
	committed := false
	defer func() { end(committed) }()
	err := work(ctx, Stores{Directory: m.Users.Stores().Directory, Credentials: m})
	committed = err == nil
	return err
}

// Set enters credentials.
func (m *Memory) Set(_ context.Context, credentials ...access.Credential) error {
	for _, c := range credentials {
		m.credentials[c.User] = c
	}
	return nil
}

// Of gives a user's credential.
func (m *Memory) Of(_ context.Context, id user.ID) (access.Credential, error) {
	if c, known := m.credentials[id]; known {
		return c, nil
	}
	return access.Credential{}, access.ErrNoCredential
}

// MemorySessions keeps sessions in this process.
type MemorySessions struct {
	mu       sync.Mutex
	families map[access.SessionID]*family
}

type family struct {
	access.Session
	current, previous string
	rotatedAt         time.Time
	ended             bool
}

// NewMemorySessions makes an empty one.
func NewMemorySessions() *MemorySessions {
	return &MemorySessions{families: map[access.SessionID]*family{}}
}

// Start begins a session.
func (s *MemorySessions) Start(_ context.Context, session access.Session) (access.RefreshToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &family{Session: session, current: rand.Text()}
	s.families[session.ID] = f
	return f.token(), nil
}

// Rotate exchanges a token for its successor.
func (s *MemorySessions) Rotate(_ context.Context, token access.RefreshToken, now time.Time) (access.Session, access.RefreshToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(token) < 38 {
		return access.Session{}, "", access.ErrSession
	}
	id, err := ident.Parse[access.Session](string(token[:36]))
	f, known := s.families[id]
	if err != nil || !known || f.ended || !now.Before(f.ExpiresAt) {
		return access.Session{}, "", access.ErrSession
	}
	switch secret := string(token[37:]); {
	case secret == f.current:
		f.previous, f.current, f.rotatedAt = f.current, rand.Text(), now
	case secret == f.previous && now.Before(f.rotatedAt.Add(access.RotationLeeway)):
	default:
		f.ended = true
		return f.Session, "", access.ErrSessionReused
	}
	return f.Session, f.token(), nil
}

// End ends a session.
func (s *MemorySessions) End(_ context.Context, id access.SessionID, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, known := s.families[id]; known {
		f.ended = true
	}
	return nil
}

// EndAll ends all sessions of a user.
func (s *MemorySessions) EndAll(_ context.Context, id user.ID, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.families {
		f.ended = f.ended || f.User == id
	}
	return nil
}

// Revoked tells whether a session has ended.
func (s *MemorySessions) Revoked(id access.SessionID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.families[id]
	return known && f.ended
}

func (f *family) token() access.RefreshToken {
	return access.RefreshToken(f.ID.String() + "." + f.current)
}

var (
	_ access.Credentials = (*Memory)(nil)
	_ access.Sessions    = (*MemorySessions)(nil)
	_ access.Revocations = (*MemorySessions)(nil)
)

package pgcluster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// lockWaitMax covers the moment in which a killed holder is still being taken apart by the kernel.
	lockWaitMax = 3 * time.Second
	lockPoll    = 20 * time.Millisecond

	logBytesMax = 8 << 20
)

// home is one uid's part of the data root: the lock, the server's log, the password, and, unless the
// server runs as somebody else, its data and socket. The process that has the lock owns all of it.
type home struct {
	dir  string
	file *os.File
}

func openHome(ctx context.Context, dir string) (*home, error) {
	if dir == "" {
		return nil, errors.New("database folder: no folder given")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("database folder %s: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return nil, fmt.Errorf("database folder %s: %w (give a folder that user %d may write)", abs, err, os.Geteuid())
	}
	h := &home{dir: homeDir(abs)}
	if err := privateDir(h.dir, os.Geteuid(), os.Getegid()); err != nil {
		return nil, err
	}
	if err := h.lock(ctx, lockWaitMax); err != nil {
		return nil, err
	}
	return h, nil
}

// lock takes the home for this process. The kernel gives the lock back when the process ends, so there
// is nothing to clean up after a crash.
func (h *home) lock(ctx context.Context, wait time.Duration) error {
	path := filepath.Join(h.dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	for deadline := time.Now().Add(wait); ; {
		taken, err := tryLock(file)
		switch {
		case err != nil:
			return errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		case taken:
			h.file = file
			return h.sign()
		case time.Now().After(deadline):
			holder, _ := os.ReadFile(path)
			err := fmt.Errorf("%w: %s belongs to process %s; stop that one or choose another folder",
				ErrInUse, h.dir, strings.TrimSpace(string(holder)))
			return errors.Join(err, file.Close())
		}
		if err := pause(ctx, lockPoll); err != nil {
			return errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
	}
}

// sign leaves the holder's pid in the lock file for the one who finds it taken.
func (h *home) sign() error {
	err := h.file.Truncate(0)
	if err == nil {
		_, err = h.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("lock %s: %w", h.file.Name(), err), h.Close())
	}
	return nil
}

// Close gives the lock back. Closing the file alone would not: a child that another goroutine is forking
// at this moment has the file open too, until it executes its program.
func (h *home) Close() error {
	if h.file == nil {
		return nil
	}
	return errors.Join(unlock(h.file), h.file.Close())
}

func (h *home) logFile() string { return filepath.Join(h.dir, "postgres.log") }

// openLog continues the server's log, keeping one older file when it has grown.
func (h *home) openLog() (*os.File, error) {
	if info, err := os.Stat(h.logFile()); err == nil && info.Size() > logBytesMax {
		if err := os.Rename(h.logFile(), h.logFile()+".1"); err != nil {
			return nil, fmt.Errorf("postgres log: %w", err)
		}
	}
	file, err := os.OpenFile(h.logFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("postgres log: %w", err)
	}
	return file, nil
}

// secret is the password for TCP connections, made once and kept.
func (h *home) secret() (string, error) {
	path := filepath.Join(h.dir, "password")
	if kept, err := os.ReadFile(path); err == nil && len(kept) > 0 {
		return string(kept), nil
	}
	made := rand.Text()
	if err := os.WriteFile(path, []byte(made), 0o600); err != nil {
		return "", fmt.Errorf("database password: %w", err)
	}
	return made, nil
}

// exile is where the files go that an unprivileged user must reach while the home belongs to root.
func (h *home) exile() string { return filepath.Join("/var/tmp", h.nickname()) }

// shortRun holds the socket when the home's own path is too long for one.
func (h *home) shortRun() string { return filepath.Join("/tmp", h.nickname()) }

// nickname is short, and the same in every process: the address of the database survives a restart.
func (h *home) nickname() string {
	sum := sha256.Sum256([]byte(h.dir))
	return fmt.Sprintf("lovesaijo-%d-%s", os.Geteuid(), hex.EncodeToString(sum[:6]))
}

// privateDir makes sure that path is a folder only uid may enter. Some of these folders stand where
// everybody may write, so one that somebody else put there is refused, as is a link.
func privateDir(path string, uid, gid int) error {
	err := os.Mkdir(path, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("private folder: %w", err)
	}
	made := err == nil
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("private folder: %w", err)
	}
	owner := ownerOf(info)
	if !info.IsDir() || !made && owner != uid {
		return fmt.Errorf("private folder %s: not a folder of uid %d; remove it or choose another data folder", path, uid)
	}
	if owner != uid {
		if err := os.Lchown(path, uid, gid); err != nil {
			return fmt.Errorf("private folder: %w", err)
		}
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(path, 0o700); err != nil {
			return fmt.Errorf("private folder: %w", err)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

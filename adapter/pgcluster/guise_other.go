//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package pgcluster

import (
	"errors"
	"os"
	"runtime"
)

var errSystem = errors.New("the embedded database does not run on " + runtime.GOOS +
	": name a PostgreSQL server by LOVESAIJO_DATABASE_URL")

func plain() guise { return guise{} }

func demoted() (guise, error) { return guise{}, errSystem }

func namespaced() (guise, error) { return guise{}, errSystem }

// tryLock refuses every folder, and with it every start, because nothing could be promised about it.
func tryLock(*os.File) (bool, error) { return false, errSystem }

func unlock(*os.File) error { return nil }

func ownerOf(os.FileInfo) int { return os.Geteuid() }

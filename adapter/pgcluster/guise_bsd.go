//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package pgcluster

import (
	"errors"
	"syscall"
)

// attributes give a child a process group of its own. These systems have no signal for the death of the
// parent: a server that outlives it is shut down by the next start on its folder.
func attributes(syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

func namespaced() (guise, error) {
	return guise{}, errors.New("user namespaces exist on Linux only")
}

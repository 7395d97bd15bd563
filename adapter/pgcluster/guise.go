//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package pgcluster

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// plain runs the server as the user this process already is.
func plain() guise {
	return guise{name: "uid " + strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid(), attributes: attributes}
}

// demoted runs the server as an unprivileged user, which only root can do.
func demoted() (guise, error) {
	uid, gid, err := bystander()
	if err != nil {
		return guise{}, err
	}
	return guise{
		name: fmt.Sprintf("unprivileged uid %d", uid), uid: uid, gid: gid, exiled: true,
		attributes: func(death syscall.Signal) *syscall.SysProcAttr {
			a := attributes(death)
			a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			return a
		},
	}, nil
}

// bystander is a user of this machine other than root. It needs an entry in the user list, because
// initdb looks its own name up.
func bystander() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody", "daemon", "bin"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if errUID == nil && errGID == nil && uid > 0 {
			return uid, gid, nil
		}
	}
	return 0, 0, errors.New("postgres does not run as root, and this machine has no user postgres, nobody or daemon " +
		"to run it as: add one, run as an ordinary user, or name a server by LOVESAIJO_DATABASE_URL")
}

// tryLock takes an exclusive lock on file unless another open file has it.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func unlock(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

func ownerOf(info os.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

package pgcluster

import (
	"os"
	"strconv"
	"syscall"
)

// attributes give a child a process group of its own, so that Ctrl-C at the terminal reaches only this
// process, which then stops the server when its own work is done; and a signal for when this process dies.
func attributes(death syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death}
}

// namespaced runs the server in a user namespace in which root has the number of an ordinary user. The
// files stay root's outside, so nothing has to change hands.
func namespaced() (guise, error) {
	uid, gid, err := bystander()
	if err != nil {
		return guise{}, err
	}
	return guise{
		name: "root in a user namespace as uid " + strconv.Itoa(uid), uid: os.Geteuid(), gid: os.Getegid(),
		attributes: func(death syscall.Signal) *syscall.SysProcAttr {
			a := attributes(death)
			a.Cloneflags = syscall.CLONE_NEWUSER
			a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Geteuid(), Size: 1}}
			a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: os.Getegid(), Size: 1}}
			return a
		},
	}, nil
}

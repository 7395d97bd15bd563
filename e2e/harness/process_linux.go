package harness

import "syscall"

// endsWithParent gives a child a process group of its own, and the end should this process be killed.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

//go:build !linux

package harness

import "syscall"

// endsWithParent gives a child a process group of its own. Only Linux can tie its life to this process.
func endsWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

package loadgen

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU time in /proc/<pid>/stat, the same on every Linux.
const clockTick = 10 * time.Millisecond

// steadyTries bounds the wait for PostgreSQL's processes to hold still while they are counted.
const (
	steadyTries = 100
	steadyPause = 5 * time.Millisecond
)

// Cost is CPU time, user and system, in seconds. What cannot be read, on a system without /proc for example, is nil.
type Cost struct {
	Server   *float64 `json:"server,omitempty"`
	Postgres *float64 `json:"postgres,omitempty"` // all processes of the cluster
	Client   *float64 `json:"client,omitempty"`   // this process, or pgbench
}

// Memory is what the processes have held at most, in bytes.
type Memory struct {
	Server   *int64 `json:"server,omitempty"`   // peak resident (VmHWM)
	Postgres *int64 `json:"postgres,omitempty"` // proportional (PSS) over all processes, so that what they share counts once; the highest seen at the end of a stretch
	Client   *int64 `json:"client,omitempty"`   // peak resident (VmHWM)
}

// watch reads what processes have used.
type watch struct {
	server, postmaster int // 0 when unknown
	memory             Memory
}

func (w *watch) all() Cost {
	return Cost{Server: spent(w.server, ownTime), Postgres: spent(w.postmaster, familyTime), Client: spent(os.Getpid(), ownTime)}
}

func (w *watch) postgres() Cost { return Cost{Postgres: spent(w.postmaster, familyTime)} }

func spent(pid int, read func(pid int) (time.Duration, error)) *float64 {
	if pid == 0 {
		return nil
	}
	t, err := read(pid)
	if err != nil {
		return nil
	}
	return ptr(seconds(t))
}

func (c Cost) since(before Cost) Cost {
	minus := func(a, b *float64) *float64 {
		if a == nil || b == nil {
			return nil
		}
		return ptr(max(*a-*b, 0))
	}
	return Cost{minus(c.Server, before.Server), minus(c.Postgres, before.Postgres), minus(c.Client, before.Client)}
}

func (w *watch) lookAtMemory() {
	if n, err := peakResident(w.server); err == nil {
		w.memory.Server = &n
	}
	if n, err := peakResident(os.Getpid()); err == nil {
		w.memory.Client = &n
	}
	if n, err := familyMemory(w.postmaster); err == nil && (w.memory.Postgres == nil || n > *w.memory.Postgres) {
		w.memory.Postgres = &n
	}
}

// process is what /proc/<pid>/stat tells of one.
type process struct {
	pid, parent int
	name        string
	own, waited time.Duration // CPU time of itself, and of its children that ended
}

func processOf(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, fmt.Errorf("process %d: %w", pid, err)
	}
	return parseStat(pid, string(text))
}

// parseStat reads the line of proc(5). The name stands in brackets and may itself hold brackets and blanks.
func parseStat(pid int, line string) (process, error) {
	open, shut := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || shut < open {
		return process{}, fmt.Errorf("process %d: stat not understood", pid)
	}
	fields := strings.Fields(line[shut+1:]) // from the third on: state, ppid, …, utime, stime, cutime, cstime
	if len(fields) < 15 {
		return process{}, fmt.Errorf("process %d: stat not understood", pid)
	}
	var numbers [5]int64
	for i, at := range []int{1, 11, 12, 13, 14} {
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return process{}, fmt.Errorf("process %d: stat: %w", pid, err)
		}
		numbers[i] = n
	}
	return process{
		pid: pid, parent: int(numbers[0]), name: line[open+1 : shut],
		own:    time.Duration(numbers[1]+numbers[2]) * clockTick,
		waited: time.Duration(numbers[3]+numbers[4]) * clockTick,
	}, nil
}

func ownTime(pid int) (time.Duration, error) {
	p, err := processOf(pid)
	return p.own, err
}

// familyTime is the CPU time of a postmaster and of all its children, living and ended. The time of a child that
// ends moves to its parent, so the count is repeated until no child came or went during it.
func familyTime(pid int) (time.Duration, error) {
	for range steadyTries {
		before, err := childrenOf(pid)
		if err != nil {
			return 0, err
		}
		parent, err := processOf(pid)
		if err != nil {
			return 0, err
		}
		after, err := childrenOf(pid)
		if err != nil {
			return 0, err
		}
		if samePIDs(before, after) {
			sum := parent.own + parent.waited
			for _, child := range after {
				sum += child.own + child.waited
			}
			return sum, nil
		}
		time.Sleep(steadyPause)
	}
	return 0, fmt.Errorf("process %d: its children do not hold still", pid)
}

func samePIDs(a, b []process) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].pid != b[i].pid {
			return false
		}
	}
	return true
}

// childrenOf gives a process's children in the order of their pids.
func childrenOf(pid int) ([]process, error) {
	folders, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("processes: %w", err)
	}
	var children []process
	for _, folder := range folders {
		child, err := strconv.Atoi(folder.Name())
		if err != nil {
			continue
		}
		p, err := processOf(child)
		if err == nil && p.parent == pid { // one that ended in between is none of the living
			children = append(children, p)
		}
	}
	return children, nil
}

func peakResident(pid int) (int64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:")
}

func familyMemory(pid int) (int64, error) {
	if pid == 0 {
		return 0, errors.New("postmaster unknown")
	}
	sum, err := kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:")
	if err != nil {
		return 0, err
	}
	children, err := childrenOf(pid)
	for _, child := range children {
		if n, err := kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", child.pid), "Pss:"); err == nil {
			sum += n
		}
	}
	return sum, err
}

// kilobytes reads a line such as "VmHWM:   1234 kB" of a file in /proc, as bytes.
func kilobytes(path, label string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == label && fields[2] == "kB" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("memory in %s: %w", path, err)
			}
			return n << 10, nil
		}
	}
	return 0, fmt.Errorf("memory: %s has no %s", path, label)
}

// listener is the process that listens on a TCP port of this machine, 0 when there is none to be seen.
func listener(port uint16) int {
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line) // sl local rem st … inode
			if len(fields) > 9 && fields[3] == "0A" && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				sockets["socket:["+fields[9]+"]"] = true
			}
		}
	}
	if len(sockets) == 0 {
		return 0
	}
	handles, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0
	}
	for _, handle := range handles {
		if target, err := os.Readlink(handle); err == nil && sockets[target] {
			pid, err := strconv.Atoi(strings.Split(handle, "/")[2])
			if err == nil {
				return pid
			}
		}
	}
	return 0
}

// Machine is what the figures were taken on.
type Machine struct {
	Cores     int    `json:"cores"`
	Processor string `json:"processor,omitempty"`
	System    string `json:"system"`
}

func thisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH}
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m
	}
	for line := range bytes.Lines(text) {
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.TrimSpace(name)) == "model name" {
			m.Processor = string(bytes.TrimSpace(value))
			break
		}
	}
	return m
}

func seconds(d time.Duration) float64 { return d.Seconds() }

func ptr[T any](value T) *T { return &value }

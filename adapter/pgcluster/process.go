package pgcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	readyPoll    = 5 * time.Millisecond
	retryPoll    = 100 * time.Millisecond
	logTailBytes = 2048
)

// remnants are complaints of a server that finds its killed predecessor not quite gone. They pass.
var remnants = []string{"pre-existing shared memory block", `lock file "`}

// process is a running postmaster.
type process struct {
	pid  int
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of the wait; set before done is closed
}

// launch starts the server and waits until it accepts connections, trying again while what is left of
// a killed predecessor stands in the way.
func launch(ctx context.Context, s *site, settings map[string]string, log *slog.Logger) (*process, error) {
	for deadline := time.Now().Add(retryMax); ; {
		p, complaint, err := attempt(ctx, s, settings)
		if err == nil {
			return p, nil
		}
		passes := false
		for _, remnant := range remnants {
			passes = passes || strings.Contains(complaint, remnant)
		}
		if !passes || time.Now().After(deadline) {
			return nil, err
		}
		log.Info("postgres not started yet, its predecessor is still going", "data", s.data)
		if err := pause(ctx, retryPoll); err != nil {
			return nil, fmt.Errorf("postgres start: %w", err)
		}
	}
}

// attempt is one try; when the server ended at once, it also returns what the server said.
func attempt(ctx context.Context, s *site, settings map[string]string) (*process, string, error) {
	log, err := s.home.openLog()
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = log.Close() }()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", fmt.Errorf("postgres log: %w", err)
	}
	p, err := spawn(s, settings, log)
	if err != nil {
		return nil, "", fmt.Errorf("postgres start from %s as %s: %w", s.server.dir, s.guise.name, err)
	}
	err = p.ready(ctx, s.data)
	if err == nil {
		return p, "", nil
	}
	_ = p.end(syscall.SIGQUIT, forcedStopMax)
	said := tail(s.home.logFile(), from)
	return nil, said, fmt.Errorf("postgres on %s: %w; its log %s ends with\n%s", s.data, err, s.home.logFile(), said)
}

// spawn forks the server. The signal that a child gets on the death of its parent is, in Linux, tied to
// the thread that forked it, so that thread is kept until the child has ended.
func spawn(s *site, settings map[string]string, log *os.File) (*process, error) {
	args := append([]string{"-D", s.data, "-k", s.run}, arguments(settings)...)
	cmd := exec.Command(s.server.path("postgres"), args...)
	cmd.Dir = s.base
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = s.guise.attributes(syscall.SIGINT)

	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

// ready waits until the server says in its pid file that it accepts connections.
func (p *process) ready(ctx context.Context, data string) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryMax)
	defer cancel()
	for {
		if pid, status := postmaster(data); pid == p.pid && status == "ready" {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("ended during its start: %w", p.cause())
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", ctx.Err())
		case <-time.After(readyPoll):
		}
	}
}

// end sends the signal and waits for the server to be gone, with growing force: an interrupt closes
// connections and writes a checkpoint, a quit leaves recovery to the next start.
func (p *process) end(signal syscall.Signal, patience time.Duration) error {
	var forced error
	for {
		if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("postgres %d: signal %s: %w", p.pid, signal, err)
		}
		select {
		case <-p.done:
			return forced
		case <-time.After(patience):
		}
		forced = fmt.Errorf("postgres %d did not end within %s of %s and had to be forced", p.pid, patience, signal)
		switch signal {
		case syscall.SIGINT:
			signal, patience = syscall.SIGQUIT, forcedStopMax
		case syscall.SIGQUIT:
			signal, patience = syscall.SIGKILL, forcedStopMax
		default:
			return fmt.Errorf("postgres %d does not end", p.pid)
		}
	}
}

// cause is why the process ended, once done is closed.
func (p *process) cause() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// postmaster reads the pid file of a data folder: the pid on its first line, the status on its eighth.
func postmaster(data string) (pid int, status string) {
	content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, ""
	}
	lines := strings.Split(string(content), "\n")
	pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid < 2 {
		return 0, ""
	}
	if len(lines) > 7 {
		status = strings.TrimSpace(lines[7])
	}
	return pid, status
}

// evict makes room for a new server. The lock is ours, so a server that still runs here has lost its
// parent: it is shut down. A pid file that names a process which is no such server is a leftover, and
// would stop the new server if that number has been given to somebody else meanwhile.
func (s *site) evict(ctx context.Context, log *slog.Logger) error {
	pid, _ := postmaster(s.data)
	began, signal := time.Now(), syscall.Signal(0)
	for pid != 0 && serves(pid, s.data) {
		next := syscall.SIGINT
		switch waited := time.Since(began); {
		case waited > fastStopMax+forcedStopMax:
			return fmt.Errorf("postgres %d still works on %s and does not end; end it by hand", pid, s.data)
		case waited > fastStopMax:
			next = syscall.SIGQUIT
		}
		if next != signal {
			signal = next
			log.Info("postgres left over from an ended process, shutting it down", "pid", pid, "signal", signal.String())
			if err := send(pid, signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("postgres %d on %s: %w", pid, s.data, err)
			}
		}
		if err := pause(ctx, lockPoll); err != nil {
			return fmt.Errorf("postgres %d on %s: %w", pid, s.data, err)
		}
	}
	for _, leftover := range []string{filepath.Join(s.data, "postmaster.pid"), s.socket(), s.socket() + ".lock"} {
		if err := os.RemoveAll(leftover); err != nil {
			return fmt.Errorf("postgres leftover: %w", err)
		}
	}
	return nil
}

func send(pid int, signal os.Signal) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(signal)
}

// serves says whether pid is a server of the data folder, by its command line. A process that has ended
// and waits for its parent to notice has none.
func serves(pid int, data string) bool {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil && runtime.GOOS != "linux" {
		line, err = exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	}
	return err == nil && bytes.Contains(line, []byte(data))
}

// tail is the end of what was written to a file after the offset.
func tail(path string, from int64) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil {
		from = max(from, info.Size()-logTailBytes)
	}
	content, _ := io.ReadAll(io.NewSectionReader(file, from, logTailBytes))
	return strings.TrimSpace(string(content))
}

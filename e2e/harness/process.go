package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	politeMax = 30 * time.Second // for an orderly end
	pollEvery = 20 * time.Millisecond
)

// Process is one program that the harness runs, again and again if it is killed. Its output goes to a log file.
type Process struct {
	name string
	path string
	args []string
	env  []string
	dir  string
	log  string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when the running one has ended
}

// Start runs the program and waits until ready holds. It fails at once when the program ends.
func (p *Process) Start(ctx context.Context, ready func(ctx context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("%s runs already", p.name)
	}
	if err := p.spawn(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			ended := p.cmd.ProcessState
			p.cmd = nil
			return fmt.Errorf("%s ended while it started (%s)", p.name, ended)
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s does not get ready: %w", p.name, err), p.end(syscall.SIGKILL))
		case <-poll.C:
		}
	}
}

// spawn forks the program. In Linux the signal that a child gets on the death of its parent is tied to the thread
// that forked it, so that thread is kept for as long as the child lives.
func (p *Process) spawn() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.path, p.args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = p.env, p.dir, log, log
	cmd.SysProcAttr = endsWithParent()
	started, done := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(done)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	p.cmd, p.done = cmd, done
	return nil
}

// PID is the process identifier; zero while it does not run.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Kill ends the program with kill -9, as a crash would, and waits until it is gone.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("%s does not run", p.name)
	}
	return p.end(syscall.SIGKILL)
}

// Stop asks the program to end, and forces it when it does not. An end by itself, a forced one and one with another
// exit code than 0 are errors; stopping what does not run is none.
func (p *Process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	select {
	case <-p.done:
		state := p.cmd.ProcessState
		p.cmd = nil
		return fmt.Errorf("%s had ended by itself (%s)", p.name, state)
	default:
	}
	cmd := p.cmd
	err := p.end(syscall.SIGTERM)
	if err == nil && cmd.ProcessState.ExitCode() != 0 {
		err = fmt.Errorf("%s ended badly when asked to (%s)", p.name, cmd.ProcessState)
	}
	return err
}

func (p *Process) end(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.name, err)
	}
	patience := time.NewTimer(politeMax)
	defer patience.Stop()
	var forced error
	select {
	case <-p.done:
	case <-patience.C:
		forced = fmt.Errorf("%s did not end on %s and had to be killed", p.name, signal)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	p.cmd = nil
	return forced
}

package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

const (
	logLinesShown   = 40  // the end of each log
	errorLinesShown = 20  // warnings and errors before that
	logLineBytes    = 600 // of one line
)

// showLogs prints the end of every log, and the errors before it: who looks at a failure has no other way to them,
// since the folder goes.
func (w *World) showLogs() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, file := range w.logs {
		content, err := os.ReadFile(file)
		if err != nil || len(content) == 0 {
			continue
		}
		lines := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
		cut := max(0, len(lines)-logLinesShown)
		fmt.Fprintf(os.Stderr, "\n--- %s (%d lines)\n", filepath.Base(file), len(lines))
		shown := 0
		for _, line := range lines[:cut] {
			if shown < errorLinesShown && alarming(line) {
				fmt.Fprintf(os.Stderr, "%s\n", line[:min(len(line), logLineBytes)])
				shown++
			}
		}
		for _, line := range lines[cut:] {
			fmt.Fprintf(os.Stderr, "%s\n", line[:min(len(line), logLineBytes)])
		}
	}
}

func alarming(line []byte) bool {
	for _, mark := range []string{`"ERROR"`, `"WARN"`, "ERROR:", "FATAL:", "PANIC:", "panic"} {
		if bytes.Contains(line, []byte(mark)) {
			return true
		}
	}
	return false
}

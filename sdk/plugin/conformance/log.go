package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// tail keeps what a plugin writes to standard error.
type tail struct {
	to io.Writer

	mu    sync.Mutex
	text  []byte // of the last line, until it ends
	lines [][]byte
	bytes int
}

func newTail(to io.Writer) *tail { return &tail{to: to} }

// maxKept is how much of a log is kept: enough to find what is wrong with it.
const maxKept = 4 << 20

func (t *tail) Write(b []byte) (int, error) {
	if t.to != nil {
		_, _ = t.to.Write(b) // for people, who may have left
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += len(b)
	if t.bytes > maxKept {
		return len(b), nil
	}
	t.text = append(t.text, b...)
	for {
		line, rest, found := bytes.Cut(t.text, []byte("\n"))
		if !found {
			return len(b), nil
		}
		t.lines, t.text = append(t.lines, bytes.Clone(line)), rest
	}
}

func (t *tail) all() (lines [][]byte, size int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines = append([][]byte{}, t.lines...)
	if len(bytes.TrimSpace(t.text)) > 0 {
		lines = append(lines, bytes.Clone(t.text))
	}
	return lines, t.bytes
}

// words are its last lines, for an error.
func (t *tail) words() string {
	lines, _ := t.all()
	if len(lines) == 0 {
		return ""
	}
	var b strings.Builder
	for _, line := range lines[max(0, len(lines)-3):] {
		fmt.Fprintf(&b, "\n%.300s", line)
	}
	return ": its log ends with" + b.String()
}

// logLine is a line as hclog writes it.
type logLine struct {
	Level   string `json:"@level"`
	Message string `json:"@message"`
}

func (t *tail) faults() (plain []string, panics string) {
	lines, _ := t.all()
	for _, line := range lines {
		text := string(bytes.TrimSpace(line))
		if text == "" {
			continue
		}
		var l logLine
		if json.Unmarshal(line, &l) != nil || l.Message == "" && l.Level == "" {
			plain = append(plain, text)
		}
		for _, mark := range []string{"panic: ", "fatal error: ", "Traceback (most recent call last)", "UnhandledPromiseRejection", "Segmentation fault", "DATA RACE"} {
			if strings.Contains(text, mark) {
				panics = text
			}
		}
	}
	return plain, panics
}

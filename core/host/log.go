package host

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// What a plugin may log: so many lines at once, then so many a second, each so
// long. The rest is counted.
const (
	logBurst   = 200
	logPerSec  = 20
	logMaxLine = 2000
)

// pluginLog brings a plugin's log into the host's, without secrets, and keeps the
// last error in it, which is why the plugin ended, when it did.
type pluginLog struct {
	log *slog.Logger

	mu      sync.Mutex
	secrets *strings.Replacer
	last    string
	wrote   string // of what is no log: what says best why the program ended
	tokens  float64
	at      time.Time
	dropped int
	flooded time.Time // when a line was left out last
	left    int       // out, since the flood began
	tail    []string  // the newest lines, the oldest of them first
}

func newPluginLog(log *slog.Logger, bridgeID string) *pluginLog {
	return &pluginLog{log: log.With("bridge", bridgeID), secrets: strings.NewReplacer(), tokens: logBurst, at: time.Now()}
}

// hide keeps the values out of the log from now on.
func (l *pluginLog) hide(secrets []string) {
	var pairs []string
	for _, s := range secrets {
		if len(s) >= 4 {
			pairs = append(pairs, s, "[secret]")
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = strings.NewReplacer(pairs...)
}

// clean takes the secrets out of words that came from the plugin.
func (l *pluginLog) clean(s string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.secrets.Replace(s)
}

// lastError is the last error that the plugin logged; it is forgotten then.
func (l *pluginLog) lastError() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.last
	l.last = ""
	return last
}

// lastWordsError is what a plugin logged before it ended, which says more than how a call to it
// failed.
type lastWordsError struct {
	said string
	err  error
}

func (e *lastWordsError) Error() string { return e.said }

func (e *lastWordsError) Unwrap() error { return e.err }

// said prefers the plugin's own last words, if it has ended with any. A failure that the
// plugin answered with is its last word.
func (l *pluginLog) said(err error) error {
	if f, _ := failureOf(err); f != nil {
		return err
	}
	if last := l.lastError(); last != "" {
		return &lastWordsError{last, err}
	}
	return err
}

// logger is what go-plugin logs to.
func (l *pluginLog) logger() hclog.Logger {
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "plugin", Level: hclog.Debug, Output: io.Discard})
	logger.RegisterSink(l)
	return logger
}

// Accept implements hclog.SinkAdapter. Lines of the plugin come from a logger with
// the binary's name; go-plugin's own are of no interest to operators.
func (l *pluginLog) Accept(name string, level hclog.Level, msg string, args ...any) {
	if name == "plugin" || name == "plugin.stdio" {
		l.log.Debug(msg, attributes(args)...)
		return
	}
	to := levels[level]
	if len(args) == 0 {
		l.note(msg)
	}
	if to < slog.LevelInfo && !l.log.Enabled(context.Background(), to) {
		return
	}
	if level >= hclog.Error {
		l.keep(l.clean(cut(msg)), args)
	}
	if !l.admit() {
		return
	}
	l.remember(to, msg, args)
	l.log.Log(context.Background(), to, l.clean(cut(msg)), l.cleanAll(args)...)
}

var levels = map[hclog.Level]slog.Level{
	hclog.Trace: slog.LevelDebug, hclog.Debug: slog.LevelDebug, hclog.Info: slog.LevelInfo,
	hclog.Warn: slog.LevelWarn, hclog.Error: slog.LevelError,
}

// note remembers what an interpreter or a shell wrote: an error, or else the newest line
// that is not part of a listing.
func (l *pluginLog) note(line string) {
	if line == "" || line[0] == ' ' || line[0] == '\t' {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !strings.Contains(l.wrote, "Error") || strings.Contains(line, "Error") {
		l.wrote = l.secrets.Replace(cut(line))
	}
}

// wroteLast is what note has remembered; it is forgotten then.
func (l *pluginLog) wroteLast() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	wrote := l.wrote
	l.wrote = ""
	return wrote
}

// keep remembers the error; of a panic its first line says it.
func (l *pluginLog) keep(msg string, args []any) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "error" {
			msg += ": " + l.clean(cut(fmt.Sprint(args[i+1])))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !strings.HasPrefix(l.last, "panic: ") {
		l.last = msg
	}
}

func (l *pluginLog) cleanAll(args []any) []any {
	var out []any
	for i := 0; i+1 < len(args) && i < 40; i += 2 {
		key := fmt.Sprint(args[i])
		if key == "timestamp" || key == "@module" {
			continue
		}
		out = append(out, key, l.clean(cut(fmt.Sprint(args[i+1]))))
	}
	return out
}

func attributes(args []any) []any {
	var out []any
	for i := 0; i+1 < len(args); i += 2 {
		out = append(out, fmt.Sprint(args[i]), fmt.Sprint(args[i+1]))
	}
	return out
}

func cut(s string) string {
	if len(s) > logMaxLine {
		return strings.ToValidUTF8(s[:logMaxLine], "") + "…"
	}
	return s
}

// admit says whether one more line may be logged, and tells how many were not.
func (l *pluginLog) admit() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.tokens = min(logBurst, l.tokens+now.Sub(l.at).Seconds()*logPerSec)
	l.at = now
	if l.tokens < 1 {
		if now.Sub(l.flooded) > complaintLasts {
			l.left = 0
		}
		l.dropped, l.left, l.flooded = l.dropped+1, l.left+1, now
		return false
	}
	l.tokens--
	if l.dropped > 0 && l.tokens > logPerSec {
		l.log.Warn("the plugin logs too much, lines were left out", "lines", l.dropped)
		l.dropped = 0
	}
	return true
}

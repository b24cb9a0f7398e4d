package host

import (
	"log/slog"
	"strings"
	"time"
)

// tailLines is how many lines of a plugin's log are at hand.
const tailLines = 200

// LogTail are the last lines that the bridge's plugin has logged, and what became of
// it, the oldest first. Secrets are taken out.
func (h *Host) LogTail(bridgeID string) []string {
	r := h.runner(bridgeID)
	if r == nil {
		return nil
	}
	r.plog.mu.Lock()
	defer r.plog.mu.Unlock()
	return append([]string{}, r.plog.tail...)
}

// remember keeps a line of the plugin's for LogTail, whatever the host's own log takes.
func (l *pluginLog) remember(level slog.Level, msg string, args []any) {
	if level < slog.LevelInfo {
		return
	}
	var b strings.Builder
	b.WriteString(l.clean(cut(msg)))
	words := l.cleanAll(args)
	for i := 0; i+1 < len(words); i += 2 {
		b.WriteString(" " + words[i].(string) + "=" + words[i+1].(string))
	}
	l.tell(level, b.String())
}

// tell adds a line to the tail.
func (l *pluginLog) tell(level slog.Level, text string) {
	line := time.Now().UTC().Format("2006-01-02 15:04:05") + " " + level.String() + " " + text
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tail) >= tailLines {
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-tailLines+1:]...)
	}
	l.tail = append(l.tail, strings.ToValidUTF8(line, "?"))
}

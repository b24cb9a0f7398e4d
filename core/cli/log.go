package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
)

// newLogger logs to standard error: lines for people on a terminal, JSON for
// whatever collects logs.
func newLogger(kind string, level slog.Level) (*slog.Logger, error) {
	terminal := onTerminal(os.Stderr)
	switch {
	case kind == "json", kind == "auto" && !terminal:
		return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})), nil
	case kind == "text", kind == "auto":
		return slog.New(textHandler(os.Stderr, level, terminal)), nil
	}
	return nil, fmt.Errorf("--log %s: use text, json or auto", kind)
}

func textHandler(w io.Writer, level slog.Level, colored bool) slog.Handler {
	return tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !colored || os.Getenv("NO_COLOR") != ""})
}

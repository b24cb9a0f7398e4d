package cli

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/fatih/color"
)

// devLog shows what the plugin logs, all of it, and of the server's log what is wrong.
type devLog struct {
	slog.Handler
	least slog.Level // of the server's
	mine  bool       // what comes here is of the plugin
	name  *atomic.Pointer[string]
}

// logger is the log of this run.
func (d *workbench) logger(kind string, verbose bool) (*slog.Logger, error) {
	least := slog.LevelWarn
	if verbose {
		least = slog.LevelDebug
	}
	log, err := newLogger(kind, slog.LevelDebug)
	if err != nil {
		return nil, err
	}
	color.NoColor = color.NoColor || !onTerminal(os.Stderr) && !onTerminal(os.Stdout)
	d.line = &devLog{Handler: log.Handler(), least: least, name: &atomic.Pointer[string]{}}
	return slog.New(d.line), nil
}

func (l *devLog) Enabled(_ context.Context, level slog.Level) bool {
	return l.mine || level >= l.least
}

func (l *devLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	mine := l.mine
	for _, a := range attrs {
		if name := l.name.Load(); a.Key == "bridge" && name != nil && a.Value.String() == *name {
			mine = true
		}
	}
	return &devLog{Handler: l.Handler.WithAttrs(attrs), least: l.least, mine: mine, name: l.name}
}

func (l *devLog) WithGroup(name string) slog.Handler {
	return &devLog{Handler: l.Handler.WithGroup(name), least: l.least, mine: l.mine, name: l.name}
}

// between are the lines of how the server and the plugin find each other, which tell an
// author nothing, and those that are told otherwise.
var between = map[string]bool{
	"starting plugin": true, "plugin started": true, "waiting for RPC address": true, "plugin address": true, "using plugin": true,
	"waiting for stdio data": true, "received EOF, stopping recv loop": true, "plugin process exited": true, "plugin exited": true,
	"created temporary directory for unix sockets": true, "somebody asked for a restart": true,
	"the configuration is not applied, nothing was changed": true,
}

func (l *devLog) Handle(ctx context.Context, r slog.Record) error {
	if l.least > slog.LevelDebug && between[r.Message] {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

package workshop

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
)

// debuggers are where each language's debugger listens when nobody says, and how to attach.
var debuggers = map[string]struct{ addr, attach string }{
	"go":     {"127.0.0.1:2345", "dlv connect %s, or your editor's \"attach to remote\""},
	"python": {"127.0.0.1:5678", "your editor's \"attach\" by debugpy at %s"},
	"node":   {"127.0.0.1:9229", "chrome://inspect, or your editor's \"attach\" at %s"},
}

// DebugAddr is where the plugin's debugger listens when nobody says; empty: there is none
// for its language.
func (f *Folder) DebugAddr() string { return debuggers[f.Lang].addr }

// HowToAttach says in words what to connect to the debugger at addr.
func (f *Folder) HowToAttach(addr string) string {
	return strings.ReplaceAll(debuggers[f.Lang].attach, "%s", addr)
}

// BuildToDebug is Build for a debugger, which listens at addr as long as the plugin runs.
func (f *Folder) BuildToDebug(ctx context.Context, out, addr string, saved ...string) (command []string, err error) {
	switch f.Lang {
	case "go":
		return f.underDelve(ctx, out, addr)
	case "node":
		command, err = f.Build(ctx, out, saved...)
		if err != nil {
			return nil, err
		}
		return append([]string{command[0], "--inspect=" + addr}, command[1:]...), nil
	case "python":
		return f.underDebugpy(ctx, out, addr, saved)
	}
	return nil, errors.New("it is not known how to debug this language: run is Go, or \"python3\" or \"node\" in " + Manifest)
}

// delve starts the plugin under Delve. The plugin's first line is for the core and Delve
// has words of its own, so that the plugin keeps the output and Delve gets the log. Delve is
// the plugin's parent: it is what the plugin ends with.
const delve = `POCKETPING_HOST_PID=$$ exec "$0" exec "$1" --headless --listen="$2" --api-version=2 --accept-multiclient --continue --only-same-user=false -r stdout:/dev/fd/3 3>&1 1>&2`

func (f *Folder) underDelve(ctx context.Context, out, addr string) ([]string, error) {
	dlv, err := exec.LookPath("dlv")
	if err != nil {
		return nil, errors.New("there is no Delve here: go install github.com/go-delve/delve/cmd/dlv@latest")
	}
	if err := f.compile(ctx, out, "-gcflags=-N -l"); err != nil {
		return nil, err
	}
	return []string{"/bin/sh", "-c", delve, dlv, out, addr}, nil
}

func (f *Folder) underDebugpy(ctx context.Context, out, addr string, saved []string) ([]string, error) {
	command, err := f.Build(ctx, out, saved...)
	if err != nil {
		return nil, err
	}
	python, err := f.python(ctx, "debugpy", "grpc", "google.protobuf")
	if err != nil {
		return nil, errors.New("no Python here has both gRPC and debugpy: apt install python3-debugpy, or .venv/bin/pip install debugpy in " + filepath.Base(f.Dir))
	}
	return append([]string{python, "-Xfrozen_modules=off", "-m", "debugpy", "--listen", addr}, command[1:]...), nil
}

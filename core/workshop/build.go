package workshop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// BuildError is why the source is no plugin, in the words of whoever looked at it.
type BuildError struct{ Text string }

func (e *BuildError) Error() string { return e.Text }

// Prepare installs what the plugin needs and the folder has not: packages of Node or of
// Python. What happens is written to out.
func (f *Folder) Prepare(ctx context.Context, out io.Writer) error {
	switch f.Lang {
	case "node":
		return f.prepareNode(ctx, out)
	case "python":
		return f.preparePython(ctx, out)
	}
	return nil
}

func (f *Folder) prepareNode(ctx context.Context, out io.Writer) error {
	if !f.has("package.json") || f.has("node_modules") {
		return nil
	}
	how := "install"
	if f.has("package-lock.json") {
		how = "ci"
	}
	fmt.Fprintln(out, "npm "+how)
	if err := f.command(ctx, "npm", how, "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
		return fmt.Errorf("its packages are not installed: %w", err)
	}
	return nil
}

func (f *Folder) preparePython(ctx context.Context, out io.Writer) error {
	if _, err := f.python(ctx, "grpc", "google.protobuf"); err == nil {
		return nil
	}
	fmt.Fprintln(out, "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt")
	err := f.command(ctx, "python3", "-m", "venv", ".venv")
	if err == nil {
		err = f.command(ctx, f.venv(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt")
	}
	if err != nil {
		_ = os.RemoveAll(filepath.Join(f.Dir, ".venv")) // half of one would hide the system's Python
		return fmt.Errorf("no Python here has gRPC: apt install python3-grpcio python3-protobuf (%w)", err)
	}
	return nil
}

func (f *Folder) venv() string { return filepath.Join(f.Dir, ".venv", "bin", "python") }

// python is one that has the modules: the first in the PATH, the folder's own, the
// system's.
func (f *Folder) python(ctx context.Context, modules ...string) (string, error) {
	for _, name := range []string{"python3", f.venv(), "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if err == nil && exec.CommandContext(ctx, path, "-c", "import "+strings.Join(modules, ", ")).Run() == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Python here has %s", strings.Join(modules, " and "))
}

// Build makes the plugin and says how to run it. A Go program is written to out; of other
// languages the files that were saved, or all when none is named, are read, to find what is
// wrong with them before they are run.
func (f *Folder) Build(ctx context.Context, out string, saved ...string) (command []string, err error) {
	switch f.Lang {
	case "go":
		return []string{out}, f.compile(ctx, out)
	case "python":
		err = f.checkPython(ctx, saved)
	case "node":
		err = f.checkNode(ctx, saved)
	}
	if err != nil {
		return nil, err
	}
	return f.interpreted()
}

func (f *Folder) compile(ctx context.Context, out string, flags ...string) error {
	if len(flags) == 0 {
		flags = []string{"-ldflags=-s -w"} // nobody looks at it with a debugger: it is linked faster
	}
	return f.command(ctx, "go", append(append([]string{"build"}, flags...), "-o", out, ".")...)
}

// syntax reads Python files without running them.
const syntax = `import ast, sys, traceback
for name in sys.argv[1:]:
    try:
        ast.parse(open(name, "rb").read(), name)
    except (SyntaxError, ValueError) as error:
        sys.exit("".join(traceback.format_exception_only(type(error), error)).rstrip())`

func (f *Folder) checkPython(ctx context.Context, saved []string) error {
	return f.command(ctx, "python3", append([]string{"-c", syntax}, f.sources(saved, ".py")...)...)
}

func (f *Folder) checkNode(ctx context.Context, saved []string) error {
	for _, name := range f.sources(saved, ".js", ".mjs", ".cjs") {
		if err := f.command(ctx, "node", "--check", name); err != nil {
			return err
		}
	}
	return nil
}

// sources are the files that were saved, or those right in the folder: what is wrong below
// it is found out about when it is loaded.
func (f *Folder) sources(saved []string, extensions ...string) (names []string) {
	if len(saved) == 0 {
		entries, _ := os.ReadDir(f.Dir) // a folder that is gone has none
		for _, e := range entries {
			saved = append(saved, e.Name())
		}
	}
	for _, name := range saved {
		if slices.Contains(extensions, filepath.Ext(name)) && f.has(name) {
			names = append(names, name)
		}
	}
	return names
}

// interpreted is what the manifest runs, by absolute paths: the plugin is not started in
// its folder.
func (f *Folder) interpreted() ([]string, error) {
	program, err := exec.LookPath(f.run[0])
	if strings.HasPrefix(f.run[0], ".") {
		program, err = filepath.Join(f.Dir, f.run[0]), nil
	}
	if err != nil {
		return nil, fmt.Errorf("there is no program %s in the PATH, which %s runs: install it", f.run[0], Manifest)
	}
	command := []string{program}
	for _, arg := range f.run[1:] {
		if f.has(arg) {
			arg = filepath.Join(f.Dir, arg)
		}
		command = append(command, arg)
	}
	return command, nil
}

// command runs a tool in the folder; its words are the error.
func (f *Folder) command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = f.Dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("there is no %s here: install it", name)
	case err != nil && strings.TrimSpace(said.String()) == "":
		return &BuildError{fmt.Sprintf("%s: %v", name, err)}
	case err != nil:
		return &BuildError{strings.TrimSpace(said.String())}
	}
	return nil
}

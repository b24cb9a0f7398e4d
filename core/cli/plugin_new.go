package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core/scaffold"
)

func newPluginNew() *cobra.Command {
	o := scaffold.Options{Go: "1.26"}
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make the folder of a new plugin: it runs, with a test",
		Example: `  pocketping plugin new matrix
  pocketping plugin new crm --kind hook --lang python`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("what is the plugin to be called? `pocketping plugin new matrix` makes the folder matrix")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir, o.Name = args[0], filepath.Base(args[0])
			return makePlugin(cmd.Context(), cmd.OutOrStdout(), o)
		},
	}
	cmd.Flags().StringVar(&o.Kind, "kind", scaffold.Kinds[0], "a `kind` of plugin: "+strings.Join(scaffold.Kinds, ", "))
	cmd.Flags().StringVar(&o.Lang, "lang", scaffold.Languages[0], "the `language` that it is written in: "+strings.Join(scaffold.Languages, ", "))
	return cmd
}

// makePlugin writes the folder, and in Go finds its dependencies.
func makePlugin(ctx context.Context, w io.Writer, o scaffold.Options) error {
	o.Checkout = checkout()
	if o.Version = "v0.0.0"; o.Checkout == "" {
		o.Version = moduleVersion()
	}
	if err := scaffold.Write(o); err != nil {
		return err
	}
	fmt.Fprintf(w, "The %s %s is in the folder %s.\n", o.Kind, o.Name, o.Dir)
	if o.Lang == "go" {
		if err := resolve(ctx, o); err != nil {
			fmt.Fprintf(w, "%s %s\n", color.YellowString("Its dependencies are not there yet:"), oneLine(err.Error()))
		}
	}
	where := asArgument(o.Dir)
	for _, next := range [][2]string{{"dev", "run it with a demo page, and again after each save"}, {"test", "check that it keeps to the protocol"}, {"pack", "make the archive that others install"}} {
		fmt.Fprintf(w, "  pocketping plugin %-4s %-16s %s\n", next[0], where, color.HiBlackString(next[1]))
	}
	return nil
}

// asArgument is the folder as an argument.
func asArgument(dir string) string {
	if filepath.IsAbs(dir) || strings.HasPrefix(dir, ".") {
		return dir
	}
	return "./" + dir
}

// resolve writes into go.mod and go.sum what the new module needs.
func resolve(ctx context.Context, o scaffold.Options) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("there is no Go here: install it from https://go.dev/dl, and run `go mod tidy` in the folder")
	}
	if o.Checkout != "" { // so that nothing has to be asked of anybody
		sums, err := os.ReadFile(filepath.Join(o.Checkout, "go.sum"))
		if err != nil {
			return cause(err)
		}
		if err := os.WriteFile(filepath.Join(o.Dir, "go.sum"), sums, 0o644); err != nil {
			return cause(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "list", "-mod=mod", "-deps", "-test", "./...")
	cmd.Dir = o.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("`go mod tidy` in the folder looks for them again: %s", lastLine(out))
	}
	return nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// checkout is the folder of the source that this program was built from, when it is a
// checkout that is still there; empty: a module of Go's cache, or a release.
func checkout() string {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(file)))
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if !filepath.IsAbs(file) || strings.Contains(root, "@v") || err != nil || !strings.HasPrefix(string(mod), "module "+scaffold.Module+"\n") {
		return ""
	}
	return root
}

// moduleVersion is that of the SDK that belongs to this program; empty: it is not known.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !strings.HasPrefix(info.Main.Version, "v") {
		return "" // go finds the newest
	}
	version, _, _ := strings.Cut(info.Main.Version, "+")
	return version
}

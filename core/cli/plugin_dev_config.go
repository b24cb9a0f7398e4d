package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/core/config"
)

// config writes the configuration of this run, and reads it: the plugin's block with its
// fields comes first, so that their lines are known.
func (d *workbench) config(command []string) (*config.Config, error) {
	fields, err := os.ReadFile(d.fields)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, cause(err)
	}
	quoted := make([]string, len(command))
	for i, arg := range command {
		quoted[i] = hclString(arg)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s {\n%s\n  command = [%s]\n}\n", d.folder.Kind, hclString(d.folder.Name), strings.TrimRight(string(fields), "\n"), strings.Join(quoted, ", "))
	inbox := inboxFolder()
	fmt.Fprintf(&b, `
server { listen = %s }
database { url = %s }
files { dir = %s }
plugins { dir = %s }
limits {
  frames   = "none"
  sockets  = "none"
  sessions = "none"
}
project "dev" {
  origins = []
  name = %s
  widget { welcome = "What you write goes to %s." }
}
`, hclString(d.listen), hclString("sqlite:"+filepath.Join(d.dir, "dev.db")), hclString(filepath.Join(d.dir, "files")), hclString(cmp.Or(inbox, d.dir)), hclString(d.folder.Name), d.folder.Name)
	if inbox != "" && d.folder.Name != "inbox" {
		b.WriteString("bridge \"inbox\" {}\n")
	}
	path := filepath.Join(d.dir, "config.hcl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return nil, cause(err)
	}
	cfg, err := (&globals{config: path}).load()
	if err != nil {
		return nil, err
	}
	for _, b := range cfg.Bridges {
		b.Debugged = d.debug != "" && b.ID == d.folder.Name
	}
	return cfg, nil
}

// hclString quotes a value; what HCL would take for a template is none.
func hclString(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(s))
}

// inboxFolder is the folder of plugins that has the inbox: beside this program, or what
// `make build` fills; empty where there is none.
func inboxFolder() string {
	folders := []string{"bin/plugins", "plugins"}
	if self, err := os.Executable(); err == nil {
		folders = append([]string{filepath.Join(filepath.Dir(self), "plugins"), filepath.Dir(self)}, folders...)
	}
	for _, folder := range folders {
		for _, name := range []string{"inbox", "inbox.exe"} {
			if info, err := os.Stat(filepath.Join(folder, name)); err == nil && info.Mode().IsRegular() {
				if abs, err := filepath.Abs(folder); err == nil {
					return abs
				}
			}
		}
	}
	return ""
}

// located is what is wrong, with the lines of the file that the author wrote.
func (d *workbench) located(err error) string {
	var wrong config.Diagnostics
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	fields, _ := os.ReadFile(d.fields) // without it, no line is its
	lines := strings.Count(strings.TrimRight(string(fields), "\n"), "\n") + 1
	var words []string
	for _, w := range wrong {
		if w.Line > 1 && w.Line <= lines+1 {
			words = append(words, fmt.Sprintf("%s:%d: %s", d.fields, w.Line-1, w.Text))
		} else {
			words = append(words, w.Text)
		}
	}
	return strings.Join(words, "\n")
}

// chooseAddress takes another port than the usual one when that is in use, and says so
// when it was asked for.
func chooseAddress(addr string, asked bool) (string, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return addr, l.Close()
	case asked:
		return "", fmt.Errorf("cannot listen on %s: %w; --listen takes another address", addr, cause(err))
	}
	return "127.0.0.1:0", nil
}

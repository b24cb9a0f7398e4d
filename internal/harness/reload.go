package harness

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Configure writes another config.hcl, as New does, on the address of now.
func (c *Core) Configure(config string) error {
	text := strings.NewReplacer("{{listen}}", c.Addr, "{{plugins}}", c.bins.Plugins).Replace(config)
	return os.WriteFile(filepath.Join(c.Dir, "config.hcl"), []byte(text), 0o600)
}

// Reload asks the server to read its file again; its log says how that went.
func (c *Core) Reload() error { return c.cmd.Process.Signal(syscall.SIGHUP) }

package harness

import (
	"bytes"
	"os"
	"path/filepath"
)

// Swap has the next launch run other programs on the same folder, as an upgrade does.
func (c *Core) Swap(bins Bins) error {
	path := filepath.Join(c.Dir, "config.hcl")
	config, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	old := c.bins
	c.bins = bins
	return os.WriteFile(path, bytes.ReplaceAll(config, []byte(old.Plugins), []byte(bins.Plugins)), 0o600)
}

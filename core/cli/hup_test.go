//go:build unix

package cli_test

import (
	"strings"
	"testing"
)

// A hangup while the server begins does not end it: the file is read again once it runs.
// Here the plugin sends one, as it is tried.
func TestHangupWhileTheServerBegins(t *testing.T) {
	t.Parallel()
	c := start(t, `
server { listen = "{{listen}}" }
plugins { dir = "{{plugins}}" }
project "demo" { origins = [] }
bridge "inbox" {
  command = ["sh", "-c", "mkdir `+t.TempDir()+`/once 2> /dev/null && kill -HUP $PPID; exec {{plugins}}/inbox"]
}
`)
	await(t, "the file is read again", func() bool { return strings.Contains(c.Log(), `"the configuration was read again"`) })
}

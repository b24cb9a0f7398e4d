package cli_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

const webhook = `
hook "webhook" {
  url    = "URL"
  secret = "a text of sixteen or more"
  FIELDS
}
`

// TestCheckLooksAtHooks writes their blocks the ways people do.
func TestCheckLooksAtHooks(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(receiver.Close)
	block := func(url, fields string) string {
		return strings.NewReplacer("URL", url, "FIELDS", fields).Replace(webhook)
	}
	for _, tt := range []struct {
		name, config, where, text string // of the finding that is not OK; empty: all are
	}{
		{"all is well", `bridge "inbox" {}` + block(receiver.URL, "allow_private = true"), "", ""},
		{"nobody answers", block(receiver.URL, "allow_private = true"), "demo", "add a bridge"},
		{"a private address", `bridge "inbox" {}` + block(receiver.URL, ""), "webhook", "127.0.0.1 is no public address"},
		{"no url", `bridge "inbox" {}` + block("chat.example", ""), "webhook", `config.hcl:7: hook "webhook": url: give the receiver's whole address`},
		{"nothing that it takes", `bridge "inbox" {}` + "\nhook \"posthog\" {\n  api_key = \"phc_x\"\n  events = [\"note.*\"]\n}\n", "posthog", `config.hcl:8: hook "posthog": events: posthog takes none of these`},
		{"a bridge", `hook "inbox" {}`, "inbox", `config.hcl:5: hook "inbox": the plugin is a bridge: write bridge "inbox" { … }`},
		{"no bridge", `bridge "inbox" {}` + strings.Replace(block(receiver.URL, ""), "hook", "bridge", 1), "webhook", `write hook "webhook" { … }`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all, status := check(t, demo+tt.config)
			bad := slices.DeleteFunc(slices.Clone(all), func(f found) bool { return f.OK })
			if tt.where == "" {
				if len(bad) > 0 || status != 0 {
					t.Errorf("status %d, %+v", status, bad)
				}
				return
			}
			if i := slices.IndexFunc(bad, func(f found) bool { return f.Where == tt.where }); i < 0 || !strings.Contains(bad[i].Text, tt.text) || status != 1 {
				t.Errorf("status %d, %+v", status, bad)
			}
		})
	}
}

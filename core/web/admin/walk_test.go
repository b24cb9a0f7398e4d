package admin_test

import (
	"os"
	"testing"
)

func TestLooks(t *testing.T) {
	h := newHouse(t)
	h.seed(10_000, nil)
	b := openTab(t)
	b.signIn(h)
	axe, err := os.ReadFile("../../../widget/testdata/axe/axe.min.js")
	must(t, err)
	b.before(string(axe))
	for _, p := range []struct{ name, path string }{
		{"admin", "/admin/"}, {"admin-sessions", "/admin/sessions"}, {"admin-session", "/admin/sessions/acme/sess_past000124"},
		{"admin-plugins", "/admin/plugins"}, {"admin-plugin", "/admin/plugins/acme.slack"}, {"admin-project", "/admin/projects/acme"}, {"admin-audit", "/admin/audit"}, {"admin-new", "/admin/new-project"},
	} {
		b.screen(1280, 800, "light")
		t.Log(p.path, b.drawn(h.url+p.path))
		b.shot(p.name)
		if found := b.audited(); found != "" {
			t.Error(p.path, found)
		}
		b.screen(1280, 2400, "dark")
		b.shot(p.name + "-dark")
		b.screen(390, 844, "light")
		b.shot(p.name + "-phone")
	}
}

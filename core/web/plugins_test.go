package web

import (
	"context"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// restarter counts how often it is asked.
type restarter struct{ asked []string }

func (r *restarter) Restart(_ context.Context, id string) error {
	r.asked = append(r.asked, id)
	if id == "acme.slack" {
		return core.Errorf(core.CodeConflict, "another node runs it")
	}
	return nil
}

func (r *restarter) LogTail(string) []string { return []string{"the plugin runs"} }

func TestPluginsOverTheAdminAPI(t *testing.T) {
	host := &restarter{}
	h := newHouse(t, withAdmin, func(o *Options) { o.Host = host })
	h.status.Store(&[]core.BridgeStatus{{ID: "acme.telegram", Plugin: "telegram", State: "running", Backlog: 2, Oldest: 1, Since: 1}, {ID: "acme.slack", Plugin: "slack", State: "waiting", Since: 1}})
	status, all := h.asAdmin("GET", "/v1/admin/plugins", nil)
	list, _ := all.at("plugins").([]any)
	equal(t, "listed", [2]int{status, len(list)}, [2]int{200, 2})
	status, one := h.asAdmin("GET", "/v1/admin/plugins/acme.telegram", nil)
	equal(t, "one", status, 200)
	equal(t, "oldest", one.text("oldest"), "1970-01-01T00:00:00.001Z")
	status, _ = h.asAdmin("POST", "/v1/admin/plugins/acme.telegram/restart", nil)
	equal(t, "restarted", status, 200)
	status, _ = h.asAdmin("POST", "/v1/admin/plugins/acme.slack/restart", nil)
	equal(t, "elsewhere", status, 409)
	status, _ = h.asAdmin("POST", "/v1/admin/plugins/none/restart", nil)
	equal(t, "none", status, 404)
	equal(t, "without the token", h.with("POST", "/v1/admin/plugins/acme.telegram/restart", "sk_wrong", nil), 401)
	equal(t, "asked", len(host.asked), 2)
	entries, _, err := h.chat.AuditLog(t.Context(), core.AuditQuery{Limit: 10})
	if err != nil || len(entries) != 1 || entries[0].Action != "plugin.restarted" || entries[0].Actor != "admin token" {
		t.Errorf("the audit log has %v, %v", entries, err)
	}
}

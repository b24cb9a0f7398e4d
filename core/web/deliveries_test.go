package web

import (
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestDeliveriesOverTheAdminAPI(t *testing.T) {
	h := newHouse(t, withAdmin)
	page, _ := h.open(nil)
	page.post("1", "hello")
	page.post("2", "are you there?")
	owed, err := h.store.OwedDeliveries(t.Context(), core.DeliveryQuery{BridgeID: "acme.inbox"})
	if err != nil || len(owed) != 3 {
		t.Fatalf("owed: %v, %v", owed, err)
	}
	session := owed[0].SessionID
	for _, seq := range []int64{2, 3} {
		_, err := h.store.Record(t.Context(), core.Record{BridgeID: "acme.inbox", ProjectID: h.acme.ID, SessionID: session, Done: []int64{seq}, Dead: "it is too long"})
		if err != nil {
			t.Fatal(err)
		}
	}
	list := func(query string) (all []any, o obj) {
		t.Helper()
		status, o := h.asAdmin("GET", "/v1/admin/deliveries"+query, nil)
		equal(t, query, status, 200)
		all, _ = o.at("deliveries").([]any)
		return all, o
	}
	dead, o := list("?limit=1&bridge=acme.inbox")
	equal(t, "a page", len(dead), 1)
	first := obj(dead[0].(map[string]any))
	equal(t, "state", first.text("state"), "dead")
	equal(t, "reason", first.text("reason"), "it is too long")
	bridges, _ := o.at("bridges").([]any)
	equal(t, "bridges", len(bridges), 1)
	equal(t, "counted", obj(bridges[0].(map[string]any)).number("dead"), 2)
	dead, o = list("?limit=1&cursor=" + o.text("next"))
	equal(t, "the next page", len(dead), 1)
	equal(t, "is the last", o.text("next"), "")
	waiting, _ := list("?state=waiting&bridge=acme.inbox")
	equal(t, "waiting", len(waiting), 1)
	none, _ := list("?bridge=acme.none")
	equal(t, "of another bridge", len(none), 0)
	status, _ := h.asAdmin("GET", "/v1/admin/deliveries?state=lost", nil)
	equal(t, "another state", status, 400)

	path := "/v1/admin/deliveries/" + first.text("id")
	equal(t, "without the token", h.with("POST", path+"/drop", "sk_wrong", nil), 401)
	status, o = h.asAdmin("POST", path+"/retry", nil)
	equal(t, "retried", [2]int64{int64(status), o.number("letters")}, [2]int64{200, 1})
	dead, _ = list("?session=" + session)
	equal(t, "about to be", obj(dead[0].(map[string]any)).text("state"), "again")
	status, o = h.asAdmin("POST", "/v1/admin/deliveries/acme.inbox/drop", nil)
	equal(t, "dropped", [2]int64{int64(status), o.number("letters")}, [2]int64{200, 2})
	status, _ = h.asAdmin("POST", path+"/retry", nil)
	equal(t, "is no more", status, 404)
	status, _ = h.asAdmin("POST", "/v1/admin/deliveries/acme.inbox/"+session+"/x/retry", nil)
	equal(t, "no seq", status, 400)
	entries, _, err := h.chat.AuditLog(t.Context(), core.AuditQuery{Limit: 10})
	if err != nil || len(entries) != 2 || entries[0].Action != "delivery.dropped" || entries[0].Detail != "2 dead letters" || entries[0].Actor != "admin token" {
		t.Errorf("the audit log has %v, %v", entries, err)
	}
}

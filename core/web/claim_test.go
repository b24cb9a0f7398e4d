package web

import "testing"

// Back ends read who answers a session; its visitor does not.
func TestWhoHasClaimedIsForBackends(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	session := p.post("1", "hi").text("session")
	_, before := h.backend("GET", "/v1/sessions/"+session, nil)
	equal(t, "nobody", before.at("operator"), nil)
	h.operator(session, "/claim")
	_, claimed := h.backend("GET", "/v1/sessions/"+session, nil)
	equal(t, "the operator", claimed.text("operator", "id")+" "+claimed.text("operator", "name"), "7 Olga")
	_, back := h.open(obj{"token": w.text("visitor", "token")})
	equal(t, "the session", back.text("session", "id"), session)
	equal(t, "the operator is not for visitors", back.at("session", "operator"), nil)
}

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"github.com/pocketping/pocketping/sdk/client"
)

// frameTypes make a frame of each type that names what is the guest's. granted says
// that the server may answer ok: then it did something to the stranger's own.
var frameTypes = map[string]func(r *raid, g *dweller) (frame map[string]any, granted bool){
	"post": func(r *raid, g *dweller) (map[string]any, bool) {
		f := map[string]any{"text": "a stranger's", "session": g.session}
		switch r.rng.IntN(3) {
		case 0:
			f["replyTo"] = pick(r.rng, append([]string{g.note}, append(g.said, g.heard...)...))
		case 1:
			f["attachments"] = []string{g.file}
		default:
			f["attachments"] = []string{g.loose}
		}
		return f, false
	},
	"edit": func(r *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"message": pick(r.rng, append([]string{g.note}, append(g.said, g.heard...)...)), "text": "changed by a stranger", "session": g.session}, false
	},
	"delete": func(r *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"message": pick(r.rng, append([]string{g.note}, append(g.said, g.heard...)...)), "session": g.session}, false
	},
	"history": func(r *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"session": g.session, "before": r.rng.IntN(40), "limit": r.rng.IntN(300), "visitor": g.id}, false
	},
	"read": func(r *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"session": g.session, "seq": r.rng.IntN(30)}, false
	},
	"typing": func(_ *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"session": g.session, "visitor": g.id, "on": true}, false
	},
	"page": func(_ *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"session": g.session, "visitor": g.id, "url": "https://stranger.example/"}, false
	},
	"track": func(_ *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"session": g.session, "visitor": g.id, "name": "stranger"}, true
	},
	"rate": func(_ *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"session": g.session, "visitor": g.id, "score": 1}, true
	},
	"close": func(_ *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"session": g.session, "visitor": g.id}, true
	},
	"identify": func(r *raid, g *dweller) (map[string]any, bool) {
		return map[string]any{"identity": r.forged(g), "visitor": g.id}, false
	},
}

// rareFrames do something to the stranger's own session: some are enough.
var rareFrames = map[string]int{"track": 8, "rate": 8, "close": 40, "page": 8, "typing": 8}

// frame is a frame of a stranger.
func (r *raid) frame() (f map[string]any, granted bool) {
	kinds := []string{"post", "edit", "delete", "history", "read", "typing", "page", "track", "rate", "close", "identify"} // in an order that is always the same
	for {
		kind := pick(r.rng, kinds)
		if often := rareFrames[kind]; often > 0 && r.rng.IntN(often) > 0 {
			continue
		}
		f, granted = frameTypes[kind](r, r.victim())
		f["type"], f["id"] = kind, r.name()
		return f, granted
	}
}

// forged is an identity of the guest that their project's back end has not signed.
func (r *raid) forged(g *dweller) string {
	sign := func(key string, expires time.Time) string {
		token, err := client.SignIdentity(key, client.Identity{Subject: g.subject, Name: "Stranger", Expires: expires})
		if err != nil {
			r.t.Fatal(err)
		}
		return token
	}
	claims := jwt.MapClaims{"sub": g.subject, "exp": time.Now().Add(time.Hour).Unix()}
	switch r.rng.IntN(6) {
	case 0:
		return sign(pick(r.rng, []string{r.other.identity, r.from.public, r.other.secret, g.id, "x", strings.ToUpper(r.from.identity)}), time.Time{})
	case 1:
		return sign(r.from.identity, time.Now().Add(-time.Minute))
	case 2:
		none, _ := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
		return none
	case 3:
		hard, _ := jwt.NewWithClaims(jwt.SigningMethodHS512, claims).SignedString([]byte(r.from.identity))
		return hard
	case 4: // somebody else in a token that was signed
		parts := strings.Split(sign(r.from.identity, time.Time{}), ".")
		parts[1] = base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"` + g.subject + `","exp":99999999999}`))
		return strings.Join(parts, ".")
	}
	forever, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": g.subject}).SignedString([]byte(r.from.identity))
	return forever
}

// frames are some frames in one request of an intruder with their own token, or with
// something else in its place.
func (r *raid) frames() *try {
	var list []map[string]any
	one := &try{method: http.MethodPost, path: "/v1/frames", of: r.victims, header: r.intruder().header()}
	if r.rng.IntN(3) == 0 {
		one.n, one.refused = 1, true
		list = append(list, r.hello(one))
	}
	for range 1 + r.rng.IntN(4) {
		f, _ := r.frame()
		list = append(list, f)
		one.n++
	}
	one.body, _ = json.Marshal(list) // maps of strings and numbers
	one.header["Content-Type"] = []string{"application/json"}
	return one
}

// hello is a hello with which nobody may be let in.
func (r *raid) hello(one *try) map[string]any {
	g, own := r.victim(), r.intruder()
	one.header.Del("Authorization")
	f := map[string]any{"type": "hello", "key": r.from.public, "token": own.token, "visitor": g.id, "session": g.session, "after": r.rng.IntN(9), "fingerprint": g.looks}
	switch r.rng.IntN(6) {
	case 0:
		f["key"] = r.other.public
	case 1:
		f["token"] = pick(r.rng, []string{swapped(g.token), g.id, g.session, r.from.secret, r.other.secret, strings.ToUpper(g.token), g.token + "x", "%"})
	case 2:
		one.header["Origin"] = []string{pick(r.rng, []string{r.other.origin, "null", "https://evil.example", r.from.origin + ".evil.example", "http://" + r.from.slug + ".example"})}
	case 3:
		f["key"], one.header["Origin"] = r.other.public, []string{r.other.origin}
	case 4:
		f["key"] = pick(r.rng, []string{r.from.secret, r.other.id, "", "pk_"})
	case 5:
		delete(f, "token")
		f["key"] = r.other.public
		one.header["Authorization"] = []string{"Bearer " + own.token}
	}
	return f
}

// sockets sends frames of a stranger over their socket.
func (r *raid) sockets(own *dweller, frames int) {
	r.t.Helper()
	ctx := r.t.Context()
	at := "ws" + strings.TrimPrefix(r.core.URL, "http") + "/v1/socket"
	dial := func(origin string) *websocket.Conn {
		conn, _, err := websocket.Dial(ctx, at, &websocket.DialOptions{Subprotocols: []string{"pocketping.v1"}, HTTPHeader: http.Header{"Origin": {origin}}})
		if err != nil {
			return nil
		}
		conn.SetReadLimit(4 << 20)
		return conn
	}
	for range 20 {
		one := &try{header: http.Header{"Origin": {r.from.origin}}}
		f := r.hello(one)
		if one.header.Get("Authorization") != "" { // a socket has no such header: the token is the frame's
			f["token"] = own.token
		}
		r.tried(1)
		conn := dial(one.header.Get("Origin"))
		if conn == nil {
			continue
		}
		got := r.talk(conn, f, "")
		if strings.Contains(got, `"welcome"`) {
			r.blame("%v opens a socket: %s", f, got)
		}
		r.look(fmt.Sprint(f), got, r.victims)
		_ = conn.CloseNow()
	}
	conn := dial(r.from.origin)
	if conn == nil {
		r.t.Fatal("the intruder's own socket is refused")
	}
	defer func() { _ = conn.CloseNow() }()
	g := r.victim()
	got := r.talk(conn, map[string]any{"type": "hello", "key": r.from.public, "token": own.token, "visitor": g.id, "session": g.session, "after": 1}, "welcome")
	r.look(g.id+g.session, got, r.victims)
	for range frames {
		f, granted := r.frame()
		r.tried(1)
		asked := fmt.Sprint(f)
		if answerless[f["type"].(string)] {
			r.send(conn, f)
			continue // what it does is seen in the answers that follow
		}
		got := r.talk(conn, f, f["id"].(string))
		r.look(asked, got, r.victims)
		if !granted && strings.Contains(got, fmt.Sprintf(`{"type":"ok","id":%q`, f["id"])) {
			r.blame("%s is granted: %s", asked, got)
		}
	}
}

// answerless are the frames that have no answer.
var answerless = map[string]bool{"typing": true, "read": true, "page": true}

func (r *raid) send(conn *websocket.Conn, f map[string]any) {
	b, err := json.Marshal(f)
	if err == nil {
		err = conn.Write(r.t.Context(), websocket.MessageText, b)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// talk sends a frame and reads until the server has said the word, or has hung up.
func (r *raid) talk(conn *websocket.Conn, f map[string]any, until string) (said string) {
	r.send(conn, f)
	for {
		_, b, err := conn.Read(r.t.Context())
		if err != nil {
			if until != "" {
				r.t.Fatalf("%v ends the socket: %v", f, err)
			}
			return said
		}
		said += string(b) + "\n"
		if until != "" && strings.Contains(string(b), until) || strings.Contains(string(b), `"welcome"`) {
			return said
		}
	}
}

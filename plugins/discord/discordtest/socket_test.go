package discordtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

const intents = 36353

// frame is one of the gateway's.
type frame struct {
	Op  int             `json:"op"`
	Seq int64           `json:"s"`
	T   string          `json:"t"`
	D   json.RawMessage `json:"d"`
}

func (f frame) data() obj {
	var o obj
	_ = json.Unmarshal(f.D, &o)
	return o
}

// socket is a plain client of the gateway.
type socket struct {
	t       *testing.T
	ws      *websocket.Conn
	session string
	resume  string
	seq     int64
}

func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// dial opens a socket and reads HELLO.
func dial(t *testing.T, s *discordtest.Server, query string) *socket {
	t.Helper()
	return dialTo(t, call(t, s, "GET", "/gateway", nil).Body["url"].(string)+"/?"+query)
}

func dialTo(t *testing.T, url string) *socket {
	t.Helper()
	ws, _, err := websocket.Dial(patience(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	ws.SetReadLimit(1 << 20)
	g := &socket{t: t, ws: ws}
	if hello := g.read(); hello.Op != 10 || hello.data()["heartbeat_interval"] == nil {
		t.Fatalf("no HELLO: %+v", hello)
	}
	return g
}

func connect(t *testing.T, s *discordtest.Server) *socket { return dial(t, s, "v=9&encoding=json") }

// identify opens a socket with a session and reads READY and GUILD_CREATE.
func identify(t *testing.T, s *discordtest.Server) *socket {
	t.Helper()
	g := connect(t, s)
	g.send(2, obj{"token": "Bot " + s.Token, "intents": intents, "compress": true, "properties": obj{}})
	ready := g.next("READY").data()
	g.session, g.resume = ready["session_id"].(string), ready["resume_gateway_url"].(string)
	g.next("GUILD_CREATE")
	return g
}

// resumeOf opens another socket for the session of g.
func resumeOf(t *testing.T, s *discordtest.Server, g *socket) *socket {
	t.Helper()
	n := dialTo(t, g.resume+"/?v=10&encoding=json")
	n.session, n.resume, n.seq = g.session, g.resume, g.seq
	n.send(6, obj{"token": s.Token, "session_id": g.session, "seq": g.seq})
	return n
}

func (g *socket) send(op int, data any) {
	g.t.Helper()
	b, err := json.Marshal(obj{"op": op, "d": data})
	if err != nil {
		g.t.Fatal(err)
	}
	g.text(string(b))
}

func (g *socket) text(text string) {
	g.t.Helper()
	if err := g.ws.Write(patience(g.t), websocket.MessageText, []byte(text)); err != nil {
		g.t.Fatal(err)
	}
}

func (g *socket) read() frame {
	g.t.Helper()
	_, b, err := g.ws.Read(patience(g.t))
	if err != nil {
		g.t.Fatal(err)
	}
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		g.t.Fatalf("no JSON: %s", b)
	}
	if f.Op == 0 {
		g.seq = f.Seq
	}
	return f
}

// next reads one event, which must be of the type.
func (g *socket) next(kind string) frame {
	g.t.Helper()
	f := g.read()
	if f.T != kind {
		g.t.Fatalf("got %d %s %s, want %s", f.Op, f.T, f.D, kind)
	}
	return f
}

// op reads one frame, which must be that operation.
func (g *socket) op(op int) frame {
	g.t.Helper()
	f := g.read()
	if f.Op != op {
		g.t.Fatalf("got %d %s %s, want op %d", f.Op, f.T, f.D, op)
	}
	return f
}

// end reads until the connection ends and returns the close code; -1 is none.
func (g *socket) end() int {
	g.t.Helper()
	for {
		if _, _, err := g.ws.Read(patience(g.t)); err != nil {
			var closed websocket.CloseError
			if errors.As(err, &closed) {
				return int(closed.Code)
			}
			return -1
		}
	}
}

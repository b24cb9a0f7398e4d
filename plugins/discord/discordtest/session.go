package discordtest

import (
	"encoding/hex"
	"encoding/json"
	"time"
)

// keepFrames is how many events a session keeps for a resume.
const keepFrames = 50_000

// session is what a bot identified for. It outlives its connection for a while.
type session struct {
	id      string
	intents int
	seq     int64
	frames  []frame // sent, or missed, ascending
	conn    *conn   // nil while it is lost
	lost    time.Time
	delayed delayed
}

type frame struct {
	seq  int64
	kind string
	data json.RawMessage
}

// encoded is the frame as it is sent.
func (f frame) encoded() []byte {
	return mustJSON(struct {
		Op   int             `json:"op"`
		Seq  int64           `json:"s"`
		Type string          `json:"t"`
		Data json.RawMessage `json:"d"`
	}{0, f.seq, f.kind, f.data})
}

func (s *Server) newSession(c *conn, intents int) *session {
	id := make([]byte, 16)
	for i := range id {
		id[i] = byte(s.rand.Uint32())
	}
	for _, old := range s.sessions {
		s.expired(old) // whoever was killed is not resumed
	}
	live := &session{id: hex.EncodeToString(id), intents: intents, conn: c}
	s.sessions[live.id] = live
	return live
}

// emit gives the event its number, keeps it and sends it when there is a connection.
func (s *Server) emit(live *session, kind string, data json.RawMessage) {
	live.seq++
	f := frame{live.seq, kind, data}
	live.frames = append(live.frames, f)
	if len(live.frames) > keepFrames {
		live.frames = live.frames[1:]
	}
	s.gateway.Dispatched++
	if live.conn != nil && !live.conn.zombie {
		live.conn.put(outgoing{data: f.encoded()})
	}
}

// resumable reports whether everything after seq is still there.
func (s *Server) resumable(live *session, seq int64) bool {
	if s.expired(live) {
		return false
	}
	first := live.seq + 1
	if len(live.frames) > 0 {
		first = live.frames[0].seq
	}
	return seq+1 >= first
}

// expired ends a session that was lost for too long.
func (s *Server) expired(live *session) bool {
	if live.conn != nil || s.clock.Now().Sub(live.lost) <= s.settings.resumeFor {
		return false
	}
	delete(s.sessions, live.id)
	return true
}

// resume moves the session to the connection and replays what it missed.
func (s *Server) resume(live *session, c *conn, seq int64) {
	if old := live.conn; old != nil {
		old.session = nil
		old.drop()
	}
	live.conn, c.session = c, live
	for _, f := range live.frames {
		if f.seq > seq {
			c.put(outgoing{data: f.encoded()})
		}
	}
	s.emit(live, "RESUMED", json.RawMessage(`{"_trace":[]}`))
}

// lose takes the connection from its session; one that was ended on purpose
// cannot be resumed.
func (s *Server) lose(c *conn, onPurpose bool) {
	live := c.session
	if live == nil || live.conn != c {
		return
	}
	live.conn, live.lost, c.session = nil, s.clock.Now(), nil
	if onPurpose {
		s.end(live)
	}
}

func (s *Server) end(live *session) {
	delete(s.sessions, live.id)
	if live.conn != nil {
		live.conn.session = nil
		live.conn = nil
	}
}

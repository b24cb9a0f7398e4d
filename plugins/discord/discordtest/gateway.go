package discordtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// The gateway's operations.
const (
	opHeartbeat      = 1
	opIdentify       = 2
	opPresence       = 3
	opVoice          = 4
	opResume         = 6
	opReconnect      = 7
	opMembers        = 8
	opInvalidSession = 9
	opHello          = 10
	opAck            = 11
)

// The codes with which the gateway closes.
const (
	closeUnknown       websocket.StatusCode = 4000
	closeUnknownOp     websocket.StatusCode = 4001
	closeDecode        websocket.StatusCode = 4002
	closeNotIdentified websocket.StatusCode = 4003
	closeAuthFailed    websocket.StatusCode = 4004
	closeTwice         websocket.StatusCode = 4005
	closeSeq           websocket.StatusCode = 4007
	closeRate          websocket.StatusCode = 4008
	closeTimedOut      websocket.StatusCode = 4009
	closeShard         websocket.StatusCode = 4010
	closeVersion       websocket.StatusCode = 4012
	closeIntents       websocket.StatusCode = 4013
	closeIntentsOff    websocket.StatusCode = 4014
)

// What a client may send, and how soon it must leave after op 7.
const (
	frameMax       = 4096 // bytes
	framesMax      = 120
	framesPer      = time.Minute
	reconnectAfter = 2 * time.Second
)

// serveGateway is one connection of the gateway, from HELLO to its end.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept answered
	}
	tcp, _ := r.Context().Value(connKey{}).(net.Conn)
	c := newConn(ws, tcp)
	ws.SetReadLimit(1 << 20)
	q := r.URL.Query()
	s.update(func() {
		if s.down { // it came through while everything was cut
			c.drop()
		}
		s.conns[c] = struct{}{}
		s.gateway.Sockets++
		c.beat = time.AfterFunc(s.silence(), func() { c.close(closeTimedOut, "Session timed out.") })
		c.send(opHello, obj{"heartbeat_interval": s.settings.heartbeat.Milliseconds(), "_trace": []string{}})
		if v := q.Get("v"); v != "9" && v != "10" {
			c.close(closeVersion, "Invalid API version.")
		}
	})
	writer := make(chan struct{})
	go func() {
		defer close(writer)
		c.write()
	}()
	onPurpose := s.read(c)
	c.beat.Stop()
	close(c.done)
	<-writer
	_ = ws.CloseNow()
	s.update(func() {
		delete(s.conns, c)
		s.lose(c, onPurpose)
	})
}

// silence is how long a client may go without a heartbeat.
func (s *Server) silence() time.Duration {
	return cmp.Or(s.settings.silence, 2*s.settings.heartbeat+5*time.Second)
}

// read handles frames until the connection ends, and reports whether the client
// ended it with 1000 or 1001, which ends the session too.
func (s *Server) read(c *conn) (onPurpose bool) {
	for {
		kind, data, err := c.ws.Read(context.Background())
		if err != nil {
			var closed websocket.CloseError
			if errors.As(err, &closed) {
				s.update(func() { s.gateway.LastClose = int(closed.Code) })
			}
			return closed.Code == websocket.StatusNormalClosure || closed.Code == websocket.StatusGoingAway
		}
		if code, reason := s.frame(c, kind, data); code != 0 {
			c.close(code, reason)
		}
	}
}

// frame handles one, or says with what to close.
func (s *Server) frame(c *conn, kind websocket.MessageType, data []byte) (websocket.StatusCode, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notify()
	var f struct {
		Op *int            `json:"op"`
		D  json.RawMessage `json:"d"`
	}
	if kind != websocket.MessageText || len(data) > frameMax || json.Unmarshal(data, &f) != nil || f.Op == nil {
		return closeDecode, "Error while decoding payload."
	}
	now := time.Now()
	c.frames = append(c.frames, now)
	for now.Sub(c.frames[0]) >= framesPer {
		c.frames = c.frames[1:]
	}
	if len(c.frames) > framesMax {
		return closeRate, "You are being rate limited."
	}
	switch *f.Op {
	case opHeartbeat:
		s.heartbeat(c)
	case opIdentify:
		return s.identify(c, f.D)
	case opResume:
		return s.tryResume(c, f.D)
	case opPresence, opVoice, opMembers:
		if c.session == nil {
			return closeNotIdentified, "Not authenticated."
		}
	default:
		return closeUnknownOp, "Unknown opcode."
	}
	return 0, ""
}

func (s *Server) heartbeat(c *conn) {
	s.gateway.Heartbeats++
	c.beat.Reset(s.silence())
	if !s.muted {
		c.send(opAck, nil)
	}
}

// identity is what IDENTIFY says. A wish for compression is not granted, which
// Discord is free to do too.
type identity struct {
	Token   string `json:"token"`
	Intents *int   `json:"intents"`
	Shard   []int  `json:"shard"`
}

func (s *Server) identify(c *conn, data json.RawMessage) (websocket.StatusCode, string) {
	var id identity
	switch err := json.Unmarshal(data, &id); {
	case err != nil:
		return closeDecode, "Error while decoding payload."
	case c.session != nil:
		return closeTwice, "Already authenticated."
	case !s.isToken(id.Token):
		return closeAuthFailed, "Authentication failed."
	case len(id.Shard) == 2 && (id.Shard[1] < 1 || id.Shard[0] < 0 || id.Shard[0] >= id.Shard[1]):
		return closeShard, "Invalid shard."
	case id.Intents == nil || *id.Intents&^intentsKnown != 0:
		return closeIntents, "Invalid intent(s)."
	case *id.Intents&(intentMembers|intentPresences) != 0, *id.Intents&intentContent != 0 && !s.settings.content:
		return closeIntentsOff, "Disallowed intent(s)."
	}
	return s.start(c, *id.Intents)
}

// isToken accepts the token with and without the word before it.
func (s *Server) isToken(token string) bool {
	return strings.TrimPrefix(token, "Bot ") == s.Token && !s.revoked
}

// start begins a session, when the day's number of them is not used up.
func (s *Server) start(c *conn, intents int) (websocket.StatusCode, string) {
	now := s.clock.Now()
	s.forgetStarts(now)
	if n := len(s.starts); n > 0 && now.Sub(s.starts[n-1]) < s.settings.identifyGap {
		c.send(opInvalidSession, false)
		return 0, ""
	}
	if len(s.starts) >= s.settings.identifyMax {
		s.revoke() // Discord resets the token and writes to its owner
		return 0, ""
	}
	s.starts = append(s.starts, now)
	s.gateway.Identifies++
	live := s.newSession(c, intents)
	c.session = live
	s.emit(live, "READY", mustJSON(s.wireReady(live)))
	if !s.guild.kicked && !s.guild.unavailable && intents&intentGuilds != 0 {
		s.emit(live, "GUILD_CREATE", mustJSON(s.wireGuildCreate()))
	}
	return 0, ""
}

// forgetStarts leaves those of the last day.
func (s *Server) forgetStarts(now time.Time) {
	for len(s.starts) > 0 && now.Sub(s.starts[0]) >= 24*time.Hour {
		s.starts = s.starts[1:]
	}
}

func (s *Server) tryResume(c *conn, data json.RawMessage) (websocket.StatusCode, string) {
	var want struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     int64  `json:"seq"`
	}
	switch err := json.Unmarshal(data, &want); {
	case err != nil:
		return closeDecode, "Error while decoding payload."
	case c.session != nil:
		return closeTwice, "Already authenticated."
	case !s.isToken(want.Token):
		return closeAuthFailed, "Authentication failed."
	}
	live := s.sessions[want.Session]
	if live == nil || !s.resumable(live, want.Seq) {
		s.gateway.Refused++
		c.send(opInvalidSession, false)
		return 0, ""
	}
	if want.Seq > live.seq {
		s.end(live)
		return closeSeq, "Invalid seq."
	}
	s.gateway.Resumes++
	s.resume(live, c, want.Seq)
	return 0, ""
}

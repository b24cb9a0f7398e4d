package discordtest

import (
	"time"

	"github.com/coder/websocket"
)

// DropGateway cuts all connections of the gateway without a close frame. Their
// sessions can be resumed.
func (s *Server) DropGateway() {
	s.update(func() {
		for c := range s.conns {
			s.lose(c, false)
			c.drop()
		}
	})
}

// CloseGateway closes all connections with the code. Sessions can be resumed
// unless the code is 4007 or 4009 or one that must not be tried again.
func (s *Server) CloseGateway(code int) {
	s.update(func() {
		for c := range s.conns {
			if live := c.session; live != nil && code >= 4003 && code != int(closeRate) {
				s.end(live)
			}
			c.close(websocket.StatusCode(code), "")
		}
	})
}

// Reconnect asks the bot to reconnect and resume (op 7), and closes the old
// connection a little later.
func (s *Server) Reconnect() {
	s.update(func() {
		for c := range s.conns {
			c.send(opReconnect, nil)
			time.AfterFunc(reconnectAfter, func() { c.close(closeUnknown, "Reconnect.") })
		}
	})
}

// InvalidateSession tells the bot that its session is invalid (op 9). When it is
// resumable the bot may still resume it, over another connection; on this one
// it can only identify.
func (s *Server) InvalidateSession(resumable bool) {
	s.update(func() {
		for c := range s.conns {
			if live := c.session; live != nil {
				s.lose(c, !resumable)
				c.send(opInvalidSession, resumable)
			}
		}
	})
}

// RequestHeartbeat asks the bot for a heartbeat (op 1).
func (s *Server) RequestHeartbeat() {
	s.update(func() {
		for c := range s.conns {
			c.send(opHeartbeat, nil)
		}
	})
}

// Acks switches the acknowledging of heartbeats off and on. Events flow meanwhile.
func (s *Server) Acks(on bool) { s.update(func() { s.muted = !on }) }

// Zombie makes the present connections dead though open: nothing is acknowledged
// and nothing delivered any more. What happens waits for a resume.
func (s *Server) Zombie() {
	s.update(func() {
		for c := range s.conns {
			c.zombie = true
		}
	})
}

// Garbage sends a text frame as it is.
func (s *Server) Garbage(text string) {
	s.update(func() {
		for c := range s.conns {
			c.put(outgoing{data: []byte(text)})
		}
	})
}

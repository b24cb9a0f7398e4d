package outbound_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// nameserver answers questions for addresses over UDP, each time with the next of its
// answers: the last one goes on.
type nameserver struct {
	conn net.PacketConn

	mu      sync.Mutex
	answers [][]netip.Addr
	asked   int
}

func newNameserver(t *testing.T, answers ...[]netip.Addr) *nameserver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	n := &nameserver{conn: conn, answers: answers}
	go n.serve()
	return n
}

// resolver asks the nameserver for everything.
func (n *nameserver) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

func (n *nameserver) serve() {
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		_, _ = n.conn.WriteTo(n.answer(buf[:size]), from)
	}
}

const typeA, typeAAAA = 1, 28

// answer is a response with the question and the addresses of its type.
func (n *nameserver) answer(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5 // the root, the type and the class
	kind := binary.BigEndian.Uint16(query[end-4:])
	var records []byte
	count := uint16(0)
	for _, a := range n.next(kind) {
		if a.Is4() != (kind == typeA) {
			continue
		}
		count++
		records = append(records, 0xc0, 12) // the name of the question
		records = binary.BigEndian.AppendUint16(records, kind)
		records = append(records, 0, 1, 0, 0, 0, 0) // IN, for no time
		records = binary.BigEndian.AppendUint16(records, uint16(len(a.AsSlice())))
		records = append(records, a.AsSlice()...)
	}
	out := append([]byte{}, query[:2]...)
	out = append(out, 0x81, 0x80, 0, 1)
	out = binary.BigEndian.AppendUint16(out, count)
	out = append(out, 0, 0, 0, 0)
	return append(append(out, query[12:end]...), records...)
}

// times is how often it was asked for an IPv4 address.
func (n *nameserver) times() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

// next is the answer to a question; those for IPv4 count.
func (n *nameserver) next(kind uint16) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := min(n.asked, len(n.answers)-1)
	if kind == typeA {
		n.asked++
	}
	return n.answers[i]
}

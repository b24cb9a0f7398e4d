package web

import (
	"bufio"
	"net"
	"net/http"
)

// Buffers of a socket, in bytes. Most frames to a visitor fit in one write.
const (
	readBuffer  = 256
	writeBuffer = 512
)

// smallBuffers gives a connection that is taken over the buffers that a chat
// needs: an idle visitor keeps them for hours.
type smallBuffers struct {
	http.ResponseWriter
	conn net.Conn // set by Hijack
}

// Hijack takes the connection over; see http.Hijacker.
func (w *smallBuffers) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.conn = conn
	if err != nil || rw.Reader.Buffered() > 0 { // bytes that came early must not be lost
		return conn, rw, err
	}
	return conn, bufio.NewReadWriter(bufio.NewReaderSize(conn, readBuffer), bufio.NewWriterSize(conn, writeBuffer)), nil
}

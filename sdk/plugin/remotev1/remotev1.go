// Package remotev1 carries the plugin protocol over one WebSocket, for plugins that the
// core does not launch. Each side may ask the other: the core asks as it does over gRPC,
// and the plugin sends what it would send over the Inbound stream. A Link is one
// connection; a core uses it as a gRPC connection, a plugin serves on it.
package remotev1

import (
	"context"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Path is where the core takes connections, and below HTTPPath it serves what its HTTP
// socket serves to plugins on its own machine.
const (
	Path     = "/v1/bridges/socket"
	HTTPPath = "/v1/bridges"
)

// What a plugin's program reads from its environment, when it is to connect.
const (
	URLEnv = "POCKETPING_URL"
	KeyEnv = "POCKETPING_BRIDGE_KEY"
)

// MaxFrame is the size in bytes of the largest frame either way: text takes more than
// the message of pluginv1.MaxMessage that it stands for.
const MaxFrame = 4 * pluginv1.MaxMessage

// Window is how many items of a plugin may wait for their acks.
const Window = 256

// Codes that a connection is closed with.
const (
	CloseNormal   = 1000
	CloseRestart  = 1012 // connect again
	CloseBadFrame = 4400
	CloseUnknown  = 4401 // the key is not known any more
	CloseReplaced = 4409 // another connection with this key has taken over: do not connect again by yourself
	CloseRefused  = 4422 // the plugin does not suit its block: someone must act
	CloseTooMany  = 4429 // more than Window items wait for their acks
)

// Conn is one WebSocket, whose messages are text in JSON and binary in Proto. Read is
// called by one goroutine, Write by one at a time.
type Conn interface {
	Read(ctx context.Context) ([]byte, error)
	Write(ctx context.Context, frame []byte) error
	// Ping returns when the other side has answered.
	Ping(ctx context.Context) error
	// Close tells the other side why, where there is a code, and does not wait for long.
	Close(code int, reason string)
}

// How a dead connection is found out.
const (
	pingEvery   = 2 * time.Second
	pongWithin  = 8 * time.Second
	writeWithin = 10 * time.Second
)

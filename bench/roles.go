package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// roleEnv makes this binary play a part of a measurement in its own process.
const roleEnv = "POCKETPING_BENCH_ROLE"

func playRole(role string) {
	switch role {
	case "echo":
		serveBareEcho()
	case "sdk":
		plugin.Serve(plugin.Spec[struct{}]{Name: "bench", New: func(context.Context, struct{}, plugin.Host) (plugin.Bridge, error) { return silent{}, nil }})
	case "sockets":
		serveBareSockets()
	case "flood":
		playFlood()
	case "nothing":
	default:
		fmt.Fprintln(os.Stderr, "no such role:", role)
		os.Exit(2)
	}
}

// silent is a bridge to nowhere.
type silent struct{}

func (silent) Deliver(_ context.Context, e *plugin.Event) (plugin.Receipt, error) {
	r := plugin.Receipt{Thread: e.Session.ID}
	if e.Message != nil {
		r.Links = []plugin.Link{{Thread: e.Session.ID, ExternalID: e.Message.ID, MessageID: e.Message.ID}}
	}
	return r, nil
}

package main

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
)

const startRounds = 20

// measureStart times exec to ready: until /readyz answers, with no plugin and the
// database already made. The floor is exec and exit of a Go binary that does
// nothing.
func measureStart(ctx context.Context, l lab) ([]Figure, error) {
	core, err := harness.New(l.bins, l.dir, config(""))
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var ready []time.Duration
	for range startRounds {
		start := time.Now()
		if err := core.Start(ctx); err != nil {
			return nil, err
		}
		ready = append(ready, time.Since(start))
		if err := core.Stop(); err != nil {
			return nil, err
		}
	}
	var nothing []time.Duration
	for range startRounds {
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = []string{roleEnv + "=nothing"}
		start := time.Now()
		if err := cmd.Run(); err != nil {
			return nil, err
		}
		nothing = append(nothing, time.Since(start))
	}
	return []Figure{figure("exec to ready, median", "ms", micros(quantile(ready, 0.5))/1e3, micros(quantile(nothing, 0.5))/1e3, "≤ 150 ms",
		"until /readyz answers, no plugins, the database exists; floor: exec and exit of a Go binary that does nothing")}, nil
}

// config is a server without limits; bridges go into its project.
func config(bridges string) string {
	return `
server   { listen = "{{listen}}" }
database { url = "sqlite:bench.db" }
plugins  { dir = "{{plugins}}" }
limits {
  frames   = "none"
  sockets  = "none"
  sessions = "none"
  uploads  = "none"
}
project "bench" {
  name       = "Bench"
  origins    = ["http://bench.example"]
  public_key = "` + publicKey + `"
  secret_key = "` + secretKey + `"
` + bridges + `
}
`
}

const (
	publicKey = "pk_bench00000000000000000000000000"
	secretKey = "sk_bench00000000000000000000000000"
)

package simulator_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func TestFaultsHitInOrder(t *testing.T) {
	var faults simulator.Faults[string]
	rnd := rand.New(rand.NewPCG(1, 1))
	pick := func(prefix string) string {
		return faults.Pick(rnd, func(f string) bool { return strings.HasPrefix(f, prefix) })
	}
	faults.Add("send once", 1, 0)
	remove := faults.Add("send always", 0, 0)
	faults.Add("edit", 0, 0)
	for _, want := range []string{"send once", "send always", "send always"} {
		if got := pick("send"); got != want {
			t.Errorf("hit by %q, want %q", got, want)
		}
	}
	remove()
	remove()
	if got := pick("send"); got != "" {
		t.Errorf("%q was removed", got)
	}
	if got := pick("edit"); got != "edit" {
		t.Errorf("hit by %q", got)
	}
	faults.Add("now and then", 0, 0.25)
	hits := 0
	for range 1000 {
		if pick("now") != "" {
			hits++
		}
	}
	if hits < 150 || hits > 350 {
		t.Errorf("%d of 1000 calls were hit, want about a quarter", hits)
	}
	if got := faults.Hits(nil); got != hits+4 {
		t.Errorf("it counts %d hits, of %d", got, hits+4)
	}
	if got := faults.Hits(func(f string) bool { return f == "send always" }); got != 2 {
		t.Errorf("it counts %d hits of a fault that was removed, not 2", got)
	}
}

func TestDoorOpensAgainAtTheSameAddress(t *testing.T) {
	door := simulator.Door{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut" {
			simulator.Reset(w)
		}
	})}
	defer door.Shut()
	get := func(path string) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+door.Addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	for range 2 {
		if err := door.Open(); err != nil {
			t.Fatal(err)
		}
	}
	addr := door.Addr
	if err := get("/"); err != nil {
		t.Error(err)
	}
	if get("/cut") == nil {
		t.Error("a connection that was cut gave an answer")
	}
	door.Shut()
	door.Shut()
	if get("/") == nil {
		t.Error("a shut door lets somebody in")
	}
	if err := door.Open(); err != nil || door.Addr != addr {
		t.Fatalf("open again at %s (%v), was %s", door.Addr, err, addr)
	}
	if err := get("/"); err != nil {
		t.Error(err)
	}
}

func TestDelayEndsWithTheSimulator(t *testing.T) {
	clock := simulator.NewClock(time.Now())
	closed := make(chan struct{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		simulator.Delay(clock, r, time.Hour, closed)
		simulator.Delay(clock, r, 0, nil)
		close(done)
	}()
	clock.WaitTimers(1)
	close(closed)
	<-done
}

func TestDescriptions(t *testing.T) {
	if got := simulator.Flags("closed", true, "deleted", false, "file", true); got != " (closed) (file)" {
		t.Errorf("flags %q", got)
	}
	var log []int
	for i := range 25 {
		log = append(log, i)
	}
	got := simulator.LastCalls(log, func(n int) string { return fmt.Sprint("call ", n) })
	if strings.Contains(got, "call 4\n") || !strings.Contains(got, "call 5\n") || !strings.HasSuffix(got, "call 24") {
		t.Errorf("it says %s", got)
	}
}

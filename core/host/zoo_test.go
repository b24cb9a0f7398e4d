package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/sdk/plugin"
)

const hostEnv = "POCKETPING_TEST_HOST"

func TestKilledPluginIsBackAndDelivering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("before")
	w.delivered("before")
	w.settled()
	for i := range 3 {
		pid := w.platform.pid(t)
		must(t, syscall.Kill(pid, syscall.SIGKILL))
		killed := time.Now()
		text := fmt.Sprint("after ", i)
		anna.say(text)
		w.platform.eventually(t, text, func() bool {
			return w.platform.count(text) > 0 && w.platform.got[len(w.platform.got)-1].PID != pid
		})
		t.Logf("delivering %s after kill %d", time.Since(killed).Round(time.Millisecond), i+1)
	}
	w.settled()
	s := w.status("three restarts", func(s core.BridgeStatus) bool { return s.Restarts == 3 })
	if s.Generation < 4 {
		t.Errorf("the generation is %d", s.Generation)
	}
}

func TestKilledDuringADeliveryComesAgainAsUncertain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inside, leave := make(chan struct{}, 1), make(chan struct{})
	defer close(leave)
	w.platform.on(func(d delivery) outcome {
		if d.Text == "two" && !d.Uncertain {
			inside <- struct{}{}
			<-leave
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("one")
	anna.say("two")
	<-inside
	must(t, syscall.Kill(w.platform.pid(t), syscall.SIGKILL))
	w.platform.eventually(t, "again", func() bool { return w.platform.count("two") == 2 })
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	if w.platform.count("one") != 1 {
		t.Error("what was recorded came again")
	}
}

func TestCrashLoopBacksOffAndSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	crash := true
	w.platform.on(func(delivery) outcome {
		if crash {
			return outcome{Fail: "exit"}
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	w.visitor("Anna").say("a")
	w.status("its own words", func(s core.BridgeStatus) bool {
		return s.State == "degraded" && strings.Contains(s.LastError, "told to crash") && s.Restarts >= 2
	})
	w.platform.mu.Lock()
	crash = false
	w.platform.mu.Unlock()
	w.platform.eventually(t, "delivery after all", func() bool {
		return len(w.platform.texts()) == 1
	})
	w.settled()
}

func TestHungPluginIsStoppedInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.platform.on(func(d delivery) outcome {
		if d.Type == "message.posted" {
			return outcome{Fail: "hang"}
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	w.visitor("Anna").say("a")
	w.platform.eventually(t, "the call", func() bool { return w.platform.count("a") == 1 })
	pid := w.platform.pid(t)
	began := time.Now()
	w.host.Stop(context.Background())
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("the plugin still runs")
	}
	owed, err := w.store.Owed(t.Context(), bridgeID)
	must(t, err)
	if len(owed) == 0 {
		t.Error("what was not delivered must stay owed")
	}
}

func TestStopDrainsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inside, leave := make(chan struct{}), make(chan struct{})
	w.platform.on(func(d delivery) outcome {
		if d.Text == "a" {
			close(inside)
			<-leave
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	w.visitor("Anna").say("a")
	<-inside
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		w.host.Stop(context.Background())
	}()
	w.platform.eventually(t, "the end of polling, which Stop begins with", func() bool { return len(w.platform.pollers) == 0 })
	close(leave)
	<-stopped
	owed, err := w.store.Owed(t.Context(), bridgeID)
	must(t, err)
	if len(owed) != 0 {
		t.Errorf("still owed: %+v", owed)
	}
}

func TestWhatIsNoPlugin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(content), mode))
		return path
	}
	for name, c := range map[string]struct {
		change func(*host.Spec)
		says   string
	}{
		"missing":        {func(s *host.Spec) { s.Path = filepath.Join(dir, "nothing") }, "there is no plugin at"},
		"folder":         {func(s *host.Spec) { s.Path = dir }, "is a folder"},
		"not executable": {func(s *host.Spec) { s.Path = write("data", "hello", 0o600) }, "chmod +x"},
		"no program":     {func(s *host.Spec) { s.Path = write("junk", "\x7fELFjunk", 0o700) }, "no program for this system"},
		"other program":  {func(s *host.Spec) { s.Path = write("script", "#!/bin/sh\necho hello\n", 0o700) }, "is no PocketPing plugin"},
		"other protocol": {func(s *host.Spec) { s.Path = write("old", "#!/bin/sh\necho '1|99|unix|/tmp/x|grpc|'\n", 0o700) }, "another version of the plugin protocol"},
		"checksum":       {func(s *host.Spec) { s.SHA256 = strings.Repeat("0", 64) }, "is not the file that sha256 pins"},
		"pace":           {func(s *host.Spec) { s.Pace = "fast" }, `pace "fast" is not understood`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.host.Run(w.spec(c.change))
			s := w.status("degraded", func(s core.BridgeStatus) bool { return s.State == "degraded" })
			if !strings.Contains(s.LastError, c.says) || strings.Contains(s.LastError, "\n") {
				t.Errorf("it says %q", s.LastError)
			}
			if _, err := w.host.Check(t.Context(), w.spec(c.change)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the check says %v", err)
			}
			handler, _, ok := w.host.Handler(bridgeID)
			if code, body := get(t, handler, "/"); !ok || code != 503 || !strings.Contains(body, "problem") {
				t.Errorf("its pages answer %d %q", code, body)
			}
		})
	}
}

func TestWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := w.spec(func(s *host.Spec) {
		s.Config = w.config(map[string]string{"platform": w.platform.url, "token": "malformed"})
	})
	_, err := w.host.Try(t.Context(), spec)
	var field *host.ConfigError
	if !errors.As(err, &field) || field.Field != "token" || field.Reason != "is malformed" && !strings.Contains(field.Reason, "secret") {
		t.Errorf("Try: %v", err)
	}
}

func TestCheckTakesNoPartAndLeaksNothing(t *testing.T) {
	t.Setenv("SECRET_OF_THE_HOST", "leaked")
	t.Setenv("HTTPS_PROXY", "http://proxy.invalid")
	w := newWorld(t)
	spec := w.spec(func(s *host.Spec) {
		s.Env = map[string]string{"OWN": "yes"}
		s.Config = w.config(map[string]string{"platform": w.platform.url, "token": "wrong"})
	})
	found, err := w.host.Check(t.Context(), spec)
	must(t, err)
	have := map[string]string{}
	for _, f := range found {
		have[f.Name] = f.Text
		if f.OK {
			t.Errorf("%s is OK with a wrong token", f.Name)
		}
	}
	if _, leaked := have["SECRET_OF_THE_HOST"]; leaked || have["OWN"] != "yes" || have["HTTPS_PROXY"] == "" || have["PATH"] == "" {
		t.Errorf("the plugin's environment is %v", have)
	}
	allowed := "teeth PATH HOME TMPDIR TZ LANG SSL_CERT_FILE SSL_CERT_DIR HTTPS_PROXY OWN GOCOVERDIR GORACE"
	for name := range have {
		if !strings.Contains(allowed, name) && !strings.HasPrefix(name, "PLUGIN_") && !strings.HasPrefix(name, "POCKETPING_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			t.Errorf("%s is not on the list", name)
		}
	}
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	if w.platform.polls != 0 {
		t.Error("a check must not receive")
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d, err := w.host.Describe(t.Context(), w.spec().Path)
	must(t, err)
	if d.Name != "fixture" || d.Kind != "bridge" || d.Limits[0] != "chat 1000/1m0s" || d.Fields[0].Name != "platform" || !d.Fields[1].Secret {
		t.Errorf("described as %+v", d)
	}
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec(func(s *host.Spec) {
		s.Config = w.config(map[string]string{"platform": w.platform.url, "token": "canary-secret"})
	}))
	w.visitor("Anna").say("a")
	w.delivered("a")
	w.logged("msg=made")
	if tail := strings.Join(w.host.LogTail(bridgeID), "\n"); strings.Contains(tail, "canary-secret") || !strings.Contains(tail, "made") {
		t.Errorf("the tail of the log is:\n%s", tail)
	}
	if log := w.log.String(); strings.Contains(log, "canary-secret") {
		t.Errorf("the log is %s", log)
	}
}

func TestPagesAndReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	for _, text := range []string{"one", "two", "three"} {
		anna.say(text)
	}
	w.delivered("one", "two", "three")
	w.settled()
	handler, public, ok := w.host.Handler(bridgeID)
	if !ok || len(public) != 1 || public[0] != "/hook" {
		t.Fatalf("the handler: %v %v", public, ok)
	}
	_, body := get(t, handler, "/plugins/"+bridgeID+"/a%20b?x=1")
	if body != `GET /a%20b?x=1 cookie="" prefix=/plugins/`+bridgeID {
		t.Errorf("the page answers %s", body)
	}
	_, body = get(t, handler, "/plugins/"+bridgeID+"/sessions")
	var read struct {
		Sessions []struct {
			ID     string
			Unread int
			Last   struct{ Text string }
		}
		One      struct{ Visitor struct{ Name string } }
		Messages []struct{ Text, Name string }
		More     bool
		Threads  []plugin.Thread
		Links    []plugin.Link
		Other    string
		Err      string
	}
	must(t, json.Unmarshal([]byte(body), &read))
	if len(read.Sessions) != 1 || read.Sessions[0].Unread != 3 || read.Sessions[0].Last.Text != "three" {
		t.Errorf("sessions: %s", body)
	}
	if read.One.Visitor.Name != "Anna" || len(read.Messages) != 2 || read.Messages[1].Text != "three" || !read.More {
		t.Errorf("session: %s", body)
	}
	if len(read.Threads) != 1 || read.Threads[0].ID != "T-"+anna.session || read.Threads[0].SessionID != anna.session || read.Threads[0].LastActivity.IsZero() {
		t.Errorf("threads: %+v", read.Threads)
	}
	if len(read.Links) != 2 || read.Links[0].ExternalID != "P-4" || read.Links[1].ExternalID != "P-3" || read.Links[0].MessageID == "" {
		t.Errorf("links: %+v", read.Links)
	}
	if read.Err != "<nil>" || !strings.Contains(read.Other, "404") {
		t.Errorf("errors: %q, of another session: %q", read.Err, read.Other)
	}
}

func TestMTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec(func(s *host.Spec) { s.MTLS = true }))
	w.visitor("Anna").say("a")
	w.delivered("a")
}

// A host that is killed leaves no plugin behind; on Linux also none that does nothing
// any more.
func TestPluginEndsWithItsHost(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(t *testing.T, plugin int){
		"well":    func(*testing.T, int) {},
		"stopped": func(t *testing.T, plugin int) { must(t, syscall.Kill(plugin, syscall.SIGSTOP)) },
	} {
		if name == "stopped" && runtime.GOOS != "linux" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), hostEnv+"="+t.TempDir(), "TEST_PLATFORM="+p.url)
			cmd.Stderr = os.Stderr
			must(t, cmd.Start())
			before(t, p.pid(t))
			must(t, cmd.Process.Kill())
			killed := time.Now()
			_ = cmd.Wait() // it was killed
			p.within(t, 3*time.Second, "the end of the plugin", func() bool { return len(p.pollers) == 0 })
			t.Logf("gone after %s", time.Since(killed).Round(time.Millisecond))
		})
	}
}

// runHost is the host of that test, until it is killed.
func runHost() {
	t := &testing.B{} // its Fatal would end this goroutine: the process with it
	w := openWorld(t, filepath.Join(os.Getenv(hostEnv), "test.db"))
	w.platform = &platform{url: os.Getenv("TEST_PLATFORM")}
	w.host.Run(w.spec())
	select {}
}

package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const withInbox = `
server { listen = "{{listen}}" }
plugins { dir = "{{plugins}}" }
project "demo" {
  origins    = []
  public_key = "pk_demo"
}
bridge "inbox" {}
`

// start runs a server until the test ends.
func start(t *testing.T, config string, args ...string) *harness.Core {
	t.Helper()
	c, err := harness.New(bins, t.TempDir(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Kill() })
	if err := c.Start(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
	await(t, "it serves", func() bool { return strings.Contains(c.Log(), `"serving"`) })
	return c
}

// await waits until it is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func TestServePrintsWhereToLook(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	await(t, "the demo page is named", func() bool { return strings.Contains(c.Log(), "Demo page          "+c.URL+"/\n") })
	if err := c.Get(t.Context(), "/", nil); err != nil {
		t.Errorf("the demo page: %v", err)
	}
	await(t, "so is the inbox", func() bool { return c.InboxLink() != "" })
	page, code, ok := strings.Cut(c.InboxLink(), "#code=")
	if !ok || page != c.URL+"/plugins/inbox/" {
		t.Fatalf("the link to the inbox is %q", c.InboxLink())
	}
	if got := login(t, c, code); got != http.StatusNoContent {
		t.Errorf("the code answers %d", got)
	}
	if got := login(t, c, code); got != http.StatusUnauthorized {
		t.Errorf("the code answers %d the second time", got)
	}
}

// login uses a one-time code, as the page does.
func login(t *testing.T, c *harness.Core, code string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/v1/operator/login", strings.NewReader(`{"code":"`+code+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestLoginMakesAnotherLink(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	got := run(t, c.Dir, "login", "--json", "--name", "Olga")
	var links map[string]string
	if err := json.Unmarshal([]byte(got.stdout), &links); err != nil || got.status != 0 {
		t.Fatalf("%+v: %v", got, err)
	}
	_, code, _ := strings.Cut(links["inbox"], "#code=")
	if status := login(t, c, code); status != http.StatusNoContent {
		t.Errorf("the code of %q answers %d", links["inbox"], status)
	}
}

// One operator may sign in on several devices, under the id that the configuration
// names.
func TestLoginUnderAnIDOfOnesOwn(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	for range 2 {
		got := run(t, c.Dir, "login", "--json", "--id", "olga", "--name", "Olga")
		var links map[string]string
		if err := json.Unmarshal([]byte(got.stdout), &links); err != nil || got.status != 0 {
			t.Fatalf("%+v: %v", got, err)
		}
		_, code, _ := strings.Cut(links["inbox"], "#code=")
		if status := login(t, c, code); status != http.StatusNoContent {
			t.Errorf("the code of %q answers %d", links["inbox"], status)
		}
	}
	if got := run(t, c.Dir, "login", "--id", "olga\r\nX-Evil: 1"); got.status != 1 || !strings.Contains(got.stderr, "--id") {
		t.Errorf("an id that is none: %+v", got)
	}
}

func TestDevelopmentLetsLocalPagesIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   []string
		origin string
		want   bool
	}{
		{nil, "http://localhost:3000", false},
		{[]string{"--dev"}, "http://localhost:3000", true},
		{[]string{"--dev"}, "https://evil.example", false},
	} {
		c := start(t, withInbox, tt.args...)
		conn, err := dial(t, c, tt.origin)
		if (err == nil) != tt.want {
			t.Errorf("%v lets %s in: %v", tt.args, tt.origin, err)
		}
		if err == nil {
			_ = conn.CloseNow()
		}
	}
}

// dial opens a widget's socket and says hello.
func dial(t *testing.T, c *harness.Core, origin string) (*websocket.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.URL, "http")+"/v1/socket", &websocket.DialOptions{
		Subprotocols: []string{"pocketping.v1"}, HTTPHeader: http.Header{"Origin": {origin}},
	})
	if err != nil {
		return nil, err
	}
	if resp.Body != nil {
		t.Cleanup(func() { resp.Body.Close() })
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"hello","key":"pk_demo"}`)); err != nil {
		return nil, err
	}
	_, _, err = conn.Read(ctx)
	return conn, err
}

func TestStopTellsSocketsToComeBack(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	conn, err := dial(t, c, c.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	await(t, "the plugin runs", func() bool { return c.PluginPID("inbox") != 0 })
	plugin := c.PluginPID("inbox")

	stopped := make(chan error, 1)
	begun := time.Now()
	go func() { stopped <- c.Stop() }()
	for {
		if _, _, err = conn.Read(t.Context()); err != nil {
			break
		}
	}
	if got := websocket.CloseStatus(err); got != websocket.StatusServiceRestart {
		t.Errorf("the socket was closed with %v, want 1012: %v", got, err)
	}
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if err := exec.CommandContext(t.Context(), "kill", "-0", itoa(plugin)).Run(); err == nil {
		t.Errorf("the plugin %d outlives the server", plugin)
	}
	if !strings.Contains(c.Log(), "stopped") {
		t.Errorf("the end is not logged:\n%s", c.Log())
	}
}

// TestWrongTokenDegrades: a platform that says no must not keep the server from
// serving everybody else.
func TestWrongTokenDegrades(t *testing.T) {
	t.Parallel()
	tg := telegramtest.NewServer()
	t.Cleanup(tg.Close)
	tg.Revoke()
	c := start(t, withInbox+telegram(tg))
	await(t, "the log says which bridge, and why", func() bool {
		for line := range strings.Lines(c.Log()) {
			if strings.Contains(line, "telegram") && strings.Contains(line, "token") && strings.Contains(line, "@BotFather") {
				return true
			}
		}
		return false
	})
	if strings.Contains(c.Log(), tg.Token) {
		t.Errorf("the token stands in the log:\n%s", c.Log())
	}
	if err := c.Get(t.Context(), "/readyz", nil); err != nil {
		t.Errorf("not ready for the others: %v", err)
	}
}

// telegram is a bridge to the simulator.
func telegram(s *telegramtest.Server) string {
	return `
bridge "telegram" {
  token        = "` + s.Token + `"
  chat_id      = ` + itoa(int(s.ChatID)) + `
  api_url      = "` + s.URL + `"
  poll_timeout = 1
}
`
}

func TestLogsAreJSONWhereNobodyReads(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	for line := range strings.Lines(c.Log()) {
		if strings.HasPrefix(line, "{") {
			var entry struct{ Time, Level, Msg string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Msg == "" || entry.Level == "" {
				t.Errorf("%s: %v", line, err)
			}
			return
		}
	}
	t.Errorf("no JSON in %s of %s", c.Log(), filepath.Base(c.Dir))
}

func TestMetricsCountForBridges(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`pocketping_bridge_events_total{bridge="inbox",result="uncertain"} 0`, `pocketping_bridge_inbounds_total{bridge="inbox",result="received"} 0`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

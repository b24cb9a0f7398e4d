package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// TestPluginDevUnderADebugger attaches Node's debugger to a plugin that serves.
func TestPluginDevUnderADebugger(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	d := develop(t, scaffolded(t, "echo", "--lang", "node"), "--debug="+addr)
	d.hears(t, d.page(t), "hello", "You said: hello")
	if !strings.Contains(d.all(), "chrome://inspect, or your editor's \"attach\" at "+addr) {
		t.Errorf("it does not say how to attach:\n%s", d.all())
	}
	if got := evaluate(t, addr, "process.argv[1]"); !strings.HasSuffix(got, "/echo/main.js") {
		t.Errorf("the debugger is attached to %q", got)
	}
}

// evaluate asks the program that is debugged at addr.
func evaluate(t *testing.T, addr, expression string) string {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/json/list")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var targets []struct{ WebSocketDebuggerURL string }
	body, err := io.ReadAll(resp.Body)
	if err != nil || json.Unmarshal(body, &targets) != nil || len(targets) != 1 {
		t.Fatalf("%s: %v", body, err)
	}
	conn, _, err := websocket.Dial(t.Context(), targets[0].WebSocketDebuggerURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	ask := fmt.Sprintf(`{"id":1,"method":"Runtime.evaluate","params":{"expression":%q}}`, expression)
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(ask)); err != nil {
		t.Fatal(err)
	}
	_, answer, err := conn.Read(t.Context())
	var said struct {
		Result struct{ Result struct{ Value string } }
	}
	if err != nil || json.Unmarshal(answer, &said) != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return said.Result.Result.Value
}

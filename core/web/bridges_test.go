package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

const remoteKey = "bk_the_only_key_there_is"

// remotes has one bridge, whose launch has the token "launch".
type remotes struct {
	came chan remotev1.Format
	conn chan remotev1.Conn
}

func (*remotes) RemoteNamed(key string) (string, bool) { return "acme.matrix", key == remoteKey }

func (r *remotes) Connect(_ string, conn remotev1.Conn, format remotev1.Format) {
	r.came <- format
	r.conn <- conn
}

func (*remotes) RemoteHTTP(_ context.Context, token string) (http.Handler, bool, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Method+" "+r.URL.String())
	}), token == "launch", nil
}

func TestTheDoorOfRemotePlugins(t *testing.T) {
	t.Parallel()
	r := &remotes{make(chan remotev1.Format, 1), make(chan remotev1.Conn, 1)}
	h := newHouse(t, func(o *Options) { o.Remotes = r })
	dial := func(key string, formats ...string) (*websocket.Conn, int) {
		t.Helper()
		ws, resp, err := websocket.Dial(t.Context(), h.url+remotev1.Path, &websocket.DialOptions{
			HTTPHeader: http.Header{"Authorization": {"Bearer " + key}}, Subprotocols: formats,
		})
		if err != nil && resp == nil {
			t.Fatal(err)
		}
		return ws, resp.StatusCode
	}
	for _, format := range remotev1.Formats {
		ws, status := dial(remoteKey, "other", format)
		equal(t, format, status, http.StatusSwitchingProtocols)
		equal(t, "format", string(<-r.came), format)
		conn := <-r.conn
		go func() { _ = conn.Write(t.Context(), []byte("{}")) }() // what is read tells
		kind, data, err := ws.Read(t.Context())
		if err != nil || string(data) != "{}" || (kind == websocket.MessageText) != (format == string(remotev1.JSON)) {
			t.Errorf("read %v %q, %v", kind, data, err)
		}
		_ = ws.CloseNow()
	}
	_, status := dial(remoteKey)
	equal(t, "no subprotocol", status, http.StatusBadRequest)
	for range loginLimit.N {
		_, status = dial("bk_wrong", remotev1.Formats...)
		equal(t, "a wrong key", status, http.StatusUnauthorized)
	}
	_, status = dial("bk_wrong", remotev1.Formats...)
	equal(t, "one wrong key too many", status, http.StatusTooManyRequests)
	for range bridgeLimit.N - 3 { // three came before
		_, status = dial(remoteKey)
		equal(t, "still no subprotocol", status, http.StatusBadRequest)
	}
	_, status = dial(remoteKey, remotev1.Formats...)
	equal(t, "a connection too many", status, http.StatusTooManyRequests)
}

func TestRemotePluginsReadOverHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) { o.Remotes = &remotes{} })
	ask := func(token string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+remotev1.HTTPPath+"/links?thread=t", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := ask("launch"); status != http.StatusOK || body != "GET /links?thread=t" {
		t.Errorf("answered %d: %s", status, body)
	}
	if status, body := ask(remoteKey); status != http.StatusUnauthorized || strings.Contains(body, remoteKey) {
		t.Errorf("with the key, in place of the token: %d: %s", status, body)
	}
}

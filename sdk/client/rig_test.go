package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/bus"
	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/core/web"
	"github.com/pocketping/pocketping/sdk/client"
)

const (
	secret      = "sk_secret-of-the-shop"
	identityKey = "ik_identity-of-the-shop-0123456789abcdef"
)

// shop is a real server with one project, which may be stopped and started again.
type shop struct {
	url     string
	dir     string
	addr    string
	project *core.Project
	chat    *core.Chat
	*client.Client
	stop func()
}

// openShop is for examples, too; it panics where a test would fail.
func openShop(dir string) *shop {
	s := &shop{dir: dir, addr: "127.0.0.1:0"}
	s.start()
	s.Client = client.New(s.url, secret, client.WithPause(5*time.Millisecond, 50*time.Millisecond))
	return s
}

func newShop(t *testing.T) *shop {
	s := openShop(t.TempDir())
	t.Cleanup(func() { s.stop() })
	return s
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func (s *shop) start() {
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(s.dir, "shop.db"), store.Options{})
	check(err)
	s.project, err = db.SyncProject(ctx, store.ProjectSpec{Slug: "shop", Name: "Shop", Origins: []string{"*"}, SecretKey: secret, IdentityKey: identityKey})
	check(err)
	files, err := store.DiskFiles(filepath.Join(s.dir, "files"))
	check(err)
	signals, log := bus.NewLocal(), slog.New(slog.DiscardHandler)
	s.chat = core.NewChat(core.Options{Store: db, Files: files, Bus: signals, Projects: core.NewProjects([]*core.Project{s.project}), Log: log})
	l, err := net.Listen("tcp", s.addr)
	check(err)
	s.addr, s.url = l.Addr().String(), "http://"+l.Addr().String()
	srv := web.New(web.Options{Chat: s.chat, Bus: signals, SigningKey: []byte("key of files"), URL: s.url, Log: log})
	h := srv.HTTPServer("")
	go func() { _ = h.Serve(l) }()
	s.stop = func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
		_ = h.Close()
		_ = db.Close()
	}
}

// visit is a visitor who says hello with these frames, over the widget's own calls.
func (s *shop) visit(identity string, frames ...map[string]any) (token string, answers []map[string]any) {
	hello := map[string]any{"type": "hello", "key": s.project.PublicKey}
	if identity != "" {
		hello["identity"] = identity
	}
	answers = s.frames("", append([]map[string]any{hello}, frames...))
	visitor, _ := answers[0]["visitor"].(map[string]any)
	token, _ = visitor["token"].(string)
	return token, answers
}

func (s *shop) frames(token string, frames []map[string]any) (answers []map[string]any) {
	body, err := json.Marshal(frames)
	check(err)
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/frames", bytes.NewReader(body))
	check(err)
	req.Header.Set("Origin", "https://shop.example")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	check(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	check(err)
	check(json.Unmarshal(raw, &answers))
	return answers
}

func post(id, text string) map[string]any {
	return map[string]any{"type": "post", "id": id, "text": text}
}

// asks opens a session with the visitor's words.
func (s *shop) asks(text string) (token, session string) {
	token, answers := s.visit("", post("1", text))
	session, _ = answers[1]["session"].(string)
	return token, session
}

// demo is a shop for examples.
func demo() (s *shop, end func()) {
	dir, err := os.MkdirTemp("", "shop")
	check(err)
	s = openShop(dir)
	return s, func() { s.stop(); _ = os.RemoveAll(dir) }
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

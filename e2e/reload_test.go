package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const reloadVisitors = 50

// reloaded is a server whose file is written anew while it runs.
type reloaded struct {
	*world
	database, hook string
}

// file is the config.hcl with a line in the block of Telegram, and with what else
// stands in the project, and outside it.
func (r *reloaded) file(listen, name, telegram, inProject, outside string) string {
	return fmt.Sprintf(`
server   { listen = %q }
database { url = %q }
plugins  { dir = "{{plugins}}" }
limits {
  sockets  = "none"
  sessions = "none"
}
project "acme" {
  name       = %q
  origins    = ["http://{{listen}}"]
  public_key = %q
  secret_key = %q
%s
%s
}
bridge "inbox" {}
%s
`, listen, r.database, name, publicKey, secretKey, r.platforms().Bridges(telegram), inProject, outside)
}

// reload applies another file, or tries to, and answers with what the log says of it.
func (r *reloaded) reload(file, says string) string {
	r.t.Helper()
	seen := strings.Count(r.core.Log(), says)
	if err := r.core.Configure(file); err != nil {
		r.t.Fatal(err)
	}
	if err := r.core.Reload(); err != nil {
		r.t.Fatal(err)
	}
	r.eventually(says, func() bool { return strings.Count(r.core.Log(), says) > seen })
	log := r.core.Log()
	line := log[strings.LastIndex(log[:strings.LastIndex(log, says)], "\n")+1:]
	return line[:strings.IndexByte(line, '\n')]
}

// summary reads what a line of the log says of a reload.
func (r *reloaded) summary(line string) (s struct{ Added, Changed, Removed, Refused []string }) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		r.t.Fatalf("%v: %s", err, line)
	}
	return s
}

func (r *reloaded) name() string {
	r.t.Helper()
	var p struct{ Name string }
	r.call(http.MethodGet, r.core.URL+"/v1/project", http.Header{"Authorization": {"Bearer " + secretKey}}, nil, &p)
	return p.Name
}

const (
	wasRead  = "the configuration was read again"
	notRead  = "the configuration is not applied"
	shopPage = "pk_e2eshop0000000000000000000000000"
)

// Only what has changed in the file restarts, and visitors notice nothing.
func TestHangupAppliesWhatHasChanged(t *testing.T) {
	t.Parallel()
	hooked := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hooked.Close)
	r := &reloaded{
		world:    &world{t: t, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience))},
		database: "sqlite:e2e.db",
		hook: fmt.Sprintf("  hook \"webhook\" {\n    url = %q\n    secret = %q\n    allow_private = true\n  }",
			hooked.URL+"/", hookSecret),
	}
	t.Cleanup(r.telegram.Close)
	r.launch(r.file("{{listen}}", "Acme", "", r.hook, ""), r.telegram.Token, secretKey, hookSecret)
	all := make([]*visitor.Visitor, reloadVisitors)
	for i := range all {
		all[i] = r.visitor(t.Context())
	}
	<-all[0].Post(t.Context(), "before").Acked
	r.telegramShows("before")
	for _, v := range all {
		r.sees("its welcome", v, func(s visitor.State) bool { return s.Connected })
	}
	plugins := func() [3]int {
		return [3]int{r.core.PluginPID("telegram"), r.core.PluginPID("webhook"), r.core.PluginPID("inbox")}
	}
	r.eventually("every plugin runs", func() bool { p := plugins(); return p[0] != 0 && p[1] != 0 && p[2] != 0 })
	before, launches := plugins(), strings.Count(r.core.Log(), "the plugin runs")

	shop := fmt.Sprintf("project \"shop\" {\n  origins = [\"http://{{listen}}\"]\n  public_key = %q\n}", shopPage)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		<-all[1].Post(t.Context(), "while it is read").Acked
	}()
	s := r.summary(r.reload(r.file("{{listen}}", "Acme", "read_marks = true", "", shop), wasRead))
	<-sent
	if want := []string{`project "shop"`}; !slices.Equal(s.Added, want) {
		t.Errorf("added: %q", s.Added)
	}
	if want := []string{`bridge "acme.telegram": read_marks`}; !slices.Equal(s.Changed, want) {
		t.Errorf("changed: %q", s.Changed)
	}
	if want := []string{`hook "acme.webhook"`}; !slices.Equal(s.Removed, want) || len(s.Refused) > 0 {
		t.Errorf("removed: %q, refused: %q", s.Removed, s.Refused)
	}
	r.telegramShows("while it is read")
	r.eventually("the bridge runs again", func() bool { p := plugins(); return p[0] != 0 && p[0] != before[0] })
	if p := plugins(); p[1] != 0 || p[2] != before[2] {
		t.Errorf("the processes of Telegram, the hook and the inbox were %v and are %v", before, p)
	}
	if n := strings.Count(r.core.Log(), "the plugin runs") - launches; n != 1 {
		t.Errorf("%d plugins were launched", n)
	}
	page := visitor.Open(t.Context(), visitor.Options{
		URL: "ws" + strings.TrimPrefix(r.core.URL, "http") + "/v1/socket", Key: shopPage, Origin: r.core.URL,
	})
	<-page.Post(t.Context(), "in the new project").Acked
	r.sees("a bridge that serves every project", page, func(s visitor.State) bool { return s.Delivered > 0 })

	// What is wrong changes nothing, and says where it is.
	stay := plugins()
	if line := r.reload(r.file("{{listen}}", "Acme", "raed_marks = true", "", shop), notRead); !strings.Contains(line, "config.hcl:") || !strings.Contains(line, "did you mean") {
		t.Errorf("a field that is none: %s", line)
	}
	if line := r.reload("project \"acme\" {", notRead); !strings.Contains(line, "config.hcl:1") {
		t.Errorf("a file that is broken: %s", line)
	}
	s = r.summary(r.reload(r.file("127.0.0.1:1", "Acme Ltd", "read_marks = true", r.hook, shop), wasRead))
	if want := []string{"server.listen: restart needed"}; !slices.Equal(s.Refused, want) || !slices.Equal(s.Changed, []string{`project "acme": name "Acme" → "Acme Ltd"`}) {
		t.Errorf("changed: %q, refused: %q", s.Changed, s.Refused)
	}
	if name := r.name(); name != "Acme Ltd" {
		t.Errorf("the project is called %q", name)
	}
	if want := []string{`hook "acme.webhook"`}; !slices.Equal(s.Added, want) {
		t.Errorf("added: %q", s.Added)
	}
	r.eventually("the hook that is back runs", func() bool { return plugins()[1] != 0 })
	if p := plugins(); p[0] != stay[0] || p[2] != stay[2] {
		t.Errorf("the processes were %v and are %v", stay, p)
	}
	for i, v := range all {
		if s := v.State(); !s.Connected || s.Welcomes != 1 || len(s.Faults) > 0 {
			t.Errorf("visitor %d was let in %d times: %v", i, s.Welcomes, s.Faults)
		}
	}
}

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

const (
	swapVisitors = 10
	swapRate     = 100 // messages per second over all visitors
)

// hotSwap is a server whose plugins are replaced while visitors write.
type hotSwap struct {
	*world
	plugins string // folder of its own

	mu   sync.Mutex
	want [][]string // acked, by visitor
}

// Another version of a plugin takes over under load: nothing is lost, doubled or out of
// order, visitors notice nothing, and a version that is bad is taken back.
func TestPluginsAreSwappedUnderLoad(t *testing.T) {
	t.Parallel()
	s := &hotSwap{world: &world{t: t}, plugins: t.TempDir(), want: make([][]string, swapVisitors)}
	s.discord = discordtest.NewServer(discordtest.WithPatience(patience), discordtest.WithoutLimits())
	t.Cleanup(s.discord.Close)
	s.slack = slacktest.NewServer(slacktest.WithPatience(patience))
	t.Cleanup(s.slack.Close)
	for _, name := range []string{"slack", "discord", "inbox"} {
		s.put(name, s.built(name))
	}
	s.launch(strings.ReplaceAll(s.config("sqlite:e2e.db"), "{{plugins}}", s.plugins), append(s.platforms().Secrets(), secretKey)...)
	s.eventually("every plugin runs", func() bool { return s.launches("acme.slack") == 1 && s.launches("acme.discord") == 1 })

	all := make([]*visitor.Visitor, swapVisitors)
	for i := range all {
		all[i] = s.visitor(t.Context())
	}
	stop, writing := make(chan struct{}), sync.WaitGroup{}
	for i, v := range all {
		writing.Go(func() { s.write(i, v, stop) })
	}
	s.eventually("a first message of everybody", func() bool { return s.least() > 2 })

	for _, name := range []string{"slack", "discord"} {
		s.put(name, append(s.built(name), "another version"...))
	}
	s.reload()
	s.eventually("both are swapped", func() bool { return s.launches("acme.slack") == 2 && s.launches("acme.discord") == 2 })
	before := s.least()
	s.eventually("more messages", func() bool { return s.least() > before+5 })

	// One does not start, and one ends after it has taken over: its program is killed
	// from a shell that began before it.
	s.put("discord", []byte("#!/bin/sh\nexit 1\n"))
	own := filepath.Join(s.plugins, ".own")
	if err := os.WriteFile(own, s.built("slack"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.put("slack", fmt.Appendf(nil, "#!/bin/sh\n(sleep 3; kill -9 $$) &\nexec %q \"$@\"\n", own))
	bad := time.Now()
	s.reload()
	for _, id := range []string{"acme.slack", "acme.discord"} {
		s.eventually(id+" is taken back", func() bool { return s.logged(id, "a version of the plugin is not kept") == 1 })
	}
	took := time.Since(bad)
	if took > 30*time.Second {
		t.Errorf("a bad version was taken back after %s", took)
	}
	before = s.least()
	s.eventually("more messages", func() bool { return s.least() > before+5 })
	close(stop)
	writing.Wait()
	s.check(all, took)
}

// built is a plugin's program.
func (s *hotSwap) built(name string) []byte {
	s.t.Helper()
	b, err := bins()
	if err != nil {
		s.t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join(b.Plugins, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.Clip(program)
}

// put moves a program into the plugin's place.
func (s *hotSwap) put(name string, program []byte) {
	s.t.Helper()
	path := filepath.Join(s.plugins, name)
	if err := os.WriteFile(path+".new", program, 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		s.t.Fatal(err)
	}
}

func (s *hotSwap) reload() {
	s.t.Helper()
	if err := s.core.Reload(); err != nil {
		s.t.Fatal(err)
	}
}

// logged counts the lines of the bridge that say so.
func (s *hotSwap) logged(bridge, says string) (n int) {
	for line := range strings.Lines(s.core.Log()) {
		if strings.Contains(line, says) && strings.Contains(line, bridge) {
			n++
		}
	}
	return n
}

func (s *hotSwap) launches(bridge string) int { return s.logged(bridge, "the plugin runs") }

// write posts on an even beat, and waits for each to be acked.
func (s *hotSwap) write(i int, v *visitor.Visitor, stop <-chan struct{}) {
	beat := time.NewTicker(time.Second * swapVisitors / swapRate)
	defer beat.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-beat.C:
		}
		text := fmt.Sprintf("swap-%02d-%04d", i, n)
		select {
		case <-v.Post(s.t.Context(), text).Acked:
		case <-s.t.Context().Done():
			return
		}
		s.mu.Lock()
		s.want[i] = append(s.want[i], text)
		s.mu.Unlock()
	}
}

// least is how many messages of each visitor are stored at least.
func (s *hotSwap) least() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	least := len(s.want[0])
	for _, texts := range s.want {
		least = min(least, len(texts))
	}
	return least
}

var swapText = regexp.MustCompile(`swap\\?-\d\d\\?-\d{4}`)

// shown is what stands in a platform, by visitor.
func (s *hotSwap) shown(platform string) [][]string {
	shown := make([][]string, swapVisitors)
	add := func(text string) {
		for _, found := range swapText.FindAllString(text, -1) {
			found = strings.ReplaceAll(found, `\`, "")
			i := int(found[5]-'0')*10 + int(found[6]-'0')
			shown[i] = append(shown[i], found)
		}
	}
	if platform == "slack" {
		for _, m := range s.slack.State().Messages {
			if m.Thread != "" {
				add(m.Rendered.Text)
			}
		}
		return shown
	}
	for _, m := range s.discord.State().Messages {
		add(m.Content)
	}
	return shown
}

// delivered reports whether both platforms have what was acked by now.
func (s *hotSwap) delivered() bool {
	s.mu.Lock()
	want := make([]int, swapVisitors)
	for i, texts := range s.want {
		want[i] = len(texts)
	}
	s.mu.Unlock()
	for _, platform := range []string{"slack", "discord"} {
		for i, texts := range s.shown(platform) {
			if len(texts) < want[i] {
				return false
			}
		}
	}
	return true
}

func (s *hotSwap) check(all []*visitor.Visitor, took time.Duration) {
	s.t.Helper()
	s.eventually("everything in both platforms", s.delivered)
	total := 0
	for _, platform := range []string{"slack", "discord"} {
		for i, got := range s.shown(platform) {
			lost, twice, reordered := compare(got, s.want[i])
			if lost+twice+reordered > 0 {
				s.t.Errorf("%s, visitor %d: %d lost, %d twice, %d out of order", platform, i, lost, twice, reordered)
			}
			total += len(s.want[i])
		}
	}
	for i, v := range all {
		if state := v.State(); !state.Connected || state.Welcomes != 1 || len(state.Faults) > 0 {
			s.t.Errorf("visitor %d was let in %d times: %v", i, state.Welcomes, state.Faults)
		}
	}
	s.t.Logf("%d messages at %d a second on two platforms: 0 lost, 0 twice; bad versions were taken back after %s", total/2, swapRate, took.Round(time.Millisecond))
}

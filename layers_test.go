package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pocketping/pocketping"

// layer says what the packages that match its pattern may import beside the
// standard library. own are packages of this module, libs are prefixes of others;
// anyLib allows all libraries, of which the adapters choose their own.
type layer struct {
	pattern string
	own     []string
	libs    []string
	anyLib  bool
}

// plugin is what a plugin may import of this module.
var plugin = []string{"sdk/plugin", "sdk/plugin/kit"}

// hook is what a plugin may import that calls an address of somebody else's.
var hook = append([]string{"sdk/plugin/outbound"}, plugin...)

// layers are the import rules. The first pattern that matches a package holds; a
// pattern that ends in /... matches the folder and all below it.
var layers = []layer{
	{pattern: ".", own: []string{"core/cli"}},
	{pattern: "core"},
	{pattern: "core/store/...", own: []string{"core", "core/store/..."}, anyLib: true},
	{pattern: "core/bus", own: []string{"core"}},
	{pattern: "core/host/...", own: []string{"core", "core/host/...", "sdk/plugin/pluginv1", "sdk/plugin/remotev1"}, anyLib: true},
	{pattern: "core/web/admin", own: []string{"core"}, libs: []string{"github.com/labstack/echo/v4"}},
	{pattern: "core/web/...", own: []string{"core", "core/web/...", "docs", "sdk/plugin/remotev1/...", "widget"}, anyLib: true},
	{pattern: "core/packages", libs: []string{"aead.dev/minisign", "github.com/gofrs/flock"}},
	{pattern: "core/config", own: []string{"core"}, anyLib: true},
	{pattern: "core/scaffold", own: []string{"sdk/node", "sdk/python"}},
	{pattern: "core/workshop", libs: []string{"github.com/fsnotify/fsnotify"}},
	{pattern: "core/cli", own: []string{"core", "core/...", "widget", "sdk/plugin/pluginv1", "sdk/plugin/remotev1/...", "sdk/plugin/conformance"}, anyLib: true},
	{pattern: "sdk/client"},
	{pattern: "sdk/node"},
	{pattern: "sdk/python"},
	{pattern: "sdk/plugin", own: []string{"sdk/plugin/..."}, libs: sdkLibs},
	{pattern: "sdk/plugin/pluginv1", libs: sdkLibs},
	{pattern: "sdk/plugin/remotev1/wsconn", own: []string{"sdk/plugin/remotev1"}, libs: []string{"github.com/coder/websocket"}},
	{pattern: "sdk/remote", own: []string{"sdk/plugin", "sdk/plugin/pluginv1", "sdk/plugin/remotev1/..."}, libs: append([]string{"github.com/coder/websocket"}, sdkLibs...)},
	{pattern: "sdk/plugin/remotev1", own: []string{"sdk/plugin/pluginv1"}, libs: sdkLibs},
	{pattern: "sdk/plugin/kit", own: plugin, libs: []string{"github.com/rivo/uniseg"}},
	{pattern: "sdk/plugin/outbound", own: []string{"sdk/plugin"}},
	{pattern: "sdk/plugin/internal/...", own: []string{"sdk/plugin"}},
	{pattern: "sdk/plugin/conformance", own: []string{"sdk/plugin/..."}, libs: sdkLibs},
	{pattern: "sdk/plugin/plugintest", own: []string{"sdk/plugin/..."}, libs: sdkLibs},
	{pattern: "plugins/inbox/inboxtest/...", own: simulator("plugins/inbox/inboxtest")},
	{pattern: "plugins/inbox/...", own: append([]string{"plugins/inbox/..."}, plugin...), libs: []string{"github.com/coder/websocket"}},
	{pattern: "plugins/discord/discordtest/...", own: simulator("plugins/discord/discordtest"), libs: []string{"github.com/coder/websocket"}},
	{pattern: "plugins/slack/slacktest/...", own: simulator("plugins/slack/slacktest"), libs: []string{"github.com/coder/websocket"}},
	{pattern: "plugins/mattermost/mattermosttest/...", own: simulator("plugins/mattermost/mattermosttest"), libs: []string{"github.com/coder/websocket"}},
	{pattern: "plugins/telegram/telegramtest/...", own: simulator("plugins/telegram/telegramtest")},
	{pattern: "sdk/plugin/plugintest/simulator"},
	{pattern: "plugins/discord/...", own: append([]string{"plugins/discord/..."}, plugin...), libs: []string{"github.com/bwmarrin/discordgo", "github.com/gorilla/websocket"}},
	{pattern: "plugins/slack/...", own: append([]string{"plugins/slack/..."}, plugin...), libs: []string{"github.com/slack-go/slack", "github.com/coder/websocket"}},
	{pattern: "plugins/mattermost/...", own: append([]string{"plugins/mattermost/..."}, plugin...), libs: []string{"github.com/coder/websocket"}},
	{pattern: "plugins/telegram/...", own: append([]string{"plugins/telegram/..."}, plugin...), libs: []string{"github.com/go-telegram/bot"}},
	{pattern: "plugins/email/emailtest/...", own: simulator("plugins/email/emailtest"), libs: mailLibs},
	{pattern: "plugins/email", own: plugin, libs: append([]string{"golang.org/x/net/html"}, mailLibs...)},
	{pattern: "plugins/webhook", own: hook},
	{pattern: "plugins/posthog", own: hook},
	{pattern: "widget/..."},
	{pattern: "docs"},
	{pattern: "internal/...", own: []string{"..."}, anyLib: true}, // for tests and benchmarks
	{pattern: "bench/...", own: []string{"..."}, anyLib: true},
	{pattern: "chaos", own: []string{"..."}, anyLib: true},
	{pattern: "e2e"},
}

var sdkLibs = []string{
	"github.com/hashicorp/go-plugin", "github.com/hashicorp/go-hclog",
	"google.golang.org/grpc", "google.golang.org/protobuf", "google.golang.org/genproto/googleapis/rpc",
	"golang.org/x/sys", // the SDK's watch on its parent
}

var mailLibs = []string{
	"github.com/emersion/go-imap/v2", "github.com/emersion/go-message", "github.com/emersion/go-sasl", "github.com/emersion/go-smtp",
}

// simulator is what the simulator of a platform may import of this module: not the
// bridge that it is to test.
func simulator(folder string) []string {
	return []string{folder + "/...", "sdk/plugin/plugintest/simulator"}
}

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	DepOnly    bool
}

// TestLayers keeps the import rules: the domain knows nobody, adapters never
// import each other, and plugins see the SDK alone. Tests may import what they like.
func TestLayers(t *testing.T) {
	packages := list(t)
	standard := map[string]bool{}
	for _, p := range packages {
		standard[p.ImportPath] = p.Standard
	}
	seen := 0
	for _, p := range packages {
		rel, own := relativePath(p.ImportPath)
		if !own || p.DepOnly {
			continue
		}
		seen++
		rule, ok := ruleOf(rel)
		if !ok {
			t.Errorf("%s has no layer: give it a place in layers_test.go", rel)
			continue
		}
		for _, imported := range p.Imports {
			if !standard[imported] && imported != "C" && !rule.allows(imported) {
				t.Errorf("%s imports %s, which its layer forbids", rel, imported)
			}
		}
	}
	if seen < 5 {
		t.Fatalf("go list found %d packages only", seen)
	}
}

// TestLayerRules makes sure that the rules can tell right from wrong.
func TestLayerRules(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"core", module + "/core/store", false},
		{"core", "gorm.io/gorm", false},
		{"core/store", module + "/core", true},
		{"core/store", module + "/core/web", false},
		{"core/store", "gorm.io/gorm", true},
		{"core/host", module + "/core/web", false},
		{"core/host", module + "/sdk/plugin/pluginv1", true},
		{"core/web", module + "/widget", true},
		{"core/web", module + "/core/webhooks", false},
		{"core/cli", module + "/core/host", true},
		{"core/cli", module + "/plugins/telegram", false},
		{"sdk/plugin", module + "/core", false},
		{"sdk/plugin", "google.golang.org/grpc/status", true},
		{"sdk/plugin", "google.golang.org/grpcx", false},
		{"plugins/telegram", module + "/core", false},
		{"plugins/telegram", module + "/plugins/inbox", false},
		{"plugins/telegram/telegramtest", module + "/plugins/telegram", false},
		{"plugins/telegram", "github.com/coder/websocket", false},
		{"plugins/inbox", module + "/sdk/plugin/kit", true},
		{"plugins/inbox", module + "/sdk/plugin/pluginv1", false},
	} {
		rule, ok := ruleOf(tt.from)
		if got := ok && rule.allows(tt.to); got != tt.want {
			t.Errorf("%s imports %s: allowed %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
	if _, ok := ruleOf("core/unheard"); ok {
		t.Error("a package without a layer has one")
	}
}

func (l layer) allows(imported string) bool {
	if rel, own := relativePath(imported); own {
		return slices.ContainsFunc(l.own, func(pattern string) bool { return matches(pattern, rel) })
	}
	return l.anyLib || slices.ContainsFunc(l.libs, func(lib string) bool {
		return imported == lib || strings.HasPrefix(imported, lib+"/")
	})
}

func ruleOf(rel string) (layer, bool) {
	i := slices.IndexFunc(layers, func(l layer) bool { return matches(l.pattern, rel) })
	if i < 0 {
		return layer{}, false
	}
	return layers[i], true
}

func matches(pattern, rel string) bool {
	folder, below := strings.CutSuffix(pattern, "...")
	folder = strings.TrimSuffix(folder, "/")
	return rel == pattern || below && (folder == "" || rel == folder || strings.HasPrefix(rel, folder+"/"))
}

// relativePath is a package's path within this module.
func relativePath(importPath string) (rel string, own bool) {
	if importPath == module {
		return ".", true
	}
	rel, own = strings.CutPrefix(importPath, module+"/")
	return path.Clean(rel), own
}

func list(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports,DepOnly", "./...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

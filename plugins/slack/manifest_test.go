package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// listed are the items of the manifest's list of that name.
func listed(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile("manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^ +` + name + `:\n((?: +- .+\n)+)`).FindStringSubmatch(string(raw))
	if found == nil {
		t.Fatalf("the manifest has no list %s", name)
	}
	var items []string
	for line := range strings.Lines(found[1]) {
		items = append(items, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "-")))
	}
	slices.Sort(items)
	return items
}

// What the manifest asks for is what the bridge looks for, no more and no less.
func TestManifest(t *testing.T) {
	want := scopeNames()
	slices.Sort(want)
	if got := listed(t, "bot"); !slices.Equal(got, want) {
		t.Errorf("scopes %v, want %v", got, want)
	}
	want = nil
	for name := range maps.Keys(readEvents) {
		if name == "message" {
			want = append(want, "message.channels", "message.groups") // one for each kind of channel
		} else {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if got := listed(t, "bot_events"); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}

// The guide shows the manifest as it is.
func TestGuideShowsTheManifest(t *testing.T) {
	manifest, err := os.ReadFile("manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(manifest), "display_information:")
	indented := strings.ReplaceAll("display_information:"+strings.TrimRight(body, "\n"), "\n", "\n   ")
	if !strings.Contains(string(guide), indented+"\n   ```") {
		t.Error("docs/slack.md shows another manifest")
	}
}

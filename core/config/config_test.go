package config

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the golden files expect")

const separator = "\n----------\n"

// declared is what the plugins of the golden files declare.
var declared = []Field{
	{Name: "token", Type: String, Required: true, Help: "from @BotFather"},
	{Name: "chat_id", Type: Int, Default: json.RawMessage{}},
	{Name: "silent", Type: Bool, Default: json.RawMessage("false")},
	{Name: "tags", Type: Strings},
}

// TestGolden reads each pair in testdata: a config.hcl, and below the line what
// comes of it, which is a Config as JSON or the diagnostics.
func TestGolden(t *testing.T) {
	t.Setenv("SET", "from the environment")
	t.Setenv("EMPTY", "")
	t.Setenv("CHAT_ID", "-1001234567890")
	pairs, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(pairs) < 10 {
		t.Fatalf("found %d pairs: %v", len(pairs), err)
	}
	for _, path := range pairs {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			pair, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			src, want, _ := strings.Cut(string(pair), separator)
			got := outcome(src)
			if *update {
				if err := os.WriteFile(path, []byte(src+separator+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

// outcome is what Load and Decode make of the text, as if it stood in
// testdata/config.hcl.
func outcome(src string) string {
	c, err := parse("testdata/config.hcl", []byte(src))
	if err != nil {
		return err.Error() + "\n"
	}
	decoded := map[string]json.RawMessage{}
	for _, b := range c.Bridges {
		fields := declared
		if b.Plugin == "inbox" {
			fields = nil
		}
		if decoded[b.ID], err = b.Decode(fields); err != nil {
			return err.Error() + "\n"
		}
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	if err := enc.Encode(struct {
		Config  *Config
		Decoded map[string]json.RawMessage
	}{c, decoded}); err != nil {
		return err.Error()
	}
	return text.String()
}

func TestShippedFileIsRight(t *testing.T) {
	c, err := Load("../../config.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Projects) != 1 || len(c.ProjectBridges(c.Projects[0].Slug)) != 1 {
		t.Errorf("want one project with one bridge, got %d with %v", len(c.Projects), c.ProjectBridges("demo"))
	}
}

func TestNoFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "config.hcl"))
	if err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("want an error that says what to do, got %v", err)
	}
}

// TestSecretsStayUnsaid puts a secret wherever one may stand, and something
// wrong beside or in it.
func TestSecretsStayUnsaid(t *testing.T) {
	const canary = "CANARY_c4n4ry"
	t.Setenv("SECRET", canary)
	for _, src := range []string{
		`server { admin_token = env("SECRET") }`,
		`server { metrics_token = "CANARY_c4n4ry" }`,
		`database { url = "mysql://root:CANARY_c4n4ry@db/pp" }`,
		`project "p" { secret_key = env("SECRET") }`,
		`project "p" { identity_key = CANARY_c4n4ry }`,
		`project "p" { public_key = "sk_CANARY_c4n4ry_0123456789" }`,
		`bridge "telegram" { token = CANARY_c4n4ry }`,
		`bridge "telegram" { token = 123:CANARY_c4n4ry }`,
		`bridge "telegram" { token = ["CANARY_c4n4ry"] }`,
		`bridge "telegram" { chat_id = env("SECRET") }`,
		`bridge "telegram" { token = "x${env("SECRET")}` + "\n}",
		`bridge "telegram" { env = { TOKEN = [env("SECRET")] } }`,
		`bridge "telegram" { tokn = env("SECRET") }`,
		`bridge "telegram" { sha256 = env("SECRET") }`,
	} {
		got := outcome(src)
		if !strings.HasPrefix(got, "testdata/config.hcl:") {
			t.Errorf("%s\nis not refused: %s", src, got)
		}
		if strings.Contains(got, canary) {
			t.Errorf("%s\ngives its secret away: %s", src, got)
		}
	}
}

func TestWrongHasItsLine(t *testing.T) {
	c, err := parse("config.hcl", []byte("bridge \"telegram\" {\n  token = \"x\"\n  chat_id = 5\n  sha256 = \""+strings.Repeat("0", 64)+"\"\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for attribute, want := range map[string]string{
		"chat_id": `config.hcl:3: bridge "telegram": chat_id: is no group`,
		"sha256":  `config.hcl:4: bridge "telegram": sha256: is no group`,
		"absent":  `config.hcl:1: bridge "telegram": absent: is no group`,
		"":        `config.hcl:1: bridge "telegram": is no group`,
	} {
		if got := c.Bridges[0].Wrong(attribute, "is no group").Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPaceSaysItself(t *testing.T) {
	for _, text := range []string{"none", "platform", "20/1m0s"} {
		p, err := parsePace(text)
		if err != nil || p.String() != text {
			t.Errorf("%q became %q, %v", text, p, err)
		}
	}
}

func TestServes(t *testing.T) {
	for _, tt := range []struct {
		bridge Bridge
		want   bool
	}{
		{Bridge{Project: "acme"}, true},
		{Bridge{Project: "other"}, false},
		{Bridge{}, true},
		{Bridge{Projects: []string{"other", "acme"}}, true},
		{Bridge{Projects: []string{"other"}}, false},
		{Bridge{Projects: []string{}}, false},
	} {
		if got := tt.bridge.Serves("acme"); got != tt.want {
			t.Errorf("%+v serves: %v, want %v", tt.bridge, got, tt.want)
		}
	}
}

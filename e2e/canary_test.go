package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/email/emailtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// canaries are secrets, each of which is told from everything else, by what they are.
type canaries map[string]string

// seen looks for every canary in the text, as it is and as it stands in a URL.
func (c canaries) seen(t *testing.T, where, text string) {
	t.Helper()
	for what, secret := range c {
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			t.Errorf("%s holds the %s", where, what)
		}
	}
}

// aviary is a server with a canary wherever there is a place for a secret. Of one of each two
// bridges of a kind the platform knows the token; the other's it refuses.
type aviary struct {
	*world
	canaries
	env   []string
	mails *emailtest.Server
}

func newAviary(t *testing.T) *aviary {
	t.Helper()
	a := &aviary{
		world: &world{
			t: t, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience)), discord: discordtest.NewServer(discordtest.WithPatience(patience)),
			slack: slacktest.NewServer(slacktest.WithPatience(patience)),
		},
		mails: emailtest.NewServer(),
		canaries: canaries{
			"secret key": "sk_canary00000000000000000001", "identity key": "ik_canary00000000000000000002", "admin token": "canary-admin-0000000003", "metrics token": "canary-metrics-00000004",
			"wrong token of Telegram": "700:AAcanary-telegram-000000000000000005", "wrong token of Discord": "canary.discord.0000000000000000000006",
			"wrong bot token of Slack": "xoxb-canary-0000007", "second bot token of Slack": "xoxb-canary-0000019", "wrong app token of Slack": "xapp-canary-0000008", "signing secret of Slack": "canary0signing0secret0000000009",
			"wrong password of SMTP": "canary-smtp-0000010", "wrong password of IMAP": "canary-imap-0000011", "secret of the mail bridge": "canary-mail-secret-000000000000012",
			"secret of a webhook": "canary-webhook-secret-000000000013", "secret in a webhook's address": "canary-address-0000014", "password in a webhook's address": "canary-userinfo-0000015",
			"key of PostHog": "phc_canary0000016", "variable of the environment": "canary-environment-0000017", "password of the database": "canary-database-0000018",
		},
	}
	for _, end := range []func(){a.telegram.Close, a.discord.Close, a.slack.Close, a.mails.Close} {
		t.Cleanup(end)
	}
	for i, good := range a.platforms().Secrets() {
		a.canaries[fmt.Sprint("good token of a platform ", i)] = good
	}
	a.canaries["good password of the mailbox"] = a.mails.Password
	a.env = []string{"CANARY_ADMIN=" + a.canaries["admin token"], "CANARY_OTHER=" + a.canaries["variable of the environment"]}
	return a
}

func (a *aviary) config() string {
	c := a.canaries
	wrong := fmt.Sprintf(`
  bridge "telegram" "wrongtelegram" {
    token   = %[1]q
    chat_id = -100123
    api_url = %[2]q
  }
  bridge "discord" "wrongdiscord" {
    token      = %[3]q
    channel_id = "1000000000000000042"
    api_url    = %[4]q
  }
  bridge "slack" "wrongslack" {
    bot_token  = %[5]q
    app_token  = %[6]q
    channel_id = "C42000000"
    api_url    = %[8]q
  }
  bridge "slack" "wrongevents" {
    bot_token      = %[18]q
    signing_secret = %[7]q
    channel_id     = "C42000000"
    api_url        = %[8]q
  }
  bridge "email" "wrongemail" {
    as_visitor    = true
    address       = "chat@example.com"
    secret        = %[9]q
    smtp          = %[10]q
    smtp_tls      = "none"
    smtp_user     = "nobody"
    smtp_password = %[11]q
    imap          = %[12]q
    imap_tls      = "none"
    imap_user     = "nobody"
    imap_password = %[13]q
    link          = "http://{{listen}}/"
  }
  hook "webhook" {
    url           = "http://user:%[14]s@127.0.0.1:1/hook?key=%[15]s"
    secret        = %[16]q
    allow_private = true
  }
  hook "posthog" {
    api_key       = %[17]q
    host          = "http://127.0.0.1:1"
    allow_private = true
  }
`, c["wrong token of Telegram"], a.telegram.URL, c["wrong token of Discord"], a.discord.URL, c["wrong bot token of Slack"], c["wrong app token of Slack"], c["signing secret of Slack"], a.slack.URL,
		c["secret of the mail bridge"], a.mails.SMTPAddr, c["wrong password of SMTP"], a.mails.IMAPAddr, c["wrong password of IMAP"],
		c["password in a webhook's address"], c["secret in a webhook's address"], c["secret of a webhook"], c["key of PostHog"], c["second bot token of Slack"])
	config := a.world.config("sqlite:canary.db")
	config = strings.Replace(config, `server   { listen = "{{listen}}" }`, fmt.Sprintf("server {\n  listen = \"{{listen}}\"\n  admin_token = env(\"CANARY_ADMIN\")\n  metrics_token = %q\n}", c["metrics token"]), 1)
	config = strings.Replace(config, fmt.Sprintf("secret_key = %q", secretKey), fmt.Sprintf("secret_key = %q\n  identity_key = %q", c["secret key"], c["identity key"]), 1)
	return strings.Replace(config, "\nbridge \"inbox\" {}", strings.TrimSuffix(wrong, "\n")+"\n"+mailBlock(a.mails)+"\nbridge \"inbox\" {}", 1)
}

// run is what a command prints, whether it succeeds or not.
func (a *aviary) run(args ...string) string {
	a.t.Helper()
	b, err := bins()
	if err != nil {
		a.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.Pocketping, args...)
	cmd.Dir, cmd.Env = a.core.Dir, append(os.Environ(), a.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// ask calls the server, and says what it answers, heads too.
func (a *aviary) ask(method, path, token, body string) string {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.core.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Origin", a.core.URL)
	req.Header.Set("Cookie", "pocketping_operator="+token+"; pocketping_admin="+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Error(err)
	}
	return fmt.Sprint(res.Status, res.Header, string(said))
}

// A secret, wherever it stands and whatever fails with it, is in no log, answer, metric or output.
func TestCanaries(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	b, err := bins()
	if err != nil {
		t.Fatal(err)
	}
	if a.core, err = harness.New(b, t.TempDir(), a.config()); err != nil {
		t.Fatal(err)
	}
	a.core.Env = a.env
	a.start()
	// Traffic that goes well, and makes secrets of its own.
	v := a.visitor(t.Context())
	<-v.Post(t.Context(), "hello").Acked
	a.within(patience, "the topic", func() bool { return len(a.telegram.Topics()) > 0 })
	a.canaries["visitor's token"] = v.State().Token
	if code := a.core.InboxLink(); code != "" {
		_, code, _ = strings.Cut(code, "#")
		a.canaries["spent code of a link"] = strings.TrimPrefix(code, "code=")
	}
	admin, key := a.canaries["admin token"], a.canaries["secret key"]
	a.run("check", "--config", "config.hcl")
	outputs := map[string]string{
		"metrics": a.ask("GET", "/metrics", a.canaries["metrics token"], ""), "the plugins": a.ask("GET", "/v1/admin/plugins", admin, ""),
		"the projects": a.ask("GET", "/v1/admin/projects", admin, ""), "the project": a.ask("GET", "/v1/project", key, ""),
		"the session": a.ask("GET", "/v1/sessions/"+v.State().SessionID, key, ""), "the export": a.ask("GET", "/v1/visitors/"+v.State().VisitorID+"/export", key, ""),
		"check": a.run("check", "--config", "config.hcl"), "plugin list": a.run("plugin", "list", "--config", "config.hcl"), "plugin list --json": a.run("plugin", "list", "--json", "--config", "config.hcl"),
		"delivery list": a.run("delivery", "list", "--config", "config.hcl"), "project list": a.run("project", "list", "--config", "config.hcl"),
	}
	// Every secret is tried where it is none, as a token, a cookie, in a body and in a path.
	for what, secret := range a.canaries {
		for _, call := range []string{"GET /v1/project", "GET /v1/admin/projects", "POST /v1/frames", "GET /v1/stream", "POST /v1/uploads", "GET /admin/", "GET /plugins/inbox/", "POST /v1/operator/login", "PATCH /v1/project", "GET /v1/sessions/none"} {
			method, path, _ := strings.Cut(call, " ")
			if secret == key || secret == admin || secret == a.canaries["visitor's token"] && strings.HasPrefix(path, "/v1/stream") {
				continue // it is none that fails there
			}
			outputs[what+", at "+call] = a.ask(method, path, secret, fmt.Sprintf(`{"code":%q,"identity":%q}`, secret, secret))
		}
	}
	for _, id := range []string{"wrongtelegram", "wrongslack", "wrongdiscord"} {
		if !came(patience, func() bool { return strings.Contains(a.core.Log(), id) }) {
			t.Errorf("the log tells nothing of %s, which its platform refuses", id)
		}
	}
	a.core.KillPlugin("telegram")
	outputs["the log of another database"] = a.elsewhere()
	if err := a.core.Stop(); err != nil {
		t.Error(err)
	}
	log := a.core.Log()
	if i := strings.Index(log, a.canaries["spent code of a link"]); i >= 0 { // `serve` prints the link itself, once, to whoever starts it
		log = strings.ReplaceAll(log, a.canaries["spent code of a link"], "")
	}
	outputs["the log"] = log
	checked := 0
	for _, where := range slices.Sorted(maps.Keys(outputs)) {
		a.seen(t, where, outputs[where])
		checked += len(outputs[where])
	}
	t.Logf("%d secrets, looked for in %d outputs of %d bytes: the log has %d lines", len(a.canaries), len(outputs), checked, strings.Count(log, "\n"))
	for what, want := range map[string]string{"the plugins": "wrongtelegram", "plugin list": "telegram", "metrics": "pocketping_", "check": "telegram", "the log of another database": "database"} {
		if !strings.Contains(outputs[what], want) {
			t.Errorf("%s says nothing of %s: %.600s", what, want, outputs[what])
		}
	}
	if t.Failed() {
		t.Logf("the log:\n%s", tail(log, 60))
	}
}

// elsewhere is what the server prints when it cannot reach a database whose address has a password.
func (a *aviary) elsewhere() string {
	a.t.Helper()
	config, err := os.ReadFile(a.core.Dir + "/config.hcl")
	if err != nil {
		a.t.Fatal(err)
	}
	other := bytes.Replace(config, []byte("sqlite:canary.db"), []byte("postgres://canary:"+a.canaries["password of the database"]+"@127.0.0.1:1/db?connect_timeout=1"), 1)
	if err := os.WriteFile(a.core.Dir+"/other.hcl", other, 0o600); err != nil {
		a.t.Fatal(err)
	}
	begun := time.Now()
	said := a.run("check", "--config", "other.hcl") + a.run("serve", "--config", "other.hcl")
	a.t.Logf("it was tried for %s", time.Since(begun).Round(time.Millisecond))
	return said
}

// Package firefox drives headless Firefox for tests, over WebDriver BiDi, which
// Firefox speaks itself: no driver beside it is needed.
package firefox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// ErrMissing says that this machine has no Firefox.
var ErrMissing = errors.New("no Firefox here (Debian package firefox-esr)")

// Browser is one running Firefox with a profile of its own.
type Browser struct {
	*conn
	cmd     *exec.Cmd
	profile string
}

// preferences keep it from asking other servers, and give tests what a person would
// have to click on: sound, and the focus in more than one window. WebSockets that
// failed may be tried again at once, where Firefox would wait for up to a minute.
const preferences = `
user_pref("remote.prefs.recommended", true);
user_pref("focusmanager.testmode", true);
user_pref("media.autoplay.default", 0);
user_pref("network.websocket.delay-failed-reconnects", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("browser.startup.page", 0);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("startup.homepage_welcome_url", "about:blank");
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.safebrowsing.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.ipc.processPrelaunch.enabled", false);
user_pref("extensions.autoDisableScopes", 15);
user_pref("network.dns.native-is-localhost", true);
user_pref("intl.accept_languages", "en-GB");
`

// Start launches Firefox; Close ends it. Where there is none it answers ErrMissing.
func Start(ctx context.Context) (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	b := &Browser{}
	if b.profile, err = os.MkdirTemp("", "firefox-"); err != nil {
		return nil, err
	}
	if err = b.launch(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("firefox: %w", err), b.Close())
	}
	return b, nil
}

func find() (string, error) {
	for _, name := range []string{"firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

var listening = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

func (b *Browser) launch(ctx context.Context, path string) error {
	if err := os.WriteFile(filepath.Join(b.profile, "user.js"), []byte(preferences), 0o600); err != nil {
		return err
	}
	b.cmd = exec.Command(path, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", b.profile)
	b.cmd.Env = append(os.Environ(), "HOME="+b.profile, "MOZ_CRASHREPORTER_DISABLE=1")
	out, err := b.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return err
	}
	found, said := make(chan string, 1), strings.Builder{}
	go func() {
		defer close(found)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
			if said.Len() < 10_000 {
				said.WriteString(lines.Text() + "\n")
			}
		}
	}()
	select {
	case url, ok := <-found:
		if !ok {
			return fmt.Errorf("it ended: %s", said.String())
		}
		return b.connect(ctx, url)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Browser) connect(ctx context.Context, url string) (err error) {
	if b.conn, err = dial(ctx, url+"/session"); err != nil {
		return err
	}
	if err = b.call(ctx, "session.new", object{"capabilities": object{}}, nil); err != nil {
		return err
	}
	return b.call(ctx, "session.subscribe", object{"events": []string{"log.entryAdded"}}, nil)
}

// Close ends Firefox and removes its profile.
func (b *Browser) Close() error {
	if b.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = b.call(ctx, "browser.close", object{}, nil) // it may have ended by itself
		b.hangUp()
	}
	if b.cmd != nil && b.cmd.Process != nil {
		gone := make(chan struct{})
		go func() { _ = b.cmd.Wait(); close(gone) }()
		select {
		case <-gone:
		case <-time.After(5 * time.Second):
			_ = b.cmd.Process.Kill()
			<-gone
		}
	}
	return os.RemoveAll(b.profile)
}

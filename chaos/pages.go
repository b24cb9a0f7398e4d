package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// looked is how many visitors' pages are loaded in a real browser.
func (w *world) looked() int { return of(w.size, 10, 5, 1) }

const pageWithin = 30 * time.Second

// checkPages looks at what a real browser shows of some sessions, spread over all.
func (c *crowd) checkPages(ctx context.Context, r *row, sessions map[string]stored) error {
	ctx, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))...)
	defer cancel()
	browser, cancel := chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		return fmt.Errorf("headless Chromium (Debian package chromium) does not start: %w", err)
	}
	for i := range c.w.looked() {
		ch := c.chats[i*len(c.chats)/c.w.looked()]
		state := ch.page.State()
		messages := sessions[state.SessionID].messages
		want := stored{messages[max(0, len(messages)-newest):]}.words() // others' texts are none
		shown, err := c.w.load(browser, state.Token, len(want))
		if err != nil {
			return fmt.Errorf("the page of visitor %d in a browser: %w", ch.n, err)
		}
		r.count(fmt.Sprintf("the page of visitor %d in a browser", ch.n), shown, want)
	}
	return nil
}

// The widget shows what a visitor of the page reads, below a welcome.
const (
	openPanel = `(() => {
		const root = document.querySelector('pocketping-widget')?.shadowRoot;
		if (!root?.querySelector('.launcher')) return false;
		if (root.querySelector('.panel').hidden) root.querySelector('.launcher').click();
		return !root.querySelector('.panel').hidden;
	})()`
	readPanel = `[...document.querySelector('pocketping-widget').shadowRoot.querySelectorAll('.log .m')].map((m) => m.querySelector('.b').textContent).join('\n')`
)

// load opens the visitor's page, loads it again, and reads it once it shows enough, or
// no more comes.
func (w *world) load(browser context.Context, token string, enough int) (shown []string, err error) {
	tab, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	defer cancel()
	tab, cancel = context.WithTimeout(tab, pageWithin)
	defer cancel()
	script := fmt.Sprintf(`localStorage.setItem('pocketping:%s', '{"token":%q}')`, publicKey, token)
	if err := chromedp.Do(tab); err != nil {
		return nil, err
	}
	if _, err := chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		return nil, err
	}
	if err := chromedp.Do(tab, chromedp.Navigate(w.core.URL+"/")); err != nil {
		return nil, err
	}
	for _, again := range []bool{false, true} {
		if again {
			if err := chromedp.Do(tab, chromedp.Reload()); err != nil {
				return nil, err
			}
		}
		if shown, err = read(tab, enough); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// read looks until the panel shows so many words, or the time is over.
func read(tab context.Context, enough int) (shown []string, err error) {
	for open := false; len(shown) < enough; {
		if !sleep(tab, lookEvery) {
			if open && errors.Is(tab.Err(), context.DeadlineExceeded) {
				return shown, nil // the comparison tells what is missing
			}
			return nil, tab.Err()
		}
		if open, err = chromedp.Run(tab, chromedp.Evaluate[bool](openPanel)); err != nil || !open {
			continue // the page is still loading
		}
		text, err := chromedp.Run(tab, chromedp.Evaluate[string](readPanel))
		if err != nil {
			continue
		}
		shown = shown[:0]
		for _, line := range strings.Split(text, "\n") {
			shown = append(shown, wordsIn(line)...)
		}
	}
	return shown, nil
}

package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// echo is a small bridge to a platform in memory. fault, when set, is what it does
// wrong.
type echo struct {
	fault string

	mu     sync.Mutex
	sent   []string
	refuse bool // the next call
}

func (b *echo) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return plugin.Receipt{}, err
	}
	receipt := plugin.Receipt{}
	thread := e.Thread
	if thread == "" {
		thread = "thread-" + e.Session.ID
		receipt.Thread = thread
	}
	if e.Type != plugin.MessagePosted || e.Message.Deleted && b.fault != "shows what is deleted" {
		return receipt, nil
	}
	known, text := e.Parts(e.Message.ID), kit.Clean(e.Message.Text)
	if text == "" {
		text = "(empty)"
	}
	for i, part := range kit.Split(text, 100, kit.CodePoints) {
		if i < len(known) && b.fault != "sends twice" {
			continue
		}
		id, err := b.send(part)
		if err != nil {
			return receipt, err
		}
		receipt.Links = append(receipt.Links, plugin.Link{Thread: thread, ExternalID: id, MessageID: e.Message.ID, Part: i})
	}
	return receipt, nil
}

func (b *echo) send(text string) (id string, err error) {
	if b.refuse {
		b.refuse = false
		switch b.fault {
		case "waits for nobody's scope":
			return "", plugin.RetryAfter(time.Millisecond, "chats", errors.New("too many"))
		case "tells no wait":
			return "", errors.New("too many")
		}
		return "", plugin.RetryAfter(time.Millisecond, "chat", errors.New("too many"))
	}
	b.sent = append(b.sent, text)
	if b.fault == "counts backwards" {
		return fmt.Sprint(10_000 - len(b.sent)), nil
	}
	return fmt.Sprint(len(b.sent)), nil
}

func conform(t *testing.T, fault string) {
	var last *echo
	plugintest.Conform(t, func(*testing.T, *plugintest.Host) plugin.Bridge {
		last = &echo{fault: fault}
		return last
	}, plugintest.WithLimits(plugin.Limit{Scope: "chat", Calls: 20, Per: time.Minute}), plugintest.WithThrottle(func(*testing.T) {
		last.mu.Lock()
		defer last.mu.Unlock()
		last.refuse = true
	}))
}

// faultEnv makes TestConform's bridge do something wrong.
const faultEnv = "PLUGINTEST_FAULT"

func TestConform(t *testing.T) { conform(t, os.Getenv(faultEnv)) }

func TestConformFindsWhatIsWrong(t *testing.T) {
	for fault, words := range map[string]string{
		"sends twice":              "after it was delivered again",
		"shows what is deleted":    "a deleted message is on the platform",
		"counts backwards":         "the newer message has the smaller external id",
		"waits for nobody's scope": "which is no declared limit's scope",
		"tells no wait":            "the platform asked to wait, and the bridge says: too many",
	} {
		t.Run(fault, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConform$")
			cmd.Env = append(os.Environ(), faultEnv+"="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), words) {
				t.Errorf("it ends with %v and says %s", err, out)
			}
		})
	}
}

func TestSessionLearnsFromReceipts(t *testing.T) {
	h := plugintest.NewHost(t)
	s := plugintest.NewSession(h, &echo{})
	e := s.Event(plugin.MessagePosted, s.Message("hello"))
	if _, err := s.Deliver(t.Context(), e); err != nil || s.Thread != "thread-sess_conform" || e.Thread != "" {
		t.Errorf("thread %q, %v", s.Thread, err)
	}
	e = s.Event(plugin.MessageEdited, s.Message("hello"))
	if _, err := s.Deliver(t.Context(), e); err != nil || e.Thread != s.Thread || len(e.Parts("msg_1")) != 1 {
		t.Errorf("the second event has thread %q and links %v, %v", e.Thread, e.Links, err)
	}
}

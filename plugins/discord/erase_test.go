package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestEraseDeletesTheThread(t *testing.T) {
	for kind, channel := range map[string]func(*discordtest.Server) string{
		"forum": func(s *discordtest.Server) string { return s.ForumID },
		"text":  func(s *discordtest.Server) string { return s.TextID },
	} {
		t.Run(kind, func(t *testing.T) {
			r := newRigOn(t, channel)
			thread := r.open()
			r.must(plugintest.Posted(plugintest.VisitorSays("msg_1", "hello")))
			r.Operator("Olga").Message(thread, "hi Anna")
			r.bridge.mark.Caught(t.Context(), thread, time.Now().Add(time.Hour))
			if !strings.Contains(string(r.host.State("threads")), thread) {
				t.Error("how far the thread was fetched is not kept")
			}
			for range 2 { // the second time it is gone already
				erased, err := r.bridge.Erase(t.Context(), thread, r.session.Links)
				if err != nil || !erased.Done || len(erased.Left) > 0 {
					t.Errorf("erased %+v, %v", erased, err)
				}
			}
			if kept := string(r.host.State("threads")); strings.Contains(kept, thread) {
				t.Errorf("the thread is still named in %s", kept)
			}
			for _, m := range r.State().Messages {
				if !m.Deleted {
					t.Errorf("there is still %q in %s", m.Content, m.Channel)
				}
			}
		})
	}
}

func TestEraseWithoutTheRight(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.must(plugintest.Posted(plugintest.VisitorSays("msg_1", "hello")))
	r.Operator("Olga").Message(thread, "it is mine")
	r.RemovePermission(discordtest.ManageThreads)
	erased, err := r.bridge.Erase(t.Context(), thread, r.session.Links)
	if err != nil || !erased.Done || len(erased.Left) != 1 || !strings.Contains(erased.Why, "Manage Threads") {
		t.Errorf("erased %+v, %v", erased, err)
	}
	if left := r.said(); len(left) != 1 || left[0] != "it is mine" {
		t.Errorf("there is still %q", left)
	}
	if name := r.State().Thread(thread).Name; name != erasedName {
		t.Errorf("the thread is called %q", name)
	}
}

package kit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// paper is a platform whose threads are printed.
type paper struct{ sent int }

func (p *paper) Open(_ context.Context, o kit.Opening) (kit.Opened, error) {
	fmt.Println("a thread for", o.Session.Visitor.Name)
	return kit.Opened{Thread: "t1", Card: "1"}, nil
}

func (p *paper) Send(_ context.Context, m kit.Outgoing) (string, error) {
	p.sent++
	fmt.Printf("in %s: %s\n", m.Thread.ID, m.Text)
	return fmt.Sprint(1 + p.sent), nil
}

func (p *paper) Edit(_ context.Context, id string, m kit.Outgoing) error {
	fmt.Printf("%s says now: %s\n", id, m.Text)
	return nil
}

func (p *paper) Remove(context.Context, kit.Thread, string) error { return nil }
func (p *paper) SetClosed(context.Context, kit.Thread) error      { return nil }
func (p *paper) Rename(context.Context, kit.Thread, string) error { return nil }

// desk is a host that takes what the bridge records; a plugin is given a real one.
type desk struct{ plugin.Host }

func (desk) BridgeID() string                            { return "acme.paper" }
func (desk) Projects() []plugin.Project                  { return nil }
func (desk) Record(context.Context, plugin.Record) error { return nil }
func (desk) Log() hclog.Logger                           { return hclog.NewNullLogger() }

// A courier makes calls of events: the thread and its card first, then the message. What it
// says it has made comes back with later events, and so an edit finds its message.
func ExampleCourier() {
	host := desk{}
	courier := kit.Courier{Host: host, Platform: &paper{}, Format: kit.Format{Text: 4000, Caption: 1000, Measure: kit.CodePoints}}
	session := &plugin.Session{ID: "sess_1", Status: "active", Visitor: plugin.Visitor{Name: "Anna"}}
	m := &plugin.Message{ID: "msg_1", Sender: "visitor", Name: "Anna", Text: "Do you ship to Norway?"}

	receipt, err := courier.Deliver(context.Background(), &plugin.Event{Type: plugin.MessagePosted, Session: session, Message: m})
	fmt.Println(receipt.Calls, "calls, error:", err)

	edited := *m
	edited.Text, edited.EditedAt = "Do you ship to Sweden?", time.Now()
	receipt, err = courier.Deliver(context.Background(), &plugin.Event{
		Type: plugin.MessageEdited, Session: session, Message: &edited, Thread: "t1", Links: receipt.Links,
	})
	fmt.Println(receipt.Calls, "call, error:", err)
	// Output:
	// a thread for Anna
	// in t1: Anna: Do you ship to Norway?
	// 2 calls, error: <nil>
	// 2 says now: Anna: Do you ship to Sweden?
	// 1 call, error: <nil>
}

// A text is words in styles; each platform writes the marks that it has for them.
func ExampleText() {
	text := kit.Text{}.With(kit.Bold, "Anna").With(kit.Plain, ": 2 * 3 = 6")
	marks := map[kit.Style]string{kit.Bold: "**"}
	var b strings.Builder
	for _, run := range text {
		b.WriteString(marks[run.Style] + strings.ReplaceAll(run.Text, "*", `\*`) + marks[run.Style])
	}
	fmt.Println(b.String())
	// Output: **Anna**: 2 \* 3 = 6
}

// A long text is cut where it reads well, and never within a character that people see.
func ExampleSplit() {
	for _, part := range kit.Split("One line.\nAnother one, which is longer.", 24, kit.CodePoints) {
		fmt.Printf("%q\n", part)
	}
	// Output:
	// "One line.\nAnother one, "
	// "which is longer."
}

// One connection after another, until somebody must act.
func ExampleReconnect() {
	connections := []error{errors.New("cut"), plugin.Unusable(errors.New("the token was revoked"))}
	noPause := func(context.Context, time.Duration) {}
	err := kit.Reconnect(context.Background(), desk{}, noPause, func(context.Context) (worked bool, err error) {
		err, connections = connections[0], connections[1:]
		fmt.Println("a connection, which ends:", err)
		return true, err
	})
	fmt.Println("told to people:", err)
	// Output:
	// a connection, which ends: cut
	// a connection, which ends: the token was revoked
	// told to people: the token was revoked
}

// What happens in one thread is done in order, and no thread waits for another.
func ExampleLanes() {
	var lanes kit.Lanes
	said := make(chan string, 2)
	slow := make(chan struct{})
	lanes.Go("a", func() { <-slow })
	lanes.Go("a", func() { said <- "a, in its order" })
	lanes.Go("b", func() { said <- "b, meanwhile" })
	fmt.Println(<-said)
	close(slow)
	lanes.Wait()
	fmt.Println(<-said)
	// Output:
	// b, meanwhile
	// a, in its order
}

// When a platform asks to wait, no more calls are made until then.
func ExampleBuckets() {
	var buckets kit.Buckets
	fmt.Println(buckets.Ask("api", "api"))
	buckets.Close("api", time.Minute)
	fmt.Println(plugin.KindOf(buckets.Ask("api", "api")) == plugin.FailureRetryAfter)
	// Output:
	// <nil>
	// true
}

// Platforms report what the bridge did, too.
func ExampleEcho() {
	var echo kit.Echo
	echo.Expect("deleted 17")
	fmt.Println(echo.Expected("deleted 17"), echo.Expected("deleted 18"))
	// Output: true false
}

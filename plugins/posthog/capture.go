package main

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/outbound"
)

// capture is one event as PostHog takes it.
type capture struct {
	Event      string         `json:"event"`
	DistinctID string         `json:"distinct_id"`
	Timestamp  string         `json:"timestamp"`
	UUID       string         `json:"uuid"` // PostHog keeps one of those that are the same
	Properties map[string]any `json:"properties"`
}

// names are those of the core's events in PostHog.
var names = map[string]string{
	plugin.SessionOpened:   "chat opened",
	plugin.SessionClosed:   "chat closed",
	plugin.SessionReopened: "chat reopened",
	plugin.SessionRated:    "chat rated",
	plugin.MessagePosted:   "chat message",
}

// captureOf is the event for PostHog; false: there is nothing to tell. Text says that
// what was written may be told.
func captureOf(e *plugin.Event, project string, text bool) (capture, bool) {
	v := e.Session.Visitor
	c := capture{
		Event: names[e.Type], DistinctID: distinctID(v), UUID: uuidOf(outbound.EventID(e)),
		Timestamp: e.At.UTC().Format("2006-01-02T15:04:05.000Z"), Properties: map[string]any{},
	}
	switch e.Type {
	case plugin.VisitorTracked:
		c.tracked(e)
	case plugin.VisitorIdentified:
		c.identify(v)
	case plugin.MessagePosted:
		c.message(e.Message, text)
	case plugin.SessionRated, plugin.SessionClosed:
		c.said(e, text)
	}
	maps.Copy(c.Properties, map[string]any{
		"chat_session": e.Session.ID, "chat_project": project,
		"$lib": "pocketping", "$lib_version": version,
		"$geoip_disable":          true, // the address of this call is the server's
		"$process_person_profile": known(v),
	})
	if page := e.Session.Metadata["url"]; page != "" {
		c.Properties["$current_url"] = page
	}
	return c, c.Event != ""
}

// distinctID is who the site says that the visitor is, where it has signed that.
func distinctID(v plugin.Visitor) string {
	if v.Verified && v.Subject != "" {
		return v.Subject
	}
	return v.ID
}

// known reports whether there is anything to make a person of.
func known(v plugin.Visitor) bool {
	return v.Name != "" || v.Email != "" || v.Verified || len(v.Traits) > 0
}

// tracked is an event of the page. Names that begin with $ have a meaning for PostHog
// that no page may use: they would join or change persons.
func (c *capture) tracked(e *plugin.Event) {
	var tracked struct {
		Name string
		Data json.RawMessage
	}
	_ = json.Unmarshal(e.Data, &tracked) // without a name nothing is told
	c.Event = strings.TrimSpace(strings.TrimLeft(tracked.Name, "$ "))
	var properties map[string]any
	if json.Unmarshal(tracked.Data, &properties) == nil {
		maps.Copy(c.Properties, own(properties))
	} else if len(tracked.Data) > 0 {
		c.Properties["data"] = tracked.Data
	}
}

// own leaves out the properties that have a meaning for PostHog.
func own[V any](properties map[string]V) map[string]V {
	maps.DeleteFunc(properties, func(name string, _ V) bool {
		return strings.HasPrefix(name, "$") || name == "distinct_id" || name == "token"
	})
	return properties
}

// identify tells who the visitor is. What was tracked before under the visitor's id is
// joined to who a signed identity names.
func (c *capture) identify(v plugin.Visitor) {
	c.Event = "$identify"
	set := map[string]any{"verified": v.Verified}
	for name, value := range own(maps.Clone(v.Traits)) {
		if !strings.HasPrefix(name, claimed) {
			set[name] = value
		}
	}
	if v.Name != "" {
		set["name"] = v.Name
	}
	if v.Email != "" {
		set["email"] = v.Email
	}
	c.Properties["$set"] = set
	if c.DistinctID != v.ID {
		c.Properties["$anon_distinct_id"] = v.ID
	}
}

func (c *capture) message(m *plugin.Message, text bool) {
	if m == nil {
		return
	}
	c.Properties["sender"], c.Properties["via"] = m.Sender, m.Via
	c.Properties["attachments"], c.Properties["reply"] = len(m.Attachments), m.ReplyTo != ""
	if text {
		c.Properties["text"] = m.Text
	}
}

// said takes a rating's score, and who closed the session.
func (c *capture) said(e *plugin.Event, text bool) {
	var data struct {
		By      string
		Score   int
		Comment string
	}
	_ = json.Unmarshal(e.Data, &data) // what is not there is not told
	if e.Type == plugin.SessionClosed {
		c.Properties["by"] = data.By
		return
	}
	c.Properties["score"] = data.Score
	if text && data.Comment != "" {
		c.Properties["comment"] = data.Comment
	}
}

// space is what the uuids of events are made in.
var space = [16]byte{0x5b, 0x1e, 0x0f, 0x6a, 0x1d, 0x5c, 0x4d, 0x0b, 0x9a, 0x43, 0x3a, 0x5f, 0x53, 0x6b, 0x2e, 0x91}

// uuidOf is a UUID of version 5: the same for the same id, for ever.
func uuidOf(id string) string {
	hash := sha1.Sum(append(space[:], id...))
	u := hash[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// sentAt is now, as PostHog corrects the clocks of those who call it with.
func sentAt() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

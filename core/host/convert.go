package host

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// replyClusters of a message are shown where it is replied to.
const replyClusters = 80

func projectToWire(p *core.Project) *pluginv1.Project {
	return &pluginv1.Project{Id: p.ID, Slug: p.Slug, Name: p.Name, Operator: p.Widget.Operator}
}

func sessionToWire(s *core.Session, v *core.Visitor) *pluginv1.Session {
	return &pluginv1.Session{
		Id: s.ID, ProjectId: s.ProjectID, Status: string(s.Status), CreatedAt: int64(s.CreatedAt),
		LastActivity: int64(s.LastActivity), Visitor: visitorToWire(v), Metadata: s.Metadata,
		Seq: s.Seq, Read: s.Read, Delivered: s.Delivered,
	}
}

func visitorToWire(v *core.Visitor) *pluginv1.Visitor {
	if v == nil {
		return nil
	}
	traits := v.Traits
	if len(v.Claimed) > 0 {
		traits = maps.Clone(v.Traits)
		if traits == nil {
			traits = map[string]string{}
		}
		for name, value := range v.Claimed {
			traits["claimed "+name] = value + " (unverified)" // apart from what was signed
		}
	}
	return &pluginv1.Visitor{Id: v.ID, Subject: v.Subject, Name: v.Name, Email: v.Email, Verified: v.Verified, Traits: traits}
}

func (r *runner) eventToWire(ctx context.Context, run *core.Run, e *core.Event) *pluginv1.Event {
	return &pluginv1.Event{
		Type: string(e.Type), Seq: e.Seq, At: int64(e.At), Data: e.Data,
		Message: r.h.messageToWire(e.Message, run.Visitor, r.h.replyText(ctx, run.Session.ProjectID, e.Message)),
	}
}

func (h *Host) messageToWire(m *core.Message, v *core.Visitor, replyText string) *pluginv1.Message {
	if m == nil {
		return nil
	}
	wire := &pluginv1.Message{
		Id: m.ID, Seq: m.Seq, Sender: string(m.Sender), Text: m.Text, Name: nameOf(m, v), Via: m.Via,
		ReplyTo: m.ReplyTo, ReplyText: replyText, CreatedAt: int64(m.CreatedAt), EditedAt: int64(m.EditedAt),
		Deleted: !m.DeletedAt.IsZero(), DeletedAt: int64(m.DeletedAt), Note: m.Note, Failed: m.Failed, ClientId: m.ClientID,
	}
	if m.Author != nil {
		wire.Author, wire.Avatar = m.Author.Name, m.Author.Avatar
	}
	for _, a := range m.Attachments {
		if a.Expired {
			wire.Text = strings.TrimSpace(wire.Text + "\n[" + a.Name + "]") // there is nothing to send
			continue
		}
		wire.Attachments = append(wire.Attachments, h.attachmentToWire(a))
	}
	return wire
}

func (h *Host) attachmentToWire(a *core.Attachment) *pluginv1.Attachment {
	return &pluginv1.Attachment{Id: a.ID, Name: a.Name, Type: a.Type, Size: a.Size, Url: h.o.FileURL(a)}
}

// nameOf is the sender as operators know them.
func nameOf(m *core.Message, v *core.Visitor) string {
	switch {
	case m.Sender == core.SenderVisitor && m.Via != core.ViaWidget && m.Via != core.ViaAPI && m.Via != "":
		return visitorName(v) + " (by " + m.Via[strings.LastIndex(m.Via, ".")+1:] + ")"
	case m.Sender == core.SenderVisitor:
		return visitorName(v)
	case m.Operator != "":
		return m.Operator
	case m.Author != nil:
		return m.Author.Name
	}
	return ""
}

func visitorName(v *core.Visitor) string {
	switch {
	case v == nil:
	case v.Name != "":
		return v.Name
	case v.Email != "":
		return v.Email
	}
	return "Visitor"
}

// replyText is a short piece of what the message answers; empty when that is gone.
func (h *Host) replyText(ctx context.Context, projectID string, m *core.Message) string {
	if m == nil || m.ReplyTo == "" {
		return ""
	}
	to, err := h.o.Store.Message(ctx, projectID, m.ReplyTo)
	if err != nil {
		return ""
	}
	if to.Text == "" && len(to.Attachments) > 0 {
		return to.Attachments[0].Name
	}
	return shorten(to.Text, replyClusters)
}

func shorten(text string, clusters int) string {
	rest, state := text, -1
	for range clusters {
		if rest == "" {
			return text
		}
		_, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
	}
	if rest == "" {
		return text
	}
	return text[:len(text)-len(rest)] + "…"
}

func linksToWire(links []core.Link) []*pluginv1.Link {
	wire := make([]*pluginv1.Link, len(links))
	for i, l := range links {
		wire[i] = &pluginv1.Link{
			Thread: l.Thread, ExternalId: l.ExternalID, MessageId: l.MessageID,
			Part: int32(l.Part), Revision: l.Revision, Deleted: l.Deleted,
		}
	}
	return wire
}

func linksOf(wire []*pluginv1.Link) []core.Link {
	links := make([]core.Link, len(wire))
	for i, l := range wire {
		links[i] = core.Link{
			Thread: l.GetThread(), ExternalID: l.GetExternalId(), MessageID: l.GetMessageId(),
			Part: int(l.GetPart()), Revision: l.GetRevision(), Deleted: l.GetDeleted(),
		}
	}
	return links
}

var inboundKinds = map[pluginv1.InboundKind]core.InboundKind{
	pluginv1.InboundKind_INBOUND_KIND_MESSAGE: core.InboundMessage,
	pluginv1.InboundKind_INBOUND_KIND_EDIT:    core.InboundEdit,
	pluginv1.InboundKind_INBOUND_KIND_DELETE:  core.InboundDelete,
	pluginv1.InboundKind_INBOUND_KIND_CLOSE:   core.InboundClose,
	pluginv1.InboundKind_INBOUND_KIND_REOPEN:  core.InboundReopen,
	pluginv1.InboundKind_INBOUND_KIND_TYPING:  core.InboundTyping,
	pluginv1.InboundKind_INBOUND_KIND_READ:    core.InboundRead,
	pluginv1.InboundKind_INBOUND_KIND_RAW:     core.InboundRaw,
	pluginv1.InboundKind_INBOUND_KIND_VISITOR: core.InboundVisitor,
}

func inboundOf(wire *pluginv1.Inbound) (core.Inbound, error) {
	kind, ok := inboundKinds[wire.GetKind()]
	stored := kind != core.InboundTyping && kind != core.InboundRead
	switch {
	case !ok:
		return core.Inbound{}, core.Errorf(core.CodeInvalid, "an inbound of unknown kind %s", wire.GetKind())
	case stored && wire.GetEffectKey() == "":
		return core.Inbound{}, core.Errorf(core.CodeInvalid, "an inbound needs an effect key, so that it is stored once")
	}
	op := wire.GetOperator()
	return core.Inbound{
		EffectKey: wire.GetEffectKey(), Kind: kind, Thread: wire.GetThread(), ExternalID: wire.GetExternalId(),
		Revision: wire.GetRevision(), ReplyTo: wire.GetReplyTo(), Text: wire.GetText(),
		Operator: core.Operator{ID: op.GetId(), Name: op.GetName(), Avatar: op.GetAvatar()},
		Files:    wire.GetFiles(), On: wire.GetOn(), Raw: json.RawMessage(wire.GetRaw()),
	}, nil
}

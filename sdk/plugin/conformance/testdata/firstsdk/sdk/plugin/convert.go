package plugin

import (
	"encoding/json"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func mapAll[A, B any](in []A, f func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

func eventOf(e *pluginv1.Event) *Event {
	return &Event{
		Type: e.GetType(), Seq: e.GetSeq(), At: timeOf(e.GetAt()), Message: messageOf(e.GetMessage()),
		Data: json.RawMessage(e.GetData()), Uncertain: e.GetUncertain(),
	}
}

func sessionOf(s *pluginv1.Session) *Session {
	return &Session{
		ID: s.GetId(), ProjectID: s.GetProjectId(), Status: s.GetStatus(),
		CreatedAt: timeOf(s.GetCreatedAt()), LastActivity: timeOf(s.GetLastActivity()),
		Visitor: visitorOf(s.GetVisitor()), Metadata: s.GetMetadata(),
		Seq: s.GetSeq(), Delivered: s.GetDelivered(), Read: s.GetRead(),
		Last: messageOf(s.GetLast()), Unread: int(s.GetUnread()),
	}
}

func visitorOf(v *pluginv1.Visitor) Visitor {
	return Visitor{ID: v.GetId(), Name: v.GetName(), Email: v.GetEmail(), Verified: v.GetVerified(), Traits: v.GetTraits()}
}

func messageOf(m *pluginv1.Message) *Message {
	if m == nil {
		return nil
	}
	return &Message{
		ID: m.GetId(), Seq: m.GetSeq(), Sender: m.GetSender(), Text: m.GetText(), Name: m.GetName(),
		Avatar: m.GetAvatar(), Via: m.GetVia(), ReplyTo: m.GetReplyTo(), ReplyText: m.GetReplyText(),
		Attachments: mapAll(m.GetAttachments(), attachmentOf),
		CreatedAt:   timeOf(m.GetCreatedAt()), EditedAt: timeOf(m.GetEditedAt()),
		Deleted: m.GetDeleted(), Note: m.GetNote(),
	}
}

func attachmentOf(a *pluginv1.Attachment) Attachment {
	return Attachment{ID: a.GetId(), Name: a.GetName(), Type: a.GetType(), Size: a.GetSize(), URL: a.GetUrl()}
}

func projectOf(p *pluginv1.Project) Project {
	return Project{ID: p.GetId(), Slug: p.GetSlug(), Name: p.GetName(), Operator: p.GetOperator()}
}

func linkOf(l *pluginv1.Link) Link {
	return Link{
		Thread: l.GetThread(), ExternalID: l.GetExternalId(), MessageID: l.GetMessageId(),
		Part: int(l.GetPart()), Revision: l.GetRevision(), Deleted: l.GetDeleted(),
	}
}

func linkToWire(l Link) *pluginv1.Link {
	return &pluginv1.Link{
		Thread: l.Thread, ExternalId: l.ExternalID, MessageId: l.MessageID,
		Part: int32(l.Part), Revision: l.Revision, Deleted: l.Deleted,
	}
}

func inboundToWire(in Inbound) *pluginv1.Inbound {
	return &pluginv1.Inbound{
		EffectKey: in.EffectKey, Kind: pluginv1.InboundKind(in.Kind), Thread: in.Thread,
		ExternalId: in.ExternalID, Revision: in.Revision, ReplyTo: in.ReplyTo, Text: in.Text,
		Operator: &pluginv1.Operator{Id: in.Operator.ID, Name: in.Operator.Name, Avatar: in.Operator.Avatar},
		Files:    in.Files, On: in.On, Raw: in.Raw,
	}
}

func recordToWire(r Record, done int64) *pluginv1.Record {
	return &pluginv1.Record{SessionId: r.SessionID, Thread: r.Thread, Gone: r.Gone, Links: mapAll(r.Links, linkToWire), Done: done}
}

func findingToWire(f Finding) *pluginv1.Finding {
	return &pluginv1.Finding{Ok: f.OK, Name: f.Name, Text: f.Text}
}

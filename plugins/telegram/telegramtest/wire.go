package telegramtest

// How things look in JSON. All of it needs s.mu.

func wireUser(u User) obj {
	w := obj{"id": u.ID, "is_bot": u.Bot, "first_name": u.Name}
	if u.Username != "" {
		w["username"] = u.Username
	}
	return w
}

func (s *Server) wireChat() obj {
	w := obj{"id": s.chat.id, "title": s.chat.title, "type": "supergroup"}
	if s.chat.group {
		w["type"] = "group"
	}
	if s.chat.forum {
		w["is_forum"] = true
	}
	return w
}

// anonymous is who administrators are when they write as the group.
var anonymous = User{ID: 1087968824, Name: "Group", Username: "GroupAnonymousBot", Bot: true}

// wireMessage is a whole message. The one it replies to comes without its own.
func (s *Server) wireMessage(m *Message) obj {
	w := s.wireBare(m)
	root := 0
	if m.Topic != 0 && m.ID != m.Topic {
		root = m.Topic // what is no reply answers the topic's first message
	}
	if m.ReplyTo != 0 {
		root = m.ReplyTo
	}
	if to := s.messages[root]; to != nil && !to.Deleted {
		w["reply_to_message"] = s.wireBare(to)
	}
	return w
}

func (s *Server) wireBare(m *Message) obj {
	w := obj{"message_id": m.ID, "from": wireUser(m.From), "chat": s.wireChat(), "date": m.Date.Unix()}
	if m.Anonymous {
		w["from"], w["sender_chat"], w["author_signature"] = wireUser(anonymous), s.wireChat(), m.From.Name
	}
	if m.Topic != 0 {
		w["message_thread_id"], w["is_topic_message"] = m.Topic, true
	} else if m.stray {
		w["message_thread_id"] = m.ReplyTo
	}
	if !m.Edited.IsZero() {
		w["edit_date"] = m.Edited.Unix()
	}
	if m.Album != "" {
		w["media_group_id"] = m.Album
	}
	for kind, content := range m.Other {
		w[kind] = content
	}
	s.wireContent(w, m)
	return w
}

func (s *Server) wireContent(w obj, m *Message) {
	text, entities := "text", "entities"
	if m.File != nil {
		text, entities = "caption", "caption_entities"
		w[m.File.Kind] = wireFile(m.File)
		if m.File.Kind == "animation" {
			w["document"] = wireFile(m.File) // Telegram repeats it
		}
	}
	if m.Text != "" {
		w[text] = m.Text
		if len(m.Entities) > 0 {
			w[entities] = m.Entities
		}
	}
	switch t := s.topics[m.Topic]; m.Service {
	case "":
	case "forum_topic_created":
		w[m.Service] = obj{"name": m.Name, "icon_color": t.Color}
	case "forum_topic_edited":
		w[m.Service] = obj{"name": m.Name}
	default:
		w[m.Service] = obj{}
	}
}

func wireFile(f *File) any {
	w := obj{"file_id": f.ID, "file_unique_id": "u" + f.ID, "file_size": f.Size}
	switch f.Kind {
	case "photo":
		small := obj{"file_id": f.ID + "-small", "file_unique_id": "us" + f.ID, "file_size": min(f.Size, 1000), "width": 90, "height": 60}
		w["width"], w["height"] = 1280, 853
		return []obj{small, w}
	case "sticker":
		w["emoji"], w["is_animated"], w["is_video"], w["type"] = f.Emoji, f.Animated, false, "regular"
		w["width"], w["height"] = 512, 512
		return w
	case "voice", "video_note", "video", "audio", "animation":
		w["duration"] = 3
	}
	if f.Name != "" {
		w["file_name"] = f.Name
	}
	if f.Type != "" {
		w["mime_type"] = f.Type
	}
	return w
}

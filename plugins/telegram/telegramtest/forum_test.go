package telegramtest_test

import (
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

func TestTopics(t *testing.T) {
	s := start(t)
	a := call(t, s, "createForumTopic", obj{"name": strings.Repeat("x", 200)}).into(t)
	id := int(a["message_thread_id"].(float64))
	if len(a["name"].(string)) != 128 || a["icon_color"].(float64) != 7322096 {
		t.Errorf("topic %v", a)
	}
	call(t, s, "createForumTopic", obj{"name": " "}).want(t, 400, "Bad Request: name must be non-empty")
	call(t, s, "createForumTopic", obj{"name": "x", "icon_color": 1}).want(t, 400, "Bad Request: invalid icon color specified")

	m := call(t, s, "sendMessage", obj{"message_thread_id": id, "text": "hi"}).into(t)
	root, _ := m["reply_to_message"].(obj)
	if m["is_topic_message"] != true || m["message_thread_id"] != float64(id) || root["message_id"] != float64(id) || root["forum_topic_created"] == nil {
		t.Errorf("message %v", m)
	}
	if g := call(t, s, "sendMessage", obj{"text": "general"}).into(t); g["message_thread_id"] != nil || g["is_topic_message"] != nil || g["reply_to_message"] != nil {
		t.Errorf("in General %v", g)
	}
	thread := obj{"message_thread_id": id}
	call(t, s, "reopenForumTopic", thread).want(t, 400, "Bad Request: TOPIC_NOT_MODIFIED")
	call(t, s, "closeForumTopic", thread).want(t, 200, "")
	call(t, s, "closeForumTopic", thread).want(t, 400, "Bad Request: TOPIC_NOT_MODIFIED")
	call(t, s, "sendMessage", obj{"message_thread_id": id, "text": "closed, for administrators open"}).want(t, 200, "")
	call(t, s, "editForumTopic", obj{"message_thread_id": id, "name": "new"}).want(t, 200, "")
	call(t, s, "editForumTopic", obj{"message_thread_id": id, "name": "new"}).want(t, 400, "Bad Request: TOPIC_NOT_MODIFIED")
	if got := s.Topics()[0]; !got.Closed || got.Name != "new" || !got.ByBot {
		t.Errorf("topic %+v", got)
	}
	call(t, s, "deleteForumTopic", thread).want(t, 200, "")
	for _, method := range []string{"closeForumTopic", "reopenForumTopic", "editForumTopic", "deleteForumTopic"} {
		call(t, s, method, thread).want(t, 400, "Bad Request: message thread not found")
	}
	call(t, s, "sendMessage", obj{"message_thread_id": id, "text": "x"}).want(t, 400, "Bad Request: message thread not found")
	call(t, s, "sendChatAction", obj{"message_thread_id": id, "action": "typing"}).want(t, 400, "Bad Request: message thread not found")
	if left := s.Messages(id); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestTopicsOff(t *testing.T) {
	s := start(t)
	id := topic(t, s)
	s.TopicsOff()
	if m := call(t, s, "sendMessage", obj{"message_thread_id": id, "text": "where?"}).into(t); m["message_thread_id"] != nil {
		t.Errorf("message %v", m)
	}
	call(t, s, "createForumTopic", obj{"name": "x"}).want(t, 400, "Bad Request: the chat is not a forum")
	if chat := call(t, s, "getChat", nil).into(t); chat["is_forum"] != nil || chat["type"] != "supergroup" {
		t.Errorf("chat %v", chat)
	}
}

func TestRights(t *testing.T) {
	s := start(t)
	own := topic(t, s)
	theirs := s.Operator("Olga").CreateTopic("lunch")
	said := s.Operator("Olga").Message(theirs, "hi")
	me := obj{"user_id": s.BotID}
	if m := call(t, s, "getChatMember", me).into(t); m["status"] != "administrator" || m["can_manage_topics"] != true {
		t.Errorf("member %v", m)
	}
	s.Rights(false, false)
	call(t, s, "createForumTopic", obj{"name": "x"}).want(t, 400, "Bad Request: not enough rights to create a topic")
	call(t, s, "closeForumTopic", obj{"message_thread_id": theirs}).want(t, 400, "Bad Request: not enough rights to close or open the topic")
	call(t, s, "editForumTopic", obj{"message_thread_id": theirs, "name": "y"}).want(t, 400, "Bad Request: not enough rights to edit the topic")
	call(t, s, "deleteForumTopic", obj{"message_thread_id": theirs}).want(t, 400, "Bad Request: not enough rights to delete the topic")
	call(t, s, "deleteMessage", obj{"message_id": said}).want(t, 400, "Bad Request: message can't be deleted")
	s.Operator("Olga").CloseTopic(theirs)
	call(t, s, "sendMessage", obj{"message_thread_id": theirs, "text": "x"}).want(t, 400, "Bad Request: TOPIC_CLOSED")
	s.Operator("Olga").CloseTopic(own)
	call(t, s, "sendMessage", obj{"message_thread_id": own, "text": "the creator still may"}).want(t, 200, "")
	s.Demote()
	if m := call(t, s, "getChatMember", me).into(t); m["status"] != "member" || m["can_manage_topics"] != nil {
		t.Errorf("member %v", m)
	}
}

func TestEditAndDelete(t *testing.T) {
	s := start(t)
	id := topic(t, s)
	m := send(t, s, id, "one")
	edited := call(t, s, "editMessageText", obj{"message_id": m, "text": "two"}).into(t)
	if edited["edit_date"] == nil || edited["text"] != "two" {
		t.Errorf("edited %v", edited)
	}
	call(t, s, "editMessageText", obj{"message_id": m, "text": "two"}).want(t, 400, "Bad Request: message is not modified: specified new message content")
	call(t, s, "editMessageCaption", obj{"message_id": m, "caption": "x"}).want(t, 400, "Bad Request: there is no caption in the message to edit")
	call(t, s, "editMessageText", obj{"message_id": 999, "text": "x"}).want(t, 400, "Bad Request: message to edit not found")
	theirs := s.Operator("Olga").Message(id, "hers")
	call(t, s, "editMessageText", obj{"message_id": theirs, "text": "x"}).want(t, 400, "Bad Request: message can't be edited")
	call(t, s, "deleteMessage", obj{"message_id": theirs}).want(t, 200, "")
	call(t, s, "deleteMessage", obj{"message_id": theirs}).want(t, 400, "Bad Request: message to delete not found")
	call(t, s, "deleteMessage", obj{"message_id": id}).want(t, 400, "Bad Request: message can't be deleted")
	call(t, s, "deleteMessages", obj{"message_ids": []int{m, 999}}).want(t, 200, "")
	if left := s.Messages(id); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestNoBotDeletesOldMessages(t *testing.T) {
	clock := simulator.NewClock(epoch)
	s := start(t, telegramtest.WithClock(clock))
	id := topic(t, s)
	old := send(t, s, id, "old")
	clock.Advance(48 * time.Hour)
	young := send(t, s, id, "young")
	call(t, s, "deleteMessage", obj{"message_id": young}).want(t, 200, "")
	call(t, s, "deleteMessage", obj{"message_id": old}).want(t, 400, "Bad Request: message can't be deleted")
	call(t, s, "editMessageText", obj{"message_id": old, "text": "(deleted)"}).want(t, 200, "")
}

func TestReplies(t *testing.T) {
	s := start(t)
	id := topic(t, s)
	m := send(t, s, id, "one")
	r := call(t, s, "sendMessage", obj{"message_thread_id": id, "text": "two", "reply_parameters": obj{"message_id": m}}).into(t)
	to, _ := r["reply_to_message"].(obj)
	if to["message_id"] != float64(m) || to["reply_to_message"] != nil {
		t.Errorf("reply %v", r)
	}
	lost := obj{"message_thread_id": id, "text": "three", "reply_parameters": obj{"message_id": 999}}
	call(t, s, "sendMessage", lost).want(t, 400, "Bad Request: message to be replied not found")
	lost["reply_parameters"] = obj{"message_id": 999, "allow_sending_without_reply": true}
	call(t, s, "sendMessage", lost).want(t, 200, "")
}

func TestReactionsAndTyping(t *testing.T) {
	clock := simulator.NewClock(epoch)
	s := start(t, telegramtest.WithClock(clock))
	id := topic(t, s)
	m := send(t, s, id, "hi")
	react := func(emoji ...string) answer {
		kinds := []obj{}
		for _, e := range emoji {
			kinds = append(kinds, obj{"type": "emoji", "emoji": e})
		}
		return call(t, s, "setMessageReaction", obj{"message_id": m, "reaction": kinds})
	}
	react("✅").want(t, 400, "Bad Request: REACTION_INVALID")
	react("👍", "👎").want(t, 400, "Bad Request: REACTIONS_TOO_MANY")
	react("👀").want(t, 200, "")
	if got := s.State().Message(m).Reactions; len(got) != 1 || got[0] != "👀" {
		t.Errorf("reactions %v", got)
	}
	react().want(t, 200, "")
	if got := s.State().Message(m).Reactions; len(got) != 0 {
		t.Errorf("taken back, and still %v", got)
	}
	s.OnlyReactions("👍")
	react("👀").want(t, 400, "Bad Request: REACTION_INVALID")
	call(t, s, "setMessageReaction", obj{"message_id": 999}).want(t, 400, "Bad Request: message to react not found")

	call(t, s, "sendChatAction", obj{"message_thread_id": id, "action": "typing"}).want(t, 200, "")
	if !s.Typing(id) {
		t.Error("it does not type")
	}
	clock.Advance(actionLasts)
	if s.Typing(id) {
		t.Error("it types for ever")
	}
}

package main

import (
	"encoding/json"
	"errors"
)

// What is read of an update. Every field may be missing and what is not read here
// may have any shape: the Bot API grows, and one update that cannot be read must
// not stop those behind it.
type update struct {
	Message *message      `json:"message"`
	Edited  *message      `json:"edited_message"`
	Member  *memberChange `json:"my_chat_member"`
}

type user struct {
	ID    int64  `json:"id"`
	First string `json:"first_name"`
	Last  string `json:"last_name"`
	Name  string `json:"username"`
}

type chat struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
}

type message struct {
	ID        int64    `json:"message_id"`
	Thread    int      `json:"message_thread_id"`
	InTopic   bool     `json:"is_topic_message"`
	From      *user    `json:"from"`
	As        *chat    `json:"sender_chat"`
	Signature string   `json:"author_signature"`
	Chat      chat     `json:"chat"`
	EditDate  int64    `json:"edit_date"`
	ReplyTo   *message `json:"reply_to_message"`
	Migrated  int64    `json:"migrate_to_chat_id"`

	Text     string   `json:"text"`
	Entities []entity `json:"entities"`
	Caption  string   `json:"caption"`
	Captions []entity `json:"caption_entities"`

	Photo     []file          `json:"photo"`
	Document  *file           `json:"document"`
	Video     *file           `json:"video"`
	VideoNote *file           `json:"video_note"`
	Audio     *file           `json:"audio"`
	Voice     *file           `json:"voice"`
	Animation *file           `json:"animation"`
	Sticker   *sticker        `json:"sticker"`
	Location  *location       `json:"location"`
	Venue     *venue          `json:"venue"`
	Contact   *contact        `json:"contact"`
	Dice      *dice           `json:"dice"`
	Poll      *poll           `json:"poll"`
	Closed    json.RawMessage `json:"forum_topic_closed"`
	Reopened  json.RawMessage `json:"forum_topic_reopened"`

	// Service messages that change nothing for the visitor.
	Created json.RawMessage `json:"forum_topic_created"`
	Renamed json.RawMessage `json:"forum_topic_edited"`
	Pinned  json.RawMessage `json:"pinned_message"`
	Joined  json.RawMessage `json:"new_chat_members"`
	Left    json.RawMessage `json:"left_chat_member"`
	Titled  json.RawMessage `json:"new_chat_title"`
	Timer   json.RawMessage `json:"message_auto_delete_timer_changed"`
}

type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	URL    string `json:"url"`
}

type file struct {
	ID   string `json:"file_id"`
	Name string `json:"file_name"`
	Type string `json:"mime_type"`
	Size int64  `json:"file_size"`
}

type sticker struct {
	Emoji string `json:"emoji"`
}

type location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

type venue struct {
	Location location `json:"location"`
	Title    string   `json:"title"`
	Address  string   `json:"address"`
}

type contact struct {
	Phone string `json:"phone_number"`
	First string `json:"first_name"`
	Last  string `json:"last_name"`
}

type dice struct {
	Emoji string `json:"emoji"`
	Value int    `json:"value"`
}

type poll struct {
	Question string `json:"question"`
	Options  []struct {
		Text string `json:"text"`
	} `json:"options"`
}

type memberChange struct {
	Chat chat `json:"chat"`
	New  struct {
		Status string `json:"status"`
		Topics bool   `json:"can_manage_topics"`
	} `json:"new_chat_member"`
}

var errNoID = errors.New("an update without update_id")

// updateID reads the one field that cannot be missing.
func updateID(raw []byte) (int64, error) {
	var u struct {
		ID *int64 `json:"update_id"`
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		return 0, err
	}
	if u.ID == nil {
		return 0, errNoID
	}
	return *u.ID, nil
}

package main

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// What is read of what arrives. Every field may be missing and what is not read
// here may have any shape: Discord's API grows, and one event that cannot be read
// must not stop those behind it. Ids are strings.

// read reads as much as can be read; it fails when it is something else altogether.
func read(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if odd := (*json.UnmarshalTypeError)(nil); errors.As(err, &odd) && odd.Field != "" {
		return nil
	}
	return err
}

type user struct {
	ID     string `json:"id"`
	Name   string `json:"username"`
	Global string `json:"global_name"`
	Avatar string `json:"avatar"`
	Bot    bool   `json:"bot"`
}

type member struct {
	User *user  `json:"user"`
	Nick string `json:"nick"`
}

type message struct {
	ID          string       `json:"id"`
	Type        int          `json:"type"`
	ChannelID   string       `json:"channel_id"`
	ChannelType *int         `json:"channel_type"` // on the gateway only
	Author      *user        `json:"author"`
	Member      *member      `json:"member"` // on the gateway only
	WebhookID   string       `json:"webhook_id"`
	Content     *string      `json:"content"`
	Edited      string       `json:"edited_timestamp"`
	Mentions    []user       `json:"mentions"`
	Attachments []attachment `json:"attachments"`
	Stickers    []named      `json:"sticker_items"`
	Poll        *poll        `json:"poll"`
	Reference   *messageRef  `json:"message_reference"`
	Snapshots   []snapshot   `json:"message_snapshots"`
	Embeds      []embed      `json:"embeds"`
	Flags       int          `json:"flags"`
}

// The types of messages that people write.
const (
	typeNormal = 0
	typeReply  = 19
)

type messageRef struct {
	Type      int    `json:"type"` // 1: forwarded
	MessageID string `json:"message_id"`
	ChannelID string `json:"channel_id"`
}

// snapshot is what a forwarded message said.
type snapshot struct {
	Message message `json:"message"`
}

type attachment struct {
	ID   string `json:"id"`
	Name string `json:"filename"`
	Size int64  `json:"size"`
	URL  string `json:"url"`
}

type named struct {
	Name string `json:"name"`
}

type embed struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
}

type poll struct {
	Question struct {
		Text string `json:"text"`
	} `json:"question"`
	Answers []struct {
		Media struct {
			Text string `json:"text"`
		} `json:"poll_media"`
	} `json:"answers"`
}

// channel is a channel or a thread.
type channel struct {
	ID          string      `json:"id"`
	Type        int         `json:"type"`
	GuildID     string      `json:"guild_id"`
	ParentID    string      `json:"parent_id"`
	OwnerID     string      `json:"owner_id"`
	Name        string      `json:"name"`
	Flags       int         `json:"flags"`
	LastMessage string      `json:"last_message_id"`
	Thread      *threadData `json:"thread_metadata"`
	Applied     []string    `json:"applied_tags"`
	Tags        []tag       `json:"available_tags"`
	Overwrites  []overwrite `json:"permission_overwrites"`
}

type threadData struct {
	Archived   bool   `json:"archived"`
	Locked     bool   `json:"locked"`
	ArchivedAt string `json:"archive_timestamp"`
}

type tag struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Moderated bool   `json:"moderated"`
}

// overwrite changes permissions in a channel.
type overwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"` // 0: of a role, 1: of a member
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

// The types of channels, and what a forum's flags say.
const (
	typeText         = 0
	typeAnnouncement = 5
	typeForum        = 15
	typeMedia        = 16
	flagRequireTag   = 1 << 4
)

type deletion struct {
	ID        string   `json:"id"`
	IDs       []string `json:"ids"`
	ChannelID string   `json:"channel_id"`
}

type typingStart struct {
	ChannelID string  `json:"channel_id"`
	UserID    string  `json:"user_id"`
	Member    *member `json:"member"`
}

type guild struct {
	ID          string    `json:"id"`
	Unavailable bool      `json:"unavailable"`
	Threads     []channel `json:"threads"`
	Channels    []channel `json:"channels"`
	Roles       []role    `json:"roles"`
}

type role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Permissions string `json:"permissions"`
}

type ready struct {
	User user `json:"user"`
}

// event is one that the gateway sent.
type event struct {
	Type string
	Data json.RawMessage
}

// discordEpoch is the first moment of 2015, from which ids count, in milliseconds.
const discordEpoch = 1_420_070_400_000

// idAt is the least id of things made at the moment.
func idAt(t time.Time) string {
	return strconv.FormatInt(max(t.UnixMilli()-discordEpoch, 0)<<22, 10)
}

// newer reports whether one id was made after another.
func newer(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

// revisionOf orders the edits of a message: microseconds. Empty: never edited.
func revisionOf(edited string) string {
	t, err := time.Parse(time.RFC3339Nano, edited)
	if err != nil {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

package store

import (
	"encoding/json"

	"github.com/pocketping/pocketping/core"
)

// The rows are the tables of migrations/, field by field. They exist apart from
// the domain types so that neither has to change with the other.

type projectRow struct {
	ID       string `gorm:"primaryKey"`
	Slug     string
	Name     string
	Origins  string
	Widget   string
	ReopenMs int64
	LastPos  int64
	Created  core.Time `gorm:"column:created_at"`

	Editable bool   // it was made over the API
	Identity string // of one that was

	Presence      core.PresenceState
	PresenceUntil core.Time
}

type keyRow struct {
	ProjectID string `gorm:"primaryKey"`
	Kind      string `gorm:"primaryKey"`
	Value     string
	Hash      []byte
	Created   core.Time `gorm:"column:created_at"`
}

type oldKeyRow struct {
	Hash      []byte `gorm:"primaryKey"`
	ProjectID string
	Kind      string
	Value     string
	Until     core.Time
}

type operatorRow struct {
	CodeHash   []byte `gorm:"primaryKey"`
	CodeUntil  core.Time
	CookieHash []byte
	ID         string
	Name       string
	Admin      bool
}

type visitorRow struct {
	ID        string `gorm:"primaryKey"`
	ProjectID string
	Subject   string
	Name      string
	Email     string
	Verified  bool
	Traits    string
	Claimed   string
	Waiting   string
	Created   core.Time `gorm:"column:created_at"`
	LastSeen  core.Time
}

type tokenRow struct {
	Hash      []byte `gorm:"primaryKey"`
	ProjectID string
	VisitorID string
	Created   core.Time `gorm:"column:created_at"`
}

type sessionRow struct {
	ID           string `gorm:"primaryKey"`
	ProjectID    string
	VisitorID    string
	Status       core.Status
	Created      core.Time `gorm:"column:created_at"`
	LastActivity core.Time
	ClosedAt     core.Time
	LastSeq      int64
	Delivered    int64
	ReadSeq      int64
	Metadata     string
	ClaimedID    string
	ClaimedName  string

	Rating        int64
	RatingComment string
	Fingerprint   string

	WaitingSeq int64
	WaitingAt  core.Time
	Reminded   int64
	Escalated  string
}

type messageRow struct {
	ID           string `gorm:"primaryKey"`
	ProjectID    string
	SessionID    string
	Seq          int64
	Sender       core.Sender
	Text         string
	AuthorName   string
	AuthorAvatar string
	Operator     string
	Via          string
	ReplyTo      string
	ClientID     string
	Note         bool
	Failed       bool
	Files        int64
	Created      core.Time `gorm:"column:created_at"`
	Edited       core.Time `gorm:"column:edited_at"`
	Deleted      core.Time `gorm:"column:deleted_at"`
}

type attachmentRow struct {
	ID        string `gorm:"primaryKey"`
	ProjectID string
	Owner     string
	SessionID string
	MessageID string
	Place     int64
	Name      string
	Type      string
	Size      int64
	Created   core.Time `gorm:"column:created_at"`
	Removed   bool
	Expired   bool
}

type eventRow struct {
	SessionID string `gorm:"primaryKey"`
	Seq       int64  `gorm:"primaryKey;autoIncrement:false"`
	ProjectID string
	Pos       int64
	Type      core.EventType
	At        core.Time
	MessageID string
	Data      string
}

type deliveryRow struct {
	Bridge    string `gorm:"primaryKey"`
	SessionID string `gorm:"primaryKey"`
	Seq       int64  `gorm:"primaryKey;autoIncrement:false"`
	ProjectID string
	Type      core.EventType
}

type threadRow struct {
	Bridge     string `gorm:"primaryKey"`
	SessionID  string `gorm:"primaryKey"`
	ProjectID  string
	ExternalID string
	Created    core.Time `gorm:"column:created_at"`
}

type linkRow struct {
	Bridge     string `gorm:"primaryKey"`
	Thread     string `gorm:"primaryKey"`
	ExternalID string `gorm:"primaryKey"`
	MessageID  string
	SessionID  string
	ProjectID  string
	Part       int64
	Revision   string
	Deleted    bool
	Answers    string
}

type inboundRow struct {
	Bridge    string `gorm:"primaryKey"`
	EffectKey string `gorm:"primaryKey"`
	ProjectID string
	SessionID string
	MessageID string
	Seq       int64
	Digest    []byte
	Raw       []byte
	At        core.Time
}

type stateRow struct {
	Bridge string `gorm:"primaryKey"`
	Name   string `gorm:"primaryKey"`
	Value  []byte
}

func (projectRow) TableName() string    { return "projects" }
func (keyRow) TableName() string        { return "project_keys" }
func (oldKeyRow) TableName() string     { return "old_keys" }
func (operatorRow) TableName() string   { return "operators" }
func (visitorRow) TableName() string    { return "visitors" }
func (tokenRow) TableName() string      { return "visitor_tokens" }
func (sessionRow) TableName() string    { return "sessions" }
func (messageRow) TableName() string    { return "messages" }
func (attachmentRow) TableName() string { return "attachments" }
func (eventRow) TableName() string      { return "events" }
func (deliveryRow) TableName() string   { return "deliveries" }
func (threadRow) TableName() string     { return "threads" }
func (linkRow) TableName() string       { return "links" }
func (inboundRow) TableName() string    { return "inbound" }
func (stateRow) TableName() string      { return "plugin_state" }

// toJSON writes what a TEXT column keeps of a map or slice; an empty one is "".
func toJSON(v any, size int) string {
	if size == 0 {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

func fromJSON(s string, v any) {
	if s != "" {
		_ = json.Unmarshal([]byte(s), v) // written by toJSON
	}
}

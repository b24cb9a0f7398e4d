package web

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/pocketping/pocketping/core"
)

// Types of frames, in the order of the contract.
const (
	typeHello    = "hello"
	typePost     = "post"
	typeEdit     = "edit"
	typeDelete   = "delete"
	typeTyping   = "typing"
	typeRead     = "read"
	typePage     = "page"
	typeTrack    = "track"
	typeIdentify = "identify"
	typeRate     = "rate"
	typeClose    = "close"
	typeHistory  = "history"

	typeWelcome  = "welcome"
	typeOK       = "ok"
	typeEvent    = "event"
	typeReceipt  = "receipt"
	typePresence = "presence"
	typeEmit     = "emit"
	typeError    = "error"
)

// frame is anything that a visitor's page sends; its type says which fields count.
type frame struct {
	Type string `json:"type"`
	ID   string `json:"id"`

	Key         string `json:"key"`
	Visitor     string `json:"visitor"`
	Token       string `json:"token"`
	Session     string `json:"session"`
	After       int64  `json:"after"`
	Page        *page  `json:"page"`
	Language    string `json:"language"`
	Timezone    string `json:"timezone"`
	Screen      string `json:"screen"`
	Fingerprint string `json:"fingerprint"`
	Proof       string `json:"proof"`

	Text        string                     `json:"text"`
	ReplyTo     string                     `json:"replyTo"`
	Attachments []string                   `json:"attachments"`
	Message     string                     `json:"message"`
	On          bool                       `json:"on"`
	Seq         int64                      `json:"seq"`
	URL         string                     `json:"url"`
	Title       string                     `json:"title"`
	Name        string                     `json:"name"`
	Data        json.RawMessage            `json:"data"`
	Identity    string                     `json:"identity"`
	Traits      map[string]json.RawMessage `json:"traits"`
	Score       int                        `json:"score"`
	Comment     string                     `json:"comment"`
	Before      int64                      `json:"before"`
	Limit       int                        `json:"limit"`
}

type page struct {
	URL      string `json:"url"`
	Title    string `json:"title"`
	Referrer string `json:"referrer"`
}

const maxFrameID = 64

// answered are the types that have an id and an answer.
var answered = map[string]bool{
	typePost: true, typeEdit: true, typeDelete: true, typeTrack: true, typeIdentify: true,
	typeRate: true, typeClose: true, typeHistory: true,
}

// unanswered are the types that have no answer, not even that they failed.
var unanswered = map[string]bool{typeTyping: true, typeRead: true, typePage: true}

// errBadFrame is a frame that no answer can name.
var errBadFrame = errors.New("a frame is a JSON object with a type")

// decode reads a frame. An error that is not errBadFrame can be answered under the
// frame's id.
func decode(raw []byte) (*frame, error) {
	var f frame
	err := json.Unmarshal(raw, &f)
	var mistyped *json.UnmarshalTypeError
	switch {
	case f.Type == "" || err != nil && !json.Valid(raw):
		return nil, errBadFrame
	case errors.As(err, &mistyped):
		err = core.Errorf(core.CodeInvalid, "%s: %s cannot be a %s", f.Type, mistyped.Field, mistyped.Value)
	case err != nil:
		err = core.Errorf(core.CodeInvalid, "%s: %s", f.Type, err)
	}
	if utf8.RuneCountInString(f.ID) > maxFrameID {
		f.ID = ""
		return &f, core.Errorf(core.CodeInvalid, "%s: an id has at most %d characters", f.Type, maxFrameID)
	}
	if err == nil && answered[f.Type] && f.ID == "" {
		err = core.Errorf(core.CodeInvalid, "%s: give the frame an id of 1 to %d characters", f.Type, maxFrameID)
	}
	return &f, err
}

// The frames to a visitor.
type (
	welcomeFrame struct {
		Type     string        `json:"type"`
		Visitor  visitorFrame  `json:"visitor"`
		Session  *core.Session `json:"session"`
		Settings settings      `json:"settings"`
		Online   bool          `json:"online"`
		Resumed  bool          `json:"resumed"`
	}
	visitorFrame struct {
		ID    string `json:"id"`
		Token string `json:"token,omitempty"`
	}
	okFrame struct {
		Type    string        `json:"type"`
		ID      string        `json:"id"`
		Session string        `json:"session,omitempty"`
		Seq     int64         `json:"seq,omitempty"`
		Message *core.Message `json:"message,omitempty"`
	}
	eventFrame struct {
		Type  string      `json:"type"`
		Event *core.Event `json:"event"`
	}
	receiptFrame struct {
		Type      string `json:"type"`
		Session   string `json:"session"`
		Delivered int64  `json:"delivered"`
		Read      int64  `json:"read"`
	}
	typingFrame struct {
		Type   string       `json:"type"`
		On     bool         `json:"on"`
		Author *core.Author `json:"author,omitempty"`
	}
	presenceFrame struct {
		Type   string `json:"type"`
		Online bool   `json:"online"`
	}
	emitFrame struct {
		Type string          `json:"type"`
		Name string          `json:"name"`
		Data json.RawMessage `json:"data,omitempty"`
	}
	historyFrame struct {
		Type     string          `json:"type"`
		ID       string          `json:"id"`
		Messages []*core.Message `json:"messages"`
		HasMore  bool            `json:"hasMore"`
	}
	errorFrame struct {
		Type       string    `json:"type"`
		ID         string    `json:"id,omitempty"`
		Code       core.Code `json:"code"`
		Message    string    `json:"message"`
		RetryAfter int       `json:"retryAfter,omitempty"`
		Challenge  string    `json:"challenge,omitempty"` // to solve for the next hello
	}
)

func newErrorFrame(id string, e *core.Error) errorFrame {
	f := errorFrame{Type: typeError, ID: id, Code: e.Code, Message: e.Message}
	if e.RetryAfter > 0 {
		f.RetryAfter = seconds(e.RetryAfter)
	}
	return f
}

package core

// Status is whether a session is going on.
type Status string

// A session is active until someone closes it.
const (
	StatusActive Status = "active"
	StatusClosed Status = "closed"
)

// Visitor is one person on a project's pages. Several devices may hold a token
// of the same visitor.
type Visitor struct {
	ID        string            `json:"id"`
	ProjectID string            `json:"projectId"`
	Subject   string            `json:"subject,omitempty"` // "sub" of a signed identity
	Name      string            `json:"name,omitempty"`
	Email     string            `json:"email,omitempty"`
	Verified  bool              `json:"verified"` // name, e-mail and traits come from a signed identity
	Traits    map[string]string `json:"traits,omitempty"`
	Claimed   map[string]string `json:"claimed,omitempty"` // what one who is verified only says, or said before
	CreatedAt Time              `json:"createdAt"`
	LastSeen  Time              `json:"lastSeen"`
	Waiting   []Event           `json:"-"` // tracked before there is a session; 20 at most
	Version   string            `json:"-"` // of what was read; empty: made anew
}

// Session is one talk between a visitor and the operators. Each of its events
// has the next seq, without gaps.
type Session struct {
	ID           string            `json:"id"`
	VisitorID    string            `json:"visitorId"`
	ProjectID    string            `json:"projectId"`
	Messages     []*Message        `json:"messages"`
	Status       Status            `json:"status"`
	CreatedAt    Time              `json:"createdAt"`
	LastActivity Time              `json:"lastActivity"`
	ClosedAt     Time              `json:"-"`
	Seq          int64             `json:"seq"`       // of its newest event
	Delivered    int64             `json:"delivered"` // visitor's messages up to here reached a bridge
	Read         int64             `json:"read"`      // messages up to here were read by the other side
	Metadata     map[string]string `json:"metadata"`
	Claim        *Claim            `json:"operator,omitempty"` // nil: nobody's; never shown to the visitor
	Rating       *Rating           `json:"rating,omitempty"`   // nil: none; not shown to the visitor
	Fingerprint  string            `json:"-"`                  // of the browser that opened it, hashed by the edge; empty: unknown
	Waiting      Waiting           `json:"-"`
	Escalated    []string          `json:"-"` // the bridges on standby that have it
}

// Waiting is how long a visitor has waited for an answer: since the first message
// that nobody has answered. The next answer ends it, and so does closing.
type Waiting struct {
	Seq      int64 // of that message; zero: nobody waits
	Since    Time
	Reminded int // how often operators were told
}

// Rating is what a visitor thinks of a session.
type Rating struct {
	Score   int    `json:"score"` // 1 to 5
	Comment string `json:"comment,omitempty"`
}

// Claim says which operator answers a session.
type Claim struct {
	ID   string `json:"id"`   // as their platform has it
	Name string `json:"name"` // as the other operators know them
}

package core

// Widget is what the visitor's chat looks like, says and asks for. What is left out
// stays as the widget has it; a number or a switch that is nil is left out.
type Widget struct {
	// Looks
	Color    string `json:"color,omitempty"`
	Dark     string `json:"dark,omitempty"`     // auto, light or dark
	Position string `json:"position,omitempty"` // right or left
	X        *int   `json:"x,omitempty"`        // pixels from that side
	Y        *int   `json:"y,omitempty"`        // pixels from below
	Radius   *int   `json:"radius,omitempty"`   // pixels
	Font     string `json:"font,omitempty"`
	Icon     string `json:"icon,omitempty"`

	// Words
	Operator    string            `json:"operator,omitempty"` // the team's name
	Avatar      string            `json:"avatar,omitempty"`   // the team's picture
	Names       string            `json:"names,omitempty"`    // who visitors see: the team, or the operator's first or full name; empty: the team where it has a name, else the first
	Title       string            `json:"title,omitempty"`
	Reply       string            `json:"reply,omitempty"`
	Away        string            `json:"away,omitempty"`
	Welcome     string            `json:"welcome,omitempty"`
	Placeholder string            `json:"placeholder,omitempty"`
	Lang        string            `json:"lang,omitempty"`
	Strings     map[string]string `json:"strings,omitempty"` // own words by the names of the widget's

	// Where and when it is there
	Show     string   `json:"show,omitempty"`     // patterns of paths, with spaces between them
	Hide     string   `json:"hide,omitempty"`     // the same
	Delay    *float64 `json:"delay,omitempty"`    // seconds
	AutoOpen *float64 `json:"autoOpen,omitempty"` // seconds

	// What visitors are asked for
	Consent   string `json:"consent,omitempty"`
	Ask       string `json:"ask,omitempty"` // names of fields, with spaces between them
	AskAfter  *bool  `json:"askAfter,omitempty"`
	AwayEmail *bool  `json:"awayEmail,omitempty"`
	Rating    *bool  `json:"rating,omitempty"`

	// What there is
	Sound       *bool `json:"sound,omitempty"`
	Files       *bool `json:"files,omitempty"`
	Fingerprint *bool `json:"fingerprint,omitempty"`
}

// Whether a project's visitors are signed in by its back end.
const (
	IdentityRequired = "required" // who is not can read the page, and write nothing
	IdentityOptional = "optional"
	IdentityOff      = "off" // signatures are not taken
)

package simulator

// Drop says whether and when a fault cuts the connection.
type Drop int

// When the connection is cut: before the call does something, or after it did it
// and before it answers.
const (
	DropNever Drop = iota
	DropBefore
	DropAfter
)

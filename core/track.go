package core

// TrackRule says which tracked events operators see in their threads. Hooks and the
// back end's stream get all of them.
type TrackRule struct {
	Show []string // patterns of names, * for anything; nil: all
	Hide []string // the same, of those that are not shown after all
}

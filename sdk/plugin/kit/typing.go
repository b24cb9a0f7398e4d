package kit

import (
	"encoding/json"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// IsTyping reports whether a typing event asks to show in its thread that the
// visitor types. What cannot be read shows nothing.
func IsTyping(e *plugin.Event) bool {
	var typing struct{ On bool }
	err := json.Unmarshal(e.Data, &typing)
	return err == nil && typing.On && e.Thread != ""
}

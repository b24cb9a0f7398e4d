package outbound

import (
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// EventID is the same for an event whenever and by whichever hook it is sent, so that
// a receiver can tell a repeat: evt_<session>_<seq>.
func EventID(e *plugin.Event) string {
	return "evt_" + strings.TrimPrefix(e.Session.ID, "sess_") + "_" + strconv.FormatInt(e.Seq, 10)
}

//go:build !windows

package plugin

import (
	"os"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// watchHost calls gone when the process that launched this one has died, however
// it died: nobody would stop the plugin then, and another host launches its own.
func watchHost(gone func()) {
	host, err := strconv.Atoi(os.Getenv(pluginv1.HostPIDEnv))
	if err != nil {
		host = os.Getppid()
	}
	tick := time.NewTicker(500 * time.Millisecond) // no system tells a child of its parent's end in the same way
	defer tick.Stop()
	for os.Getppid() == host {
		<-tick.C
	}
	gone()
}

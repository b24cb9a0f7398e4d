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
	for os.Getppid() == host {
		time.Sleep(500 * time.Millisecond)
	}
	gone()
}

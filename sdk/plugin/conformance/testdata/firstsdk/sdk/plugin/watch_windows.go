package plugin

import (
	"os"
	"strconv"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// watchHost calls gone when the process that launched this one has died, however
// it died: nobody would stop the plugin then, and another host launches its own.
func watchHost(gone func()) {
	pid, err := strconv.Atoi(os.Getenv(pluginv1.HostPIDEnv))
	if err != nil {
		pid = os.Getppid()
	}
	if host, err := os.FindProcess(pid); err == nil {
		_, _ = host.Wait() // however it ends, the host is gone
	}
	gone()
}

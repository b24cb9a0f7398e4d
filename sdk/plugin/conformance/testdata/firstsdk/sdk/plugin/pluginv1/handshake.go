// Package pluginv1 is what goes over the wire between the host and a plugin.
package pluginv1

// What the host and a plugin agree on before the first call. ProtocolVersion is
// go-plugin's; the cookie keeps people from starting a plugin by hand.
const (
	ProtocolVersion = 1
	CookieKey       = "POCKETPING_PLUGIN"
	CookieValue     = "7c0a2a5e-5f0e-4a3b-9b6c-pocketping"
	// Name is the plugin's name in go-plugin's set.
	Name = "pocketping"
	// HostPIDEnv holds the host's process id: a plugin ends when it is gone.
	HostPIDEnv = "POCKETPING_HOST_PID"
	// SocketDirEnv is the folder, for this launch only, that holds its sockets.
	SocketDirEnv = "PLUGIN_UNIX_SOCKET_DIR"
	// MaxMessage is the size in bytes of the largest message either way.
	MaxMessage = 4 << 20
)

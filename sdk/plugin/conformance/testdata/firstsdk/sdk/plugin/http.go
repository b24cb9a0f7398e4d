package plugin

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// serveHTTP serves the bridge's pages beside the plugin's own socket, which only
// the host reaches, and answers with the address.
func serveHTTP(handler http.Handler, log hclog.Logger) (addr string, err error) {
	lis, err := listenHTTP()
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Warn}),
	}
	go func() { log.Error("the HTTP socket ended", "error", server.Serve(lis)) }()
	return lis.Addr().Network() + ":" + lis.Addr().String(), nil
}

func listenHTTP() (net.Listener, error) {
	dir := os.Getenv(pluginv1.SocketDirEnv)
	if runtime.GOOS == "windows" || dir == "" {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return net.Listen("unix", filepath.Join(dir, "http.sock"))
}

package cli

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/pocketping/pocketping/core/config"
)

// publicURL is what people type to reach the server: what the file says, or else
// what the certificate is for, or this machine, and the port that was taken.
func publicURL(cfg *config.Config, listening net.Addr) string {
	if cfg.Server.URL != "" {
		return cfg.Server.URL
	}
	host, port, _ := net.SplitHostPort(cfg.Server.Listen) // checked when it was read
	if tcp, ok := listening.(*net.TCPAddr); ok {
		port = fmt.Sprint(tcp.Port)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	if cfg.Server.TLS == nil {
		return "http://" + net.JoinHostPort(host, port)
	}
	if name := nameOf(cfg.Server.TLS); name != "" {
		host = name
	}
	if port == "443" {
		return "https://" + host
	}
	return "https://" + net.JoinHostPort(host, port)
}

func portOf(cfg *config.Config) string {
	_, port, _ := net.SplitHostPort(cfg.Server.Listen) // checked when it was read
	return port
}

// listen takes the configured port.
func listen(cfg *config.Config) (net.Listener, error) {
	return listenOn(cfg.Server.Listen, "server.listen", cfg.Path)
}

// listenOn takes the port that the field of the file names.
func listenOn(addr, field, path string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use: stop the other program, or change %s in %s", addr, field, path)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s: take a port above 1023 in %s of %s", addr, field, path)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w; change %s in %s", addr, cause(err), field, path)
}

// cause is the innermost error: what the system says.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

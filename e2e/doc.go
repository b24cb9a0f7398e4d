// Package e2e tests the real binary with real plugin processes, real sockets, a
// browser, and simulators of the platforms.
package e2e

package host

import "os/exec"

// apart is nothing here: Windows has no groups of processes.
func apart(*exec.Cmd, string) error { return nil }

// killGroup is nothing here; the process itself is ended by its handle.
func killGroup(int) {}

// handTo is nothing here; Limits.Check refuses a user.
func handTo(string, ...string) error { return nil }

// homeOf is nothing here.
func homeOf(string) []string { return nil }

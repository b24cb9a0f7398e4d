package cli

import (
	"os/exec"
	"syscall"
)

// endWithUs has the program end when this one does, however that happens.
func endWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

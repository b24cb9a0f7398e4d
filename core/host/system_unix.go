//go:build !windows

package host

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// apart gives the command a process group of its own, and the rights of the user.
func apart(cmd *exec.Cmd, name string) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if name == "" {
		return nil
	}
	u, err := lookUp(name)
	if err != nil {
		return err
	}
	uid, gid, err := ids(u)
	if err == nil && uid != os.Geteuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return err
}

func ids(u *user.User) (uid, gid int, err error) {
	if uid, err = strconv.Atoi(u.Uid); err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	return uid, gid, err
}

// killGroup ends the process and those of its group, if there are any left.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// handTo makes the user the owner of what a launch of theirs uses.
func handTo(name string, paths ...string) error {
	if name == "" {
		return nil
	}
	u, err := lookUp(name)
	if err != nil {
		return err
	}
	uid, gid, err := ids(u)
	if err != nil || uid == os.Geteuid() {
		return err
	}
	for _, path := range paths {
		if err := os.Lchown(path, uid, gid); err != nil {
			return err
		}
	}
	return nil
}

// homeOf is what the environment says of the user.
func homeOf(name string) []string {
	u, err := lookUp(name)
	if err != nil {
		return nil
	}
	return []string{"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username}
}

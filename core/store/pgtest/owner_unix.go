//go:build unix

package pgtest

import (
	"os"
	"syscall"
)

// owner gives the folder to the account that the server runs as, and says how to
// run as that account.
func owner(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	uid, gid, err := ids()
	if err != nil {
		return nil, err
	}
	as := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return as, os.Chown(folder, uid, gid)
}

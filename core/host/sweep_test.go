package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// What a plugin has started outlives a host that is killed; the next one ends it.
func TestWhatIsLeftBehindIsEnded(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // no other system tells the environment of a process
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	dir := filepath.Join(base, fmt.Sprintf("%s%d-1", dirPrefix, gone.Process.Pid))
	if len(base) > longestDir {
		base = ""
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("%s%d-1", dirPrefix, gone.Process.Pid))
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	left := exec.Command("sleep", "300")
	left.Env = []string{pluginv1.SocketDirEnv + "=" + dir}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	sweep(base)
	if err := left.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("it ended with %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("its folder is there")
	}
}

package simulator

import (
	"bufio"
	"os"
	"strings"
)

// Forever waits without end: it is the TB of a simulator that runs by itself.
type Forever struct{}

// Helper does nothing.
func (Forever) Helper() {}

// Fatalf does nothing: who waited waits again.
func (Forever) Fatalf(string, ...any) {}

// EachLine acts on each line that is typed. It never returns: without a terminal
// the simulator serves until it is ended.
func EachLine(act func(line string)) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		act(strings.TrimSpace(lines.Text()))
	}
	select {}
}

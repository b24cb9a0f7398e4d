package node

import (
	"bytes"
	"os"
	"testing"
)

func TestProtocol(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../plugin/pluginv1/plugin.proto")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Files.ReadFile("plugin.proto"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("plugin.proto is not the protocol's (%v): run `go generate ./sdk/node`", err)
	}
}

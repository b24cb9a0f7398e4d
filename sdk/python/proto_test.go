package python

import (
	"encoding/base64"
	"flag"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var update = flag.Bool("update", false, "write the description anew")

func TestDescription(t *testing.T) {
	t.Parallel()
	const path = "pocketping/_proto.py"
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(protodesc.ToFileDescriptorProto(pluginv1.File_pluginv1_plugin_proto))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# The description of plugin.proto. Made by `go generate ./sdk/python`: do not edit.\nDESCRIPTION = (\n")
	for text := base64.StdEncoding.EncodeToString(data); text != ""; {
		n := min(100, len(text))
		b.WriteString("    \"" + text[:n] + "\"\n")
		text = text[n:]
	}
	b.WriteString(")\n")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not what plugin.proto says: run `go generate ./sdk/python`", path)
	}
}

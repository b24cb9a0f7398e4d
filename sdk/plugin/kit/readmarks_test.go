package kit_test

import (
	"errors"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

func TestReceiptsMarkTheNewestOnce(t *testing.T) {
	var marks kit.ReadMarks
	marks.Add("7", "100", plugin.Ack{MessageID: "msg_1", Seq: 4})
	marks.Add("7", "101", plugin.Ack{MessageID: "msg_2", Seq: 6})
	odd := errors.New("odd")
	var marked []string
	for _, c := range []struct {
		thread, data string
		err          error
	}{
		{"7", `{"read":5}`, nil},
		{"8", `{"read":9}`, nil},
		{"7", `{"read":6}`, odd},
		{"7", `{"read":9}`, nil},
	} {
		receipt, err := marks.Show(&plugin.Event{Thread: c.thread, Data: []byte(c.data)}, func(id string) error {
			marked = append(marked, id)
			return odd
		})
		if !errors.Is(err, c.err) || receipt.Calls != -1 {
			t.Errorf("%s in %s: %+v, %v", c.data, c.thread, receipt, err)
		}
	}
	if len(marked) != 1 || marked[0] != "101" {
		t.Errorf("marked %v", marked)
	}
}

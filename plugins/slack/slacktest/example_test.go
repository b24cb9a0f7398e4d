package slacktest_test

import (
	"fmt"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/slack-go/slack"
)

func ExampleNewServer() {
	server := slacktest.NewServer()
	defer server.Close()

	api := slack.New(server.BotToken, slack.OptionAPIURL(server.URL))
	_, parent, err := api.PostMessage(server.ChannelID, slack.MsgOptionText("A visitor waits", true))
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Operator("Olga").Message(parent, "I *take* it")

	reply := server.State().In(parent)[0]
	fmt.Println(reply.Author, "writes", reply.Rendered.Text, "with", reply.Rendered.Spans)
	fmt.Println("to notice:", server.State().Violations[0].Rule)
	// Output:
	// olga writes I take it with [{bold take}]
	// to notice: unfurl_links is not false
}

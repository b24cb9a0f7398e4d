// Command cmd runs the Slack simulator by itself, for trying a bridge by hand:
// what you type is said by an operator in the newest thread, and what the bot
// writes is printed.
//
//	go run ./plugins/slack/slacktest/cmd -addr 127.0.0.1:8083
//
// With -control it is a driver of the conformance kit: see simulator.Control.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8083", "where to listen")
	budgets := flag.Bool("budgets", false, "keep Slack's quotas")
	events := flag.String("events", "", "send events to this request URL instead of a socket")
	name := flag.String("operator", "Olga", "who you are")
	driver := flag.Bool("control", false, "be a driver of `pocketping plugin test`")
	flag.Parse()
	if *driver {
		if err := control(slacktest.NewServer()).Run(); err != nil {
			log.Fatal(err)
		}
		return
	}
	opts := []slacktest.Option{slacktest.WithAddr(*addr)}
	if *budgets {
		opts = append(opts, slacktest.WithBudgets())
	}
	s := slacktest.NewServer(opts...)
	way := fmt.Sprintf("app_token  = %q", s.AppToken)
	if *events != "" {
		way = fmt.Sprintf("signing_secret = %q", s.SigningSecret)
	}
	fmt.Printf("bridge \"slack\" {\n  bot_token  = %q\n  %s\n  channel_id = %q\n  api_url    = %q\n}\n\n", s.BotToken, way, s.ChannelID, s.URL)
	if *events != "" {
		go useHTTP(s, *events)
	}
	fmt.Println(`Type what the operator says in the newest thread; ":react NAME", ":click ACTION", ":delete" (the parent) and ":down", ":up" act.`)
	go watch(s)
	simulator.EachLine(func(line string) { act(s, s.Operator(*name), line) })
}

// useHTTP asks the request URL until it proves itself: the bridge starts later.
func useHTTP(s *slacktest.Server, events string) {
	for {
		err := s.UseHTTP(events, "")
		if err == nil {
			fmt.Println("events go to", events)
			return
		}
		fmt.Fprintln(os.Stderr, err)
		time.Sleep(2 * time.Second)
	}
}

func act(s *slacktest.Server, o *slacktest.Operator, line string) {
	parents := s.State().Parents
	if len(parents) == 0 || line == "" {
		return
	}
	thread := parents[len(parents)-1].TS
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case ":react":
		o.React(thread, rest)
	case ":click":
		if !o.Click(thread, rest) {
			fmt.Println("there is no such button")
		}
	case ":delete":
		o.DeleteParent(thread)
	case ":down":
		s.Down()
	case ":up":
		if err := s.Up(); err != nil {
			fmt.Println(err)
		}
	default:
		o.Message(thread, line)
	}
}

// watch prints what the bot writes as it comes.
func watch(s *slacktest.Server) {
	for n := 0; ; {
		state := s.WaitFor(simulator.Forever{}, func(state slacktest.State) bool { return len(state.Messages) > n })
		for ; n < len(state.Messages); n++ {
			if m := state.Messages[n]; m.Own {
				fmt.Printf("[%s] %s: %s\n", m.Thread, m.Author, m.Rendered.Text)
			}
		}
	}
}

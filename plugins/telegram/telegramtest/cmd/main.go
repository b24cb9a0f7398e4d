// Command cmd runs the Telegram simulator by itself, for trying a bridge by hand:
// what you type is said by an operator in the newest topic, and what the bot
// writes is printed.
//
//	go run ./plugins/telegram/telegramtest/cmd -addr 127.0.0.1:8081
//
// With -control it is a driver of the conformance kit: see simulator.Control.
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "where to listen")
	budget := flag.Bool("budget", false, "keep Telegram's quota of 20 writes a minute")
	name := flag.String("operator", "Olga", "who you are")
	driver := flag.Bool("control", false, "be a driver of `pocketping plugin test`")
	flag.Parse()
	if *driver {
		if err := control(telegramtest.NewServer()).Run(); err != nil {
			log.Fatal(err)
		}
		return
	}
	opts := []telegramtest.Option{telegramtest.WithAddr(*addr)}
	if *budget {
		opts = append(opts, telegramtest.WithBudget())
	}
	s := telegramtest.NewServer(opts...)
	fmt.Printf("bridge \"telegram\" {\n  token   = %q\n  chat_id = %d\n  api_url = %q\n}\n\n", s.Token, s.ChatID, s.URL)
	fmt.Println("Type what the operator says in the newest topic; \":close\", \":reopen\" and \":delete\" act on the topic.")
	go watch(s)
	simulator.EachLine(func(line string) { act(s, s.Operator(*name), line) })
}

func act(s *telegramtest.Server, o *telegramtest.Operator, line string) {
	topics := s.Topics()
	if len(topics) == 0 || line == "" {
		return
	}
	id := topics[len(topics)-1].ID
	switch line {
	case ":close":
		o.CloseTopic(id)
	case ":reopen":
		o.ReopenTopic(id)
	case ":delete":
		o.DeleteTopic(id)
	default:
		o.Message(id, line)
	}
}

// watch prints what the bot writes as it comes.
func watch(s *telegramtest.Server) {
	for n := 0; ; {
		state := s.WaitFor(simulator.Forever{}, func(state telegramtest.State) bool { return len(state.Messages) > n })
		for ; n < len(state.Messages); n++ {
			m := state.Messages[n]
			if m.From.Bot && m.Text != "" {
				fmt.Printf("[%s] %s\n", state.Topic(m.Topic).Name, m.Text)
			}
		}
	}
}

// Command cmd runs the Discord simulator by itself, for trying a bridge by hand:
// what you type is said by an operator in the newest thread, and what the bot
// writes is printed.
//
//	go run ./plugins/discord/discordtest/cmd -addr 127.0.0.1:8082
//
// With -control it is a driver of the conformance kit: see simulator.Control.
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8082", "where to listen")
	limits := flag.Bool("limits", true, "keep Discord's rate limits")
	name := flag.String("operator", "Olga", "who you are")
	driver := flag.Bool("control", false, "be a driver of `pocketping plugin test`")
	flag.Parse()
	if *driver {
		if err := control(discordtest.NewServer(discordtest.WithoutLimits())).Run(); err != nil {
			log.Fatal(err)
		}
		return
	}
	opts := []discordtest.Option{discordtest.WithAddr(*addr)}
	if !*limits {
		opts = append(opts, discordtest.WithoutLimits())
	}
	s := discordtest.NewServer(opts...)
	fmt.Printf("bridge \"discord\" {\n  token      = %q\n  channel_id = %q\n  api_url    = %q\n}\n\n", s.Token, s.ForumID, s.URL)
	fmt.Printf("The forum is %s, a text channel is %s.\n", s.ForumID, s.TextID)
	fmt.Println("Type what the operator says in the newest thread; \":close\", \":reopen\" and \":delete\" act on the thread.")
	go watch(s)
	simulator.EachLine(func(line string) { act(s, s.Operator(*name), line) })
}

func act(s *discordtest.Server, o *discordtest.Operator, line string) {
	var id string
	for _, t := range s.State().Threads {
		if !t.Deleted {
			id = t.ID
		}
	}
	if id == "" || line == "" {
		return
	}
	switch line {
	case ":close":
		o.Close(id)
	case ":reopen":
		o.Reopen(id)
	case ":delete":
		o.DeleteThread(id)
	default:
		o.Message(id, line)
	}
}

// watch prints what the bot writes as it comes.
func watch(s *discordtest.Server) {
	seen := map[string]bool{}
	for {
		state := s.WaitFor(simulator.Forever{}, func(state discordtest.State) bool { return len(state.Messages) > len(seen) })
		for _, m := range state.Messages {
			if !seen[m.ID] && m.Author.ID == s.BotID && m.Content != "" {
				fmt.Printf("[%s] %s\n", state.Thread(m.Channel).Name, discordtest.Render(m.Content).Text)
			}
			seen[m.ID] = true
		}
	}
}

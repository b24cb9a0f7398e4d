// Command cmd runs the Mattermost simulator by itself, for trying a bridge by hand: what
// you type is said by an operator in the newest thread, and what the bot writes is
// printed.
//
//	go run ./plugins/mattermost/mattermosttest/cmd -addr 127.0.0.1:8084
//
// With -control it is a driver of the conformance kit: see simulator.Control.
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/pocketping/pocketping/plugins/mattermost/mattermosttest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8084", "where to listen")
	name := flag.String("operator", "Olga", "who you are")
	driver := flag.Bool("control", false, "be a driver of `pocketping plugin test`")
	flag.Parse()
	if *driver {
		if err := control(mattermosttest.NewServer()).Run(); err != nil {
			log.Fatal(err)
		}
		return
	}
	s := mattermosttest.NewServer(mattermosttest.WithAddr(*addr))
	fmt.Printf("bridge \"mattermost\" {\n  url        = %q\n  token      = %q\n  channel_id = %q\n}\n\n", s.URL, s.Token, s.ChannelID)
	fmt.Println("Type what the operator says in the newest thread.")
	go watch(s)
	simulator.EachLine(func(line string) {
		if cards := s.State().Cards(); len(cards) > 0 && line != "" {
			s.Operator(*name).Reply(cards[len(cards)-1].ID, line)
		}
	})
}

// watch prints what the bot writes as it comes.
func watch(s *mattermosttest.Server) {
	for n := 0; ; {
		state := s.WaitFor(simulator.Forever{}, func(state mattermosttest.State) bool { return len(state.Posts) > n })
		for ; n < len(state.Posts); n++ {
			if p := state.Posts[n]; p.UserID == s.BotID {
				fmt.Println(mattermosttest.Render(p.Message).Text)
			}
		}
	}
}

// Command email is the bridge between PocketPing and a visitor's mailbox: who has left
// an address and gone gets the operators' answers by mail, and what they answer comes
// back as their own words.
package main

import "github.com/pocketping/pocketping/sdk/plugin"

func main() { plugin.Serve(spec()) }

func spec() plugin.Spec[Config] {
	return plugin.Spec[Config]{
		Name:      "email",
		Version:   "0.1.0",
		Events:    []string{plugin.MessagePosted},
		Parallel:  4, // connections to the mail server
		AsVisitor: true,
		New:       newBridge,
	}
}

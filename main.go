// Command pocketping is a live chat server: a widget on a website on one side,
// Telegram, Discord, Slack or a web page for whoever answers on the other.
package main

import (
	"os"

	"github.com/pocketping/pocketping/core/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }

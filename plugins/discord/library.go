package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bwmarrin/discordgo"
)

// The library has one logger for the whole program, which has one bridge.
var (
	libraryOnce    sync.Once
	libraryGateway atomic.Pointer[gateway]
)

// heedLibrary makes the gateway hear what the library says of itself.
func heedLibrary(g *gateway) {
	libraryGateway.Store(g)
	libraryOnce.Do(func() { discordgo.Logger = onLibrary })
}

const maxLibraryWords = 300

// onLibrary logs what the library says, without secrets. What it says of single
// steps can hold whole messages and is dropped, but for one: Discord's word that a
// session is invalid, which nothing else tells. The library would begin another at
// once over the same connection, and again when that is refused, until the day's
// thousand are used up. It is kept from that by losing its connection.
func onLibrary(level, _ int, format string, args ...any) {
	g := libraryGateway.Load()
	if strings.Contains(format, "in response to Op9") {
		g.invalid.Store(true)
		g.cut()
	}
	if level > discordgo.LogWarning {
		return
	}
	words := fmt.Sprintf(format, args...)
	if len(words) > maxLibraryWords {
		words = strings.ToValidUTF8(words[:maxLibraryWords], "") + "…"
	}
	g.host.Log().Debug("discord library", "words", words)
}

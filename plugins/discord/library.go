package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// The library has one logger for the whole program.
var (
	libraryOnce sync.Once
	libraryHost atomic.Pointer[plugin.Host]
)

// heedLibrary makes the library log to the host, without secrets, and keeps it from
// hurrying.
func heedLibrary(host plugin.Host) {
	libraryHost.Store(&host)
	libraryOnce.Do(func() { discordgo.Logger = onLibrary })
}

const maxLibraryWords = 300

// onLibrary takes what the library says of itself. What it says of single steps can
// hold whole messages and is dropped.
func onLibrary(level, _ int, format string, args ...any) {
	if strings.Contains(format, "in response to Op9") {
		calmDown()
	}
	if level > discordgo.LogWarning {
		return
	}
	words := fmt.Sprintf(format, args...)
	if len(words) > maxLibraryWords {
		words = strings.ToValidUTF8(words[:maxLibraryWords], "") + "…"
	}
	log := (*libraryHost.Load()).Log()
	if level == discordgo.LogError {
		log.Warn("discord library", "words", words)
		return
	}
	log.Debug("discord library", "words", words)
}

// calmDown comes between Discord's word that a session is invalid and the library's
// next identify. Discord wants one to five seconds there; the library waits none and
// would use up the day's thousand identifies when it is refused again and again.
func calmDown() {
	time.Sleep(time.Second + rand.N(4*time.Second))
}

package discordtest_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

// A bot opens a forum post, and an operator answers in it.
func Example() {
	server := discordtest.NewServer()
	defer server.Close()

	r, _ := http.NewRequest("POST", server.URL+"/api/v10/channels/"+server.ForumID+"/threads",
		strings.NewReader(`{"name":"Anna","message":{"content":"**New visitor**","allowed_mentions":{"parse":[]}}}`))
	r.Header.Set("Authorization", "Bot "+server.Token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()

	post := server.State().Threads[0]
	server.Operator("Olga").Message(post.ID, "Hi Anna!")
	for _, m := range server.Messages(post.ID) {
		fmt.Println(m.Author.Name+":", discordtest.Render(m.Content).Text)
	}
	// Output:
	// PocketPing: New visitor
	// Olga: Hi Anna!
}

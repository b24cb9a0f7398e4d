package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/client"
)

func timestamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// Answer with a bot: what visitors write is answered once, with the message's own id
// as the client id, also when the bot is started again.
func Example_answerWithABot() {
	shop, end := demo() // stands for your server
	defer end()
	_, session := shop.asks("Do you ship to Norway?")

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := client.New(shop.url, secret)
	for event, err := range c.Events(ctx, client.FromStart) {
		if err != nil {
			fmt.Println(err)
			return
		}
		m := event.Message
		if event.Type != client.MessagePosted || m == nil || m.Sender != client.SenderVisitor || !strings.Contains(m.Text, "ship") {
			continue
		}
		answer, err := c.Post(ctx, m.SessionID, client.NewMessage{
			Text: "We ship everywhere.", Author: &client.Author{Name: "Bot"}, ReplyTo: m.ID, ClientID: "bot-" + m.ID,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.SessionID == session, answer.Text)
		break
	}
	// Output: true We ship everywhere.
}

// Forward events to a database: keep the cursor in the transaction that keeps the event,
// and go on from it after a restart.
func Example_forwardEvents() {
	shop, end := demo()
	defer end()
	shop.asks("Hello?")

	database := struct {
		cursor string
		rows   []string
	}{cursor: client.FromStart}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for event, err := range client.New(shop.url, secret).Events(ctx, database.cursor) {
		if err != nil {
			fmt.Println(err)
			return
		}
		database.rows = append(database.rows, event.Type) // one transaction
		database.cursor = event.Cursor
		if len(database.rows) == 2 {
			break
		}
	}
	fmt.Println(database.rows, database.cursor)
	// Output: [session.opened message.posted] 2
}

// Sign a visitor's identity, for the page's PocketPing settings.
func ExampleSignIdentity() {
	token, err := client.SignIdentity(identityKey, client.Identity{
		Subject: "customer-42", Name: "Ana", Email: "ana@shop.example", Traits: map[string]any{"plan": "pro"},
	})
	fmt.Println(strings.Count(token, "."), err)
	// Output: 2 <nil>
}

// Handle a webhook.
func ExampleVerifyWebhook() {
	http.HandleFunc("POST /hooks/chat", func(w http.ResponseWriter, r *http.Request) {
		hook, err := client.VerifyWebhook(r, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		fmt.Println(hook.ID, len(hook.Body)) // skip ids that you know
		w.WriteHeader(http.StatusNoContent)
	})
}

package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// picture is what a visitor might send: a drawn page with a red line of text.
func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 640, 380))
	fill := func(x0, y0, x1, y1 int, c color.RGBA) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				img.SetRGBA(x, y, c)
			}
		}
	}
	grey, red := color.RGBA{222, 226, 235, 255}, color.RGBA{220, 60, 60, 255}
	fill(0, 0, 640, 380, color.RGBA{248, 249, 252, 255})
	fill(0, 0, 640, 46, color.RGBA{38, 44, 66, 255})
	fill(24, 16, 120, 30, color.RGBA{240, 240, 250, 255})
	for i := range 4 {
		fill(40, 84+i*52, 180, 98+i*52, grey)
		fill(200, 76+i*52, 600, 106+i*52, color.RGBA{236, 239, 246, 255})
	}
	fill(200, 112, 430, 118, red)
	fill(420, 310, 600, 348, color.RGBA{79, 70, 229, 255})
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // a picture in memory always encodes
	}
	return out.Bytes()
}

// seed is a morning at a shop.
func seed(d *desk) {
	d.ProjectList = []plugin.Project{{ID: "proj_1", Slug: "acme", Name: "Acme"}}
	at := func(minutes int) time.Time { return d.now.Add(-time.Duration(minutes) * time.Minute) }
	visitor := func(id, name, email string, verified bool) plugin.Visitor {
		return plugin.Visitor{ID: "vis_" + id, Name: name, Email: email, Verified: verified}
	}
	say := func(id, sender, name, via, text string, minutes int) *plugin.Message {
		return d.post("sess_"+id, plugin.Message{Sender: sender, Name: name, Via: via, Text: text, CreatedAt: at(minutes)})
	}
	closed := d.open(plugin.Session{ID: "sess_hana", Visitor: visitor("hana", "Hana Sato", "hana@example.jp", true), CreatedAt: at(2980)})
	say("hana", "visitor", "Hana Sato", "widget", "Is the invoice sent by e-mail too?", 2980)
	say("hana", "operator", "Olga", d.ID, "Yes, to the address of your account.", 2970)
	d.mu.Lock()
	closed.Status = "closed"
	d.mu.Unlock()
	d.open(plugin.Session{ID: "sess_liam", Visitor: visitor("liam", "", "", false), CreatedAt: at(1600), Metadata: map[string]string{"url": "https://acme.example/"}})
	say("liam", "visitor", "", "widget", "ok thanks, will try that tomorrow", 1540)
	d.open(plugin.Session{ID: "sess_tom", Visitor: visitor("tom", "Tomás Oliveira", "", false), CreatedAt: at(190), Metadata: map[string]string{"url": "https://acme.example/docs/api"}})
	say("tom", "visitor", "Tomás", "widget", "Is there a rate limit on the API?", 188)
	say("tom", "operator", "Marek", "acme.telegram", "60 requests a minute by default, we can raise it for you.", 180)
	d.open(plugin.Session{ID: "sess_yusuf", Visitor: visitor("yusuf", "", "yusuf@northwind.example", false), CreatedAt: at(64), Metadata: map[string]string{"url": "https://acme.example/checkout"}})
	say("yusuf", "visitor", "", "widget", "My coupon SPRING25 does not work at checkout", 41)
	say("yusuf", "visitor", "", "widget", "it says “not valid for this plan”", 40)
	d.open(plugin.Session{ID: "sess_mei", Visitor: visitor("mei", "Mei Lin", "mei@example.com", true), CreatedAt: at(22), Metadata: map[string]string{"url": "https://acme.example/integrations/shopify"}})
	say("mei", "visitor", "Mei Lin", "widget", "Hi! Do you have a Shopify integration?", 12)
	seedAna(d, at, say)
}

func seedAna(d *desk, at func(int) time.Time, say func(id, sender, name, via, text string, minutes int) *plugin.Message) {
	d.open(plugin.Session{
		ID: "sess_ana", CreatedAt: at(1462),
		Visitor: plugin.Visitor{ID: "vis_01k9ana", Name: "Ana Kovač", Email: "ana@kovac-studio.example", Verified: true, Traits: map[string]string{"plan": "Team", "seats": "12"}},
		Metadata: map[string]string{
			"title": "Pricing · Acme", "url": "https://acme.example/pricing", "referrer": "https://www.google.com/", "language": "hr",
			"timezone": "Europe/Zagreb", "screen": "1512×982",
		},
	})
	say("ana", "visitor", "Ana", "widget", "Hello! We are a studio of twelve and would like to move over from another tool.", 1460)
	say("ana", "operator", "Olga", d.ID, "Welcome, Ana! Happy to help. Which one do you use today?", 1457)
	say("ana", "visitor", "Ana", "widget", "A spreadsheet, mostly", 1455)
	question := say("ana", "visitor", "Ana", "widget", "Can we keep yearly billing when we add people in the middle of the year?", 34)
	d.post("sess_ana", plugin.Message{Sender: "operator", Name: "Marek", Via: "acme.telegram", Note: true, Text: "They asked sales about this in March, quote #4417. Yearly is fine.", CreatedAt: at(32)})
	d.post("sess_ana", plugin.Message{Sender: "operator", Name: "Marek", Via: "acme.telegram", ReplyTo: question.ID, ReplyText: question.Text, CreatedAt: at(30), EditedAt: at(29),
		Text: "Yes. New seats are billed for the rest of the year only: https://acme.example/docs/billing#seats"})
	shot := d.AddFile("checkout.png", "image/png", picture())
	d.post("sess_ana", plugin.Message{Sender: "visitor", Name: "Ana", Via: "widget", Text: "Great. I get this red line though when I enter our VAT number:", Attachments: []plugin.Attachment{shot}, CreatedAt: at(6)})
	d.mu.Lock()
	d.session("sess_ana").Read = d.session("sess_ana").Seq
	d.mu.Unlock()
	form := d.AddFile("vat-exemption-form.pdf", "application/pdf", append([]byte("%PDF-1.7"), make([]byte, 184_000)...))
	d.post("sess_ana", plugin.Message{Sender: "operator", Name: "Olga", Via: d.ID, Text: "Thank you, that helps. Could you fill in this form? Then I set it for you.", Attachments: []plugin.Attachment{form}, CreatedAt: at(3)})
	d.post("sess_ana", plugin.Message{Sender: "visitor", Name: "Ana", Via: "widget", Text: "Sure, one minute", CreatedAt: at(1)})
}

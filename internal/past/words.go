package past

import "encoding/json"

var (
	pages     = []string{"/", "/shop/bowls", "/checkout?step=2", "/shop/vases", "/workshops", "/delivery", "/pricing", "/blog/glazes", "/account", "/contact", "/about", "/imprint"}
	operators = []string{"Olga Marin", "Jonas Lindqvist", "Priya Raman"}

	firstNames = []string{"Anna", "Mateo", "Yuki", "Fatima", "Lars", "Chloe", "Nikos", "Ines", "Tomás", "Hana", "Emeka", "Sofia", "Ravi", "Greta", "Piotr"}
	families   = []string{"Berg", "Oliveira", "Sato", "Haddad", "Nilsen", "Martin", "Pappas", "Kovač", "Okafor", "Rossi", "Iyer", "Weiss", "Nowak"}

	questions = []string{
		"Hello! Do you ship to Norway?", "The blue bowl arrived with a chip. Can I send it back?", "Is the workshop on Saturday still open?",
		"Do you engrave names?", "My coupon does not work at the checkout", "When will the river vase be back?", "Can I change the address of my order?",
		"Is the sage glaze safe for the dishwasher?", "Could you send me an invoice, please?", "How long does delivery take at the moment?",
		"That is what I wanted to hear, thank you", "And if a mug breaks on the way?", "Perfect, I will take two then",
	}
	answers = []string{
		"Yes, we do. It takes three to five days and costs 9 €.", "Of course. Just send us a photo and we throw you a new one.", "There are two places left, shall I keep one for you?",
		"I have changed it, you should have a mail by now.", "It is, we have tested that for two hundred rounds.", "Let me have a look, one minute please.",
		"The next firing is on Thursday, so by Monday you will have it.", "With pleasure. Have a good day!",
	}
	notes = []string{"She ordered the tall vase last year", "Asked about this in March, be generous", "The invoice is #4417"}
)

// quoted is the text in JSON.
func quoted(s string) string {
	b, _ := json.Marshal(s) // text always marshals
	return string(b)
}

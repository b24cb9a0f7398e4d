package firefox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Person is a browser profile that shares nothing with others.
type Person struct {
	b  *Browser
	id string
}

// Person makes another profile.
func (b *Browser) Person(ctx context.Context) (*Person, error) {
	var made struct{ UserContext string }
	err := b.call(ctx, "browser.createUserContext", object{}, &made)
	return &Person{b, made.UserContext}, err
}

// Close closes all pages of the person.
func (p *Person) Close(ctx context.Context) error {
	return p.b.call(ctx, "browser.removeUserContext", object{"userContext": p.id}, nil)
}

// Page is one window of a person.
type Page struct {
	b  *Browser
	id string
}

// Page opens an empty window. Whatever its scripts do not catch is told to thrown,
// which must not call back.
func (p *Person) Page(ctx context.Context, thrown func(text string)) (*Page, error) {
	var made struct{ Context string }
	if err := p.b.call(ctx, "browsingContext.create", object{"type": "window", "userContext": p.id}, &made); err != nil {
		return nil, err
	}
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.b.watchers[made.Context] = thrown
	return &Page{p.b, made.Context}, nil
}

// Before has the script run before any of the page's own, in each document.
func (p *Page) Before(ctx context.Context, script string) error {
	return p.b.call(ctx, "script.addPreloadScript", object{"functionDeclaration": "() => {" + script + "\n}", "contexts": []string{p.id}}, nil)
}

// Navigate goes to the address and returns when the document has loaded.
func (p *Page) Navigate(ctx context.Context, url string) error {
	return p.b.call(ctx, "browsingContext.navigate", object{"context": p.id, "url": url, "wait": "complete"}, nil)
}

// Reload loads the document anew.
func (p *Page) Reload(ctx context.Context) error {
	return p.b.call(ctx, "browsingContext.reload", object{"context": p.id, "wait": "complete"}, nil)
}

type evaluated struct {
	Type   string
	Result struct {
		Type     string
		SharedID string
		Value    json.RawMessage
	}
	ExceptionDetails struct{ Text string }
}

func (p *Page) evaluate(ctx context.Context, expression string) (evaluated, error) {
	var e evaluated
	err := p.b.call(ctx, "script.evaluate", object{"expression": expression, "target": object{"context": p.id}, "awaitPromise": true, "userActivation": true}, &e)
	if err == nil && e.Type == "exception" {
		err = errors.New(e.ExceptionDetails.Text)
	}
	return e, err
}

// Evaluate answers with the expression's value as JSON, null for what has none. A
// promise is waited for.
func (p *Page) Evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	e, err := p.evaluate(ctx, "(async () => JSON.stringify(await ("+expression+")))()")
	if err != nil || e.Result.Type != "string" {
		return json.RawMessage("null"), err
	}
	var text string
	err = json.Unmarshal(e.Result.Value, &text)
	return json.RawMessage(text), err
}

// Attach chooses a file in the file field that the expression finds.
func (p *Page) Attach(ctx context.Context, expression, path string) error {
	e, err := p.evaluate(ctx, expression)
	if err != nil {
		return err
	}
	if e.Result.SharedID == "" {
		return fmt.Errorf("%s finds no element", expression)
	}
	return p.b.call(ctx, "input.setFiles", object{"context": p.id, "element": object{"sharedId": e.Result.SharedID}, "files": []string{path}}, nil)
}

// Type presses the keys of the text one after the other; "\n" is Enter.
func (p *Page) Type(ctx context.Context, text string) error {
	var keys []object
	for _, r := range text {
		key := string(r)
		if r == '\n' {
			key = "\ue006"
		}
		keys = append(keys, object{"type": "keyDown", "value": key}, object{"type": "keyUp", "value": key})
	}
	return p.perform(ctx, object{"type": "key", "id": "keyboard", "actions": keys})
}

// Click moves the mouse to the place in the window and presses its first button.
func (p *Page) Click(ctx context.Context, x, y float64) error {
	return p.perform(ctx, object{"type": "pointer", "id": "mouse", "actions": []object{
		{"type": "pointerMove", "x": int(x), "y": int(y)}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
	}})
}

func (p *Page) perform(ctx context.Context, source object) error {
	return p.b.call(ctx, "input.performActions", object{"context": p.id, "actions": []object{source}}, nil)
}

// Screenshot is what the window shows, as a PNG.
func (p *Page) Screenshot(ctx context.Context) ([]byte, error) {
	var shot struct{ Data []byte }
	err := p.b.call(ctx, "browsingContext.captureScreenshot", object{"context": p.id}, &shot)
	return shot.Data, err
}

package e2e

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/docs"
)

// door says who may go through a call of the API.
type door int

const (
	secretDoor  door = iota // a project's back end
	visitorDoor             // a visitor with a token
	bothDoor                // either
	openDoor                // anybody: it shows nothing of anybody
	linkDoor                // who has a link that the server made
	adminDoor               // the server's admin
	keyDoor                 // a plugin that runs elsewhere
)

// doors are all calls of docs/openapi.json. One that is not here fails the test: say
// who may enter, and strangers try it.
var doors = map[string]door{
	"GET /v1/project": secretDoor, "PATCH /v1/project": secretDoor, "GET /v1/events": secretDoor, "GET /v1/stats": secretDoor,
	"GET /v1/sessions": secretDoor, "GET /v1/sessions/{id}": secretDoor, "GET /v1/sessions/{id}/messages": secretDoor,
	"POST /v1/sessions/{id}/messages": secretDoor, "PATCH /v1/sessions/{id}/messages/{msg}": secretDoor,
	"DELETE /v1/sessions/{id}/messages/{msg}": secretDoor, "POST /v1/sessions/{id}/notes": secretDoor,
	"POST /v1/sessions/{id}/close": secretDoor, "POST /v1/sessions/{id}/reopen": secretDoor, "POST /v1/sessions/{id}/claim": secretDoor,
	"POST /v1/sessions/{id}/release": secretDoor, "POST /v1/sessions/{id}/typing": secretDoor, "POST /v1/sessions/{id}/emit": secretDoor,
	"POST /v1/emit": secretDoor, "GET /v1/visitors/{id}": secretDoor, "DELETE /v1/visitors/{id}": secretDoor,
	"GET /v1/visitors/{id}/export": secretDoor,
	"POST /v1/uploads":             bothDoor, "GET /v1/files/{id}": linkDoor,
	"GET /v1/socket": visitorDoor, "POST /v1/frames": visitorDoor, "GET /v1/stream": visitorDoor, "GET /v1/widget/{key}": openDoor,
	"POST /v1/operator/login": openDoor, "GET /v1/openapi.json": openDoor, "GET /healthz": openDoor, "GET /readyz": openDoor,
	"GET /metrics": openDoor, "GET /widget.js": openDoor, "GET /extra.js": openDoor, "GET /pow.js": openDoor,
	"GET /v1/bridges/socket": keyDoor,
}

// doorOf knows the admin's calls by their path.
func doorOf(operation string) (door, bool) {
	if _, path, _ := strings.Cut(operation, " "); strings.HasPrefix(path, "/v1/admin/") {
		return adminDoor, true
	}
	d, ok := doors[operation]
	return d, ok
}

// operationsOf are the calls of the API as its document has them, which the suite of
// core/web holds against the routes. The document and doors know the same.
func operationsOf(t *testing.T) (all []string) {
	t.Helper()
	var document struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(docs.OpenAPI, &document); err != nil {
		t.Fatal(err)
	}
	for path, calls := range document.Paths {
		for method := range calls {
			if !slices.Contains([]string{"get", "post", "patch", "put", "delete"}, method) {
				continue
			}
			operation := strings.ToUpper(method) + " " + path
			if _, known := doorOf(operation); !known {
				t.Fatalf("no stranger tries %s: say in doors who may enter", operation)
			}
			all = append(all, operation)
		}
	}
	for operation := range doors {
		if !slices.Contains(all, operation) {
			t.Fatalf("doors has %s, which docs/openapi.json has not", operation)
		}
	}
	slices.Sort(all)
	return all
}

var inboxCall = regexp.MustCompile(`handle\("([A-Z]+ /api/[^"]*)"`)

// inboxCalls are the calls of the inbox's page, as its source has them.
func inboxCalls(t *testing.T) (all []string) {
	t.Helper()
	source, err := os.ReadFile("../plugins/inbox/routes.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range inboxCall.FindAllStringSubmatch(string(source), -1) {
		all = append(all, m[1])
	}
	if len(all) < 10 {
		t.Fatalf("plugins/inbox/routes.go has only %d calls: does it name them in another way?", len(all))
	}
	return all
}

var adminCall = regexp.MustCompile(`g\.(GET|POST|PATCH|PUT|DELETE)\("(/[^"]*)"`)

// adminCalls are the calls of the admin's pages, as their source has them, but for
// those that everybody may make: to sign in, and what the page for that is made of.
func adminCalls(t *testing.T) (all []string) {
	t.Helper()
	source, err := os.ReadFile("../core/web/admin/admin.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range adminCall.FindAllStringSubmatch(string(source), -1) {
		if !strings.HasPrefix(m[2], "/assets/") && m[2] != "/sign-in" {
			all = append(all, m[1]+" /admin"+colon.ReplaceAllString(m[2], "{$1}"))
		}
	}
	if len(all) < 15 {
		t.Fatalf("core/web/admin/admin.go has only %d calls: does it name them in another way?", len(all))
	}
	return all
}

var colon = regexp.MustCompile(`:(\w+)`)

var frameType = regexp.MustCompile(`type[A-Z]\w+\s*= "(\w+)"`)

// TestStrangersKnowEveryFrame: a type of frames that the server takes and no stranger
// tries fails here.
func TestStrangersKnowEveryFrame(t *testing.T) {
	source, err := os.ReadFile("../core/web/frame.go")
	if err != nil {
		t.Fatal(err)
	}
	theirs, _, _ := strings.Cut(string(source), "typeWelcome")
	found := frameType.FindAllStringSubmatch(theirs, -1)
	if len(found) == 0 {
		t.Fatal("core/web/frame.go names the types of frames in another way")
	}
	for _, m := range found {
		if m[1] != "hello" && frameTypes[m[1]] == nil {
			t.Errorf("no stranger tries the frame %q: add it to frameTypes", m[1])
		}
	}
}

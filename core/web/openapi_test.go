package web

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/errors"

	"github.com/pocketping/pocketping/docs"
)

// document is docs/openapi.json, which every call of the suite is held against.
var document = sync.OnceValues(func() (libopenapi.Document, validator.Validator) {
	doc, err := libopenapi.NewDocument(docs.OpenAPI)
	if err != nil {
		panic(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		panic(errs[0])
	}
	return doc, v
})

// checking lets one call at a time be looked at.
var checking sync.Mutex

// undescribed are calls that a test makes to see them refused as no call at all, and
// those that are no API: pages, and what plugins serve.
func undescribed(path string) bool {
	return path == "/" || strings.HasPrefix(path, "/demo/") || strings.HasPrefix(path, "/admin/") || strings.HasPrefix(path, "/plugins/")
}

// conform fails the test when the answer is not one that the document describes, or
// when the server took what the document says it does not take.
func conform(t testing.TB, method, url string, header http.Header, sent []byte, res *http.Response, got []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	if len(sent) > 0 && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	path := req.URL.Path
	if undescribed(path) || method == http.MethodHead || method == http.MethodOptions || !described(method, path) {
		return
	}
	checking.Lock()
	defer checking.Unlock()
	_, v := document()
	seen := *res
	seen.Body = io.NopCloser(bytes.NewReader(got))
	if _, errs := v.ValidateHttpResponse(req, &seen); len(errs) > 0 {
		t.Errorf("%s %s answered %d, not as docs/openapi.json has it: %s\n%s", method, path, res.StatusCode, words(errs), got)
	}
	if res.StatusCode < 300 && strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
		req.Body = io.NopCloser(bytes.NewReader(sent))
		if _, errs := v.ValidateHttpRequest(req); len(errs) > 0 {
			t.Errorf("%s %s was taken, and docs/openapi.json says it is not: %s\n%s", method, path, words(errs), sent)
		}
	}
}

func words(errs []*errors.ValidationError) string {
	var b strings.Builder
	for _, e := range errs {
		b.WriteString(e.Message + ": " + e.Reason)
		for _, s := range e.SchemaValidationErrors {
			b.WriteString("; " + s.FieldPath + " " + s.Reason)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// operations are all calls of the document, as "GET /v1/sessions/{}".
var operations = sync.OnceValue(func() []string {
	doc, _ := document()
	model, err := doc.BuildV3Model()
	if err != nil {
		panic(err)
	}
	var all []string
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			all = append(all, strings.ToUpper(method)+" "+braces.ReplaceAllString(path, "{}"))
		}
	}
	slices.Sort(all)
	return all
})

var (
	braces = regexp.MustCompile(`\{[^}]*\}`)
	colons = regexp.MustCompile(`:[^/]+`)
)

func described(method, path string) bool {
	return slices.ContainsFunc(operations(), func(o string) bool {
		pattern := regexp.QuoteMeta(strings.TrimPrefix(o, method+" "))
		is, err := regexp.MatchString("^"+strings.ReplaceAll(pattern, `\{\}`, "[^/]+")+"$", path)
		return strings.HasPrefix(o, method+" ") && err == nil && is
	})
}

// Every route is in the document, and every call of the document has a route.
func TestOpenAPICoversEveryRoute(t *testing.T) {
	h := newHouse(t)
	var routes []string
	for _, r := range h.srv.echo.Routes() {
		if r.Method == http.MethodHead || r.Method == http.MethodOptions || undescribed(r.Path+"/") || r.Path == "/" || strings.HasSuffix(r.Path, "/*") {
			continue
		}
		routes = append(routes, r.Method+" "+colons.ReplaceAllString(r.Path, "{}"))
	}
	slices.Sort(routes)
	for _, r := range routes {
		if !slices.Contains(operations(), r) {
			t.Errorf("docs/openapi.json has no %s", r)
		}
	}
	for _, o := range operations() {
		if !slices.Contains(routes, o) {
			t.Errorf("no route answers %s of docs/openapi.json", o)
		}
	}
}

func TestOpenAPIIsValid(t *testing.T) {
	_, v := document()
	if ok, errs := v.ValidateDocument(); !ok {
		t.Error(words(errs))
	}
}

func TestOpenAPIIsServed(t *testing.T) {
	h := newHouse(t)
	status, o, header := h.call("GET", "/v1/openapi.json", nil, nil)
	equal(t, "status", status, 200)
	equal(t, "version", o.text("openapi"), "3.1.0")
	equal(t, "for pages too", header.Get("Access-Control-Allow-Origin"), "*")
}

// Every call can answer so, before a handler sees it.
func TestOpenAPIKnowsWhatIsNoCall(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/healthz", "/v1/openapi.json", "/widget.js"} {
		status, _, _ := h.call("GET", path, map[string]string{"X-Long": strings.Repeat("x", 40<<10)}, nil)
		equal(t, path, status, http.StatusRequestHeaderFieldsTooLarge)
	}
	status, _, _ := h.call("GET", "/v1/socket", map[string]string{"Origin": acmeOrigin}, nil)
	equal(t, "a socket without an upgrade", status, http.StatusUpgradeRequired)
}

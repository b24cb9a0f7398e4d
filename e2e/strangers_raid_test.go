package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// raid is one side's tries. They are made one after the other by one source of
// randomness, and then done by several at once.
type raid struct {
	*town
	from, other *side
	victims     []*dweller
	rng         *rand.Rand
}

// try is one request of a stranger.
type try struct {
	method, path string
	header       http.Header
	body         []byte
	n            int        // how many tries it counts for
	of           []*dweller // whose nothing may be in the answer
	refused      bool       // the answer must be none that grants something
	stream       bool       // it does not end by itself
}

func (r *raid) run() {
	var all []*try
	calls, inbox, admin := operationsOf(r.t), inboxCalls(r.t), adminCalls(r.t)
	for n := 0; n < r.wanted*4/10; {
		for _, made := range []*try{r.call(pick(r.rng, calls)), r.frames(), r.file(), r.page(pick(r.rng, inbox)), r.upload(), r.admin(pick(r.rng, admin))} {
			all = append(all, made)
			n += made.n
		}
	}
	for range 12 {
		all = append(all, r.stream(), r.events())
	}
	work := make(chan *try)
	var hands sync.WaitGroup
	for range strangerHands {
		hands.Go(func() {
			for one := range work {
				r.do(one)
			}
		})
	}
	for _, one := range all {
		work <- one
	}
	close(work)
	hands.Wait()
	for _, g := range r.from.intruders() {
		r.sockets(g, r.wanted/20)
	}
}

// streamFor is how long a stream is looked at that says nothing more.
const streamFor = 300 * time.Millisecond

func (r *raid) do(one *try) {
	ctx, cancel := r.t.Context(), context.CancelFunc(func() {})
	if one.stream {
		ctx, cancel = context.WithTimeout(ctx, streamFor)
	}
	defer cancel()
	r.tried(one.n)
	req, err := http.NewRequestWithContext(ctx, one.method, r.core.URL+one.path, bytes.NewReader(one.body))
	if err != nil {
		r.blame("the try %s %s cannot be made: %v", one.method, one.path, err)
		return
	}
	req.Header = one.header
	res, err := r.http.Do(req)
	if err != nil && one.stream {
		return
	}
	if err != nil {
		r.blame("%s %s: %v", one.method, one.path, err)
		return
	}
	got, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil && !one.stream {
		r.blame("%s %s: %v", one.method, one.path, err)
	}
	if one.refused && res.StatusCode < 300 {
		r.blame("%s %s %v %s is granted: %s %s", one.method, one.path, one.header, one.body, res.Status, got)
	}
	r.look(fmt.Sprint(one.method, " ", one.path, " ", one.header, " ", string(one.body)), fmt.Sprint(res.Header, string(got)), one.of)
}

// look finds in what was answered what is others' and was not said by who asked.
func (r *raid) look(asked, got string, of []*dweller) {
	if strings.Contains(got, r.other.mark) && !strings.Contains(asked, r.other.public) {
		r.blame("%.400s tells the other project's settings: %.400s", asked, got)
	}
	for _, g := range of {
		for _, word := range append(g.ids(), g.mark) {
			if strings.Contains(got, word) && !strings.Contains(asked, word) {
				r.blame("%.400s tells %s: %.400s", asked, word, got)
			}
		}
	}
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

func (r *raid) victim() *dweller { return pick(r.rng, r.victims) }

func (r *raid) intruder() *dweller { return pick(r.rng, r.from.intruders()) }

// name is an id of this try, the same for the same seed.
func (r *raid) name() string { return fmt.Sprintf("%016x", r.rng.Uint64()) }

// fill puts ids of the guest into the path of a call.
func (r *raid) fill(path string, g *dweller) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		switch {
		case part == "{msg}" || part == "{message}":
			parts[i] = pick(r.rng, append(append([]string{g.note}, g.said...), g.heard...))
		case part == "{key}":
			parts[i] = g.side.public
		case part == "{project}":
			parts[i] = pick(r.rng, []string{g.side.id, g.side.slug})
		case part == "{session}":
			parts[i] = g.session
		case parts[i-1] == "sessions":
			parts[i] = g.session
		case parts[i-1] == "visitors":
			parts[i] = g.id
		case parts[i-1] == "files":
			parts[i] = pick(r.rng, []string{g.file, g.loose})
		case parts[i-1] == "plugins" || parts[i-1] == "bridges":
			parts[i] = g.side.slug + ".inbox"
		default:
			parts[i] = pick(r.rng, []string{g.side.id, g.side.slug})
		}
	}
	return strings.Join(parts, "/")
}

// body has what calls of back ends take, with ids of the guest.
func (r *raid) body(g *dweller) []byte {
	b, _ := json.Marshal(map[string]any{ // it always marshals
		"text": "a stranger's", "name": "stranger", "data": map[string]string{"a": "b"}, "clientId": r.name(), "on": true,
		"replyTo": pick(r.rng, g.said), "attachments": []string{pick(r.rng, []string{g.file, g.loose})},
		"operator": map[string]string{"id": "1", "name": "Stranger"}, "session": g.session, "visitor": g.id, "projectId": g.side.id, "id": g.session,
	})
	return b
}

// call tries a call of the API with ids of somebody else, and with a credential that
// is another's, or none.
func (r *raid) call(operation string) *try {
	method, path, _ := strings.Cut(operation, " ")
	to, _ := doorOf(operation)
	one := &try{method: method, n: 1, of: r.victims, header: http.Header{"Content-Type": {"application/json"}}}
	g := r.victim()
	one.path, one.body = r.fill(path, g), r.body(g)
	named := strings.Contains(path, "{")
	if to == secretDoor && r.rng.IntN(3) > 0 {
		// A back end with its own key and the other project's ids.
		one.header["Authorization"], one.of = []string{"Bearer " + r.from.secret}, r.other.guests
		g = pick(r.rng, r.other.guests)
		one.path, one.body, one.refused = r.fill(path, g), r.body(g), named
		if own := r.intruder(); strings.Contains(path, "{msg}") && r.rng.IntN(2) == 0 {
			one.path = strings.Replace(one.path, g.session, own.session, 1)
		} else if strings.HasSuffix(path, "/messages") && method == http.MethodPost && r.rng.IntN(2) == 0 {
			one.path = strings.Replace(one.path, g.session, own.session, 1) // what it answers and shows is the other's
		}
	} else {
		r.disguise(one)
		one.refused = to == secretDoor || to == adminDoor || to == linkDoor || to == keyDoor
	}
	r.twist(one)
	if operation == "GET /v1/events" || operation == "GET /v1/stream" {
		one.method = http.MethodPost // with GET it has tries of its own
	}
	return one
}

// disguise gives the try a credential that is no key to this door.
func (r *raid) disguise(one *try) {
	g, own := r.victim(), r.intruder()
	for _, name := range []string{"Authorization", "Cookie"} {
		one.header.Del(name)
	}
	one.header["Origin"] = []string{pick(r.rng, []string{r.from.origin, r.other.origin, "null", "https://evil.example", r.core.URL})}
	claims := []string{
		own.token, r.from.public, r.other.public, r.from.identity, r.other.identity, g.id, g.session, "", " ", "null", "undefined",
		swapped(g.token), swapped(strangerAdmin), strangerAdmin[:len(strangerAdmin)-1], swapped(r.other.secret), strings.ToUpper(r.other.secret), r.other.secret + "x", r.other.secret[:len(r.other.secret)-1],
		"sk_", "sk_%", "' OR '1'='1", r.other.secret + " " + r.from.secret, r.name(),
	}
	switch r.rng.IntN(8) {
	case 0:
	case 1:
		one.header["Cookie"] = []string{pick(r.rng, []string{r.cookie, "pocketping_operator=" + own.token, "pocketping_admin=" + r.name(), "pocketping_admin=" + strings.TrimPrefix(r.cookie, "pocketping_operator=")})}
	case 2:
		one.header["Authorization"] = []string{"Basic " + r.other.secret}
	default:
		one.header["Authorization"] = []string{"Bearer " + pick(r.rng, claims)}
	}
}

// swapped is the secret with two letters changed.
func swapped(secret string) string {
	b := []byte(secret)
	b[len(b)-1], b[len(b)/2] = b[len(b)-1]^1, b[len(b)/2]^1
	return string(b)
}

// twist writes the same try in another way now and then.
func (r *raid) twist(one *try) {
	own, g := r.intruder(), r.victim()
	switch r.rng.IntN(16) {
	case 0:
		one.path += "/"
	case 1:
		one.path = strings.Replace(one.path, "/v1/", "/v1//", 1)
	case 2:
		one.path = strings.Replace(one.path, "/v1/", "/v1/sessions/"+own.session+"/%2e%2e/%2e%2e/", 1)
	case 3:
		one.path += "?" + url.Values{"visitor": {g.id}, "session": {g.session}, "project": {r.other.id}, "p": {r.other.id}, "key": {r.other.public}, "token": {own.token}, "after": {"0"}}.Encode()
	case 4:
		one.header["X-Http-Method-Override"] = []string{pick(r.rng, []string{"GET", "DELETE", "PATCH"})}
		one.header["X-Original-Url"] = []string{"/v1/sessions/" + g.session}
		one.header["X-Forwarded-For"] = []string{"127.0.0.1"}
	case 5:
		one.header["X-Pocketping-Operator-Id"] = []string{"1"}
		one.header["X-Pocketping-Project"] = []string{r.other.id}
	case 6:
		one.method = pick(r.rng, []string{"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"})
		one.refused = one.refused && one.method != "OPTIONS"
	case 7:
		one.path = strings.ToUpper(one.path[:4]) + one.path[4:]
	case 8:
		one.path += pick(r.rng, []string{"%00", "%25", "*", "%27%20OR%201=1--", "?limit=1000&cursor=MA", ";x=" + own.session})
	}
}

// upload tries to put a file where it does not belong.
func (r *raid) upload() *try {
	contentType, body := form("stranger.txt", []byte("a stranger's"))
	one := &try{method: http.MethodPost, path: "/v1/uploads?key=" + r.other.public, n: 1, of: r.victims, body: body, refused: true, header: http.Header{}}
	r.disguise(one)
	one.header["Content-Type"] = []string{contentType}
	return one
}

// stream listens with the token of one visitor to the session of another.
func (r *raid) stream() *try {
	g, own := r.victim(), r.intruder()
	q := url.Values{"session": {g.session}, "after": {fmt.Sprint(r.rng.IntN(9))}}
	one := &try{method: http.MethodGet, n: 1, of: r.victims, header: own.header(), stream: true}
	if r.rng.IntN(2) == 0 {
		q["key"], one.refused = []string{r.other.public}, true
	}
	if r.rng.IntN(3) == 0 {
		one.header["Origin"], one.refused = []string{r.other.origin}, true
	}
	one.path = "/v1/stream?" + q.Encode()
	return one
}

// events listens with one project's key to what happens in the other.
func (r *raid) events() *try {
	q := url.Values{"after": {fmt.Sprint(r.rng.IntN(200))}, "project": {r.other.id}, "key": {r.other.public}}
	return &try{method: http.MethodGet, path: "/v1/events?" + q.Encode(), n: 1, of: r.other.guests, header: r.from.backend(), stream: true}
}

// page tries the inbox's page with an operator's cookie and ids of the project that
// it does not serve, or without a cookie that counts.
func (r *raid) page(operation string) *try {
	method, path, _ := strings.Cut(operation, " ")
	g := pick(r.rng, r.other.guests)
	one := &try{method: method, n: 1, of: r.other.guests, body: r.body(g), header: http.Header{"Cookie": {r.cookie}, "Sec-Fetch-Site": {"same-origin"}, "Origin": {r.core.URL}}}
	one.path, one.refused = "/plugins/"+r.from.slug+".inbox"+r.fill(path, g), strings.Contains(path, "{")
	if r.rng.IntN(3) == 0 {
		r.disguise(one)
		one.header["Cookie"] = []string{"pocketping_operator=" + pick(r.rng, []string{g.token, r.other.secret, r.name(), ""})}
		one.path, one.of, one.refused = "/plugins/"+pick(r.rng, r.sides[:]).slug+".inbox"+r.fill(path, g), r.victims, true
	}
	one.header["Content-Type"] = []string{"application/json"}
	if strings.HasSuffix(path, "/files") && method == http.MethodPost { // a file of its own harms nobody
		one.path += "?session=" + g.session + "&name=x.txt"
	}
	if strings.HasSuffix(path, "/events") {
		one.stream = true
	}
	return one
}

// admin tries the admin's pages with whatever a stranger has.
func (r *raid) admin(operation string) *try {
	method, path, _ := strings.Cut(operation, " ")
	g := r.victim()
	one := &try{method: method, n: 1, of: r.victims, refused: true, header: http.Header{"Accept": {"text/html"}}}
	r.disguise(one)
	one.path = r.fill(path, g)
	if r.rng.IntN(2) == 0 { // as if one of its own pages had sent it
		one.header["Origin"], one.header["Sec-Fetch-Site"] = []string{r.core.URL}, []string{"same-origin"}
	}
	if method == http.MethodPost {
		one.header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		one.body = []byte(url.Values{"name": {"a stranger's"}, "slug": {"stranger"}, "origins": {r.from.origin}, "kind": {"sk"}, "confirm": {g.side.slug}}.Encode())
	}
	return one
}

// file tries links to files that somebody has made up out of others.
func (r *raid) file() *try {
	g, own := r.victim(), r.intruder()
	mine, err := url.Parse(own.link)
	if err != nil {
		r.t.Fatal(err)
	}
	theirs, _ := url.Parse(g.link) // as the other
	q := mine.Query()
	switch r.rng.IntN(8) {
	case 0: // another file, the rest as it was
	case 1:
		q["p"] = []string{g.side.id}
	case 2:
		q["e"] = []string{"99999999999"}
	case 3:
		q = theirs.Query()
		q["s"] = []string{swapped(q.Get("s"))}
	case 4:
		q = theirs.Query()
		q["e"] = []string{"0" + q.Get("e")[1:]}
	case 5:
		q = theirs.Query()
		q["p"] = []string{r.from.id + "x"}
	case 6:
		q["p"] = []string{g.side.id, own.side.id}
		q["s"] = []string{theirs.Query().Get("s"), q.Get("s")}
		q["e"] = []string{"1"}
	case 7:
		q = url.Values{}
	}
	one := &try{method: pick(r.rng, []string{"GET", "GET", "HEAD"}), n: 1, of: r.victims, refused: true, header: own.header()}
	one.path = "/v1/files/" + g.file + "?" + q.Encode()
	if r.rng.IntN(2) == 0 { // a link is to one file, not to its neighbours
		one.path = "/v1/files/" + g.loose + "?" + theirs.RawQuery
	}
	return one
}

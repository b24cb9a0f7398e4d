package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var startChecks = []check{
	{"start/config", "It starts with its config.", needs{}, starts},
	{"start/missing", "Without a required field Start answers INVALID_ARGUMENT with a Failure that names the field.", needs{}, withoutRequired},
	{"start/wrong-type", "A field of another type is refused in the same way.", needs{}, withWrongType},
	{"start/secret-unsaid", "What Start says of a secret that is wrong does not quote it.", needs{}, secretUnsaid},
	{"start/twice", "A second Start is refused, and the plugin goes on.", needs{}, startsOnce},
	{"start/before", "A delivery before Start is refused, and it starts all the same.", needs{}, beforeStart},
	{"start/quiet", "Start makes no call to the platform, and without an Inbound stream it takes no part: the core checks one beside another.", needs{verbs: []string{"counts"}}, startsQuietly},
	{"start/offline", "It starts while its platform is down.", needs{verbs: []string{"down", "up"}}, startsOffline},
	{"start/state", "State of a newer version, with keys and bytes that it does not know, does no harm.", needs{}, startsWithState},
	{"start/no-projects", "It starts without a project: a shared bridge may serve none yet.", needs{}, startsWithoutProjects},
	{"start/newer-core", "Fields that a newer core adds to Start do no harm.", needs{}, startsForNewer},
	{"start/http-address", "Its own HTTP address is a socket in the launch's folder or a port of the loopback, and somebody is there.", needs{}, httpAddress},
}

func starts(ctx context.Context, k *kit) (string, error) {
	began := time.Now()
	l, err := k.beside(ctx)
	if err != nil {
		return "", err
	}
	defer l.finish()
	return fmt.Sprintf("after %d ms", time.Since(began).Milliseconds()), nil
}

// startsWith starts it with another config, and answers what it says.
func (k *kit) startsWith(ctx context.Context, config map[string]json.RawMessage) error {
	l, err := k.start(ctx, func(req *pluginv1.StartRequest) { req.ConfigJson = mustJSON(config) })
	if err == nil {
		l.finish()
	}
	return err
}

// but is the config with a field changed; nil leaves it out.
func (k *kit) but(field string, value json.RawMessage) map[string]json.RawMessage {
	config := map[string]json.RawMessage{}
	for name, v := range k.config {
		config[name] = v
	}
	if config[field] = value; value == nil {
		delete(config, field)
	}
	return config
}

// names says whether a failed Start names the field.
func names(err error, field string) error {
	if err == nil {
		return errors.New("it starts all the same")
	}
	f, _ := failureOf(errors.Unwrap(err))
	switch code := status.Code(errors.Unwrap(err)); {
	case code != codes.InvalidArgument:
		return fmt.Errorf("the status is %s, not INVALID_ARGUMENT: %w", code, err)
	case f == nil:
		return fmt.Errorf("there is no Failure in the status's details: %w", err)
	case f.GetField() != field:
		return fmt.Errorf("the Failure names the field %q, not %q: %w", f.GetField(), field, err)
	}
	return nil
}

func withoutRequired(ctx context.Context, k *kit) (string, error) {
	n := 0
	for _, f := range k.desc.GetFields() {
		if !f.GetRequired() {
			continue
		}
		n++
		if err := names(k.startsWith(ctx, k.but(f.GetName(), nil)), f.GetName()); err != nil {
			return "", fmt.Errorf("without %q: %w", f.GetName(), err)
		}
	}
	if n == 0 {
		return "", skip("it requires no field")
	}
	return fmt.Sprintf("%d fields are named", n), nil
}

func withWrongType(ctx context.Context, k *kit) (string, error) {
	if len(k.desc.GetFields()) == 0 {
		return "", skip("it has no field")
	}
	field := k.desc.GetFields()[0].GetName()
	if err := names(k.startsWith(ctx, k.but(field, json.RawMessage(`{"a":1}`))), field); err != nil {
		return "", fmt.Errorf("an object in %q: %w", field, err)
	}
	return fmt.Sprintf("%q is named", field), nil
}

func secretUnsaid(ctx context.Context, k *kit) (string, error) {
	const canary = "canary of the kit, not a secret that is right"
	n := 0
	for _, f := range k.desc.GetFields() {
		if !f.GetSecret() || f.GetType() != pluginv1.FieldType_FIELD_TYPE_STRING {
			continue
		}
		n++
		if err := k.startsWith(ctx, k.but(f.GetName(), mustJSON(canary))); err != nil && strings.Contains(err.Error(), canary) {
			return "", fmt.Errorf("a wrong %q is quoted: %w", f.GetName(), err)
		}
	}
	if n == 0 {
		return "", skip("it has no secret field")
	}
	for _, log := range k.allLogs() {
		if lines, _ := log.all(); strings.Contains(string(joined(lines)), canary) {
			return "", errors.New("the wrong value stands in the log")
		}
	}
	return fmt.Sprintf("%d fields, no value", n), nil
}

func startsOnce(ctx context.Context, k *kit) (string, error) {
	l, err := k.beside(ctx)
	if err != nil {
		return "", err
	}
	defer l.finish()
	if _, err := l.rpc.Start(ctx, k.startRequest(l.socket, l.generation)); err == nil {
		return "", errors.New("it starts twice: two bridges in one process")
	}
	if _, err := l.rpc.Describe(ctx, &pluginv1.DescribeRequest{}); err != nil {
		return "", fmt.Errorf("after a second Start: %w", err)
	}
	return "refused", nil
}

func beforeStart(ctx context.Context, k *kit) (string, error) {
	p, err := k.launch(ctx)
	if err != nil {
		return "", err
	}
	defer p.end()
	t := k.talk()
	if _, err := p.rpc.Deliver(ctx, t.request(1, t.opened())); err == nil {
		return "", errors.New("it takes a delivery before it was started")
	}
	s, err := k.desk.listen(p.socket("host.sock"))
	if err != nil {
		return "", err
	}
	defer s.close()
	if _, err := p.rpc.Start(ctx, k.startRequest(s, 1)); err != nil {
		return "", fmt.Errorf("Start after that: %w", err)
	}
	return "refused", nil
}

func startsQuietly(ctx context.Context, k *kit) (string, error) {
	k.stopMain() // whose calls would count
	before, err := k.settledCounts(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.beside(ctx)
	if err != nil {
		return "", err
	}
	defer l.finish()
	select { // what it must not do has no event
	case <-time.After(250 * time.Millisecond):
	case <-ctx.Done():
	}
	after, err := k.driver.counts(ctx)
	if err != nil {
		return "", err
	}
	if n := after.Calls - before; n > 0 {
		return "", fmt.Errorf("%d calls to the platform, and nobody listens yet", n)
	}
	return "no call", nil
}

// settledCounts is how many calls there were, once none comes any more.
func (k *kit) settledCounts(ctx context.Context) (calls int, err error) {
	calls = -1
	err = until(ctx, 2*time.Second, "the platform to be quiet", func() (bool, error) {
		c, err := k.driver.counts(ctx)
		same := c.Calls == calls
		calls = c.Calls
		return same, err
	})
	return calls, err
}

func startsOffline(ctx context.Context, k *kit) (string, error) {
	k.stopMain()
	if err := k.driver.call(ctx, "down", struct{}{}, nil); err != nil {
		return "", err
	}
	l, startErr := k.beside(ctx)
	if l != nil {
		l.finish()
	}
	if err := k.driver.call(ctx, "up", struct{}{}, nil); err != nil {
		return "", err
	}
	if startErr != nil {
		return "", fmt.Errorf("deliveries would not even wait in it: %w", startErr)
	}
	return "it starts", nil
}

func startsWithState(ctx context.Context, k *kit) (string, error) {
	return k.startsChanged(ctx, func(req *pluginv1.StartRequest) {
		for key := range req.State {
			req.State[key] = []byte("\xff\x00 not what was saved")
		}
		req.State["of a newer version"] = []byte{0xff, 0x00, '{', 0x80}
	})
}

func startsWithoutProjects(ctx context.Context, k *kit) (string, error) {
	return k.startsChanged(ctx, func(req *pluginv1.StartRequest) { req.Projects = nil })
}

func startsForNewer(ctx context.Context, k *kit) (string, error) {
	return k.startsChanged(ctx, func(req *pluginv1.StartRequest) {
		req.ProtoReflect().SetUnknown(unknownField("of a newer core"))
		req.Projects[0].ProtoReflect().SetUnknown(unknownField("too"))
	})
}

func (k *kit) startsChanged(ctx context.Context, change func(*pluginv1.StartRequest)) (string, error) {
	l, err := k.start(ctx, change)
	if err != nil {
		return "", err
	}
	l.finish()
	return "it starts", nil
}

func httpAddress(ctx context.Context, k *kit) (string, error) {
	l, err := k.beside(ctx)
	if err != nil {
		return "", err
	}
	defer l.finish()
	addr := l.started.GetHttpAddr()
	if addr == "" {
		return "", skip("it serves no HTTP")
	}
	network, at, ok := strings.Cut(addr, ":")
	if !ok || network != "unix" && network != "tcp" {
		return "", fmt.Errorf("%q is no address: unix:/path or tcp:127.0.0.1:1234", addr)
	}
	where, err := inPlace(l.process, network, at)
	if err != nil {
		return "", err
	}
	resp, err := l.ask(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return "", fmt.Errorf("nobody answers there: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	return where, nil
}

// ask calls the plugin's own HTTP, as the core's proxy does.
func (l *launched) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	network, at, _ := strings.Cut(l.started.GetHttpAddr(), ":")
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, at)
		}},
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://plugin"+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Forwarded-Prefix", "/plugins/"+bridgeID)
	return client.Do(req)
}

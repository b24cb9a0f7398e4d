package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var otherChecks = []check{
	{"projects/change", "Projects is taken while it runs, or answered with UNIMPLEMENTED: then the core starts it anew.", needs{}, takesProjects},
	{"projects/generation", "Projects of another generation is refused.", needs{}, refusesOldProjects},
	{"check/findings", "Check answers findings, each with a name and words, and with its platform all is well.", needs{}, checksWell},
	{"check/down", "Check finds that its platform is down, within the minute that it has, and quotes no secret.", needs{verbs: []string{"down", "up"}}, checksBadly},
}

func newProjects(k *kit) []*pluginv1.Project {
	return []*pluginv1.Project{
		{Id: k.desk.project.GetId(), Slug: "kit", Name: "Conformance kit, renamed", Operator: "Kit support"},
		{Id: newID("proj"), Slug: "second", Name: "A second one"},
	}
}

func takesProjects(ctx context.Context, k *kit) (string, error) {
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	_, err = l.rpc.Projects(ctx, &pluginv1.ProjectsRequest{Generation: l.generation, Projects: newProjects(k)})
	if status.Code(err) == codes.Unimplemented {
		return "UNIMPLEMENTED", nil
	}
	if err != nil {
		return "", err
	}
	return "taken", k.alive(ctx)
}

func refusesOldProjects(ctx context.Context, k *kit) (string, error) {
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	_, err = l.rpc.Projects(ctx, &pluginv1.ProjectsRequest{Generation: l.generation + 7, Projects: newProjects(k)})
	if err == nil {
		return "", errors.New("it is taken")
	}
	return status.Code(err).String(), nil
}

// finds makes a check of a launch beside the one that delivers, as `pocketping check` does.
func (k *kit) finds(ctx context.Context) ([]*pluginv1.Finding, error) {
	l, err := k.beside(ctx)
	if err != nil {
		return nil, err
	}
	defer l.finish()
	answer, err := l.rpc.Check(ctx, &pluginv1.CheckRequest{})
	if err != nil {
		return nil, fmt.Errorf("Check: %w", err)
	}
	for _, f := range answer.GetFindings() {
		if f.GetName() == "" || strings.TrimSpace(f.GetText()) == "" {
			return nil, fmt.Errorf("a finding without words: %v", f)
		}
		for _, secret := range k.secrets() {
			if strings.Contains(f.GetText(), secret) {
				return nil, fmt.Errorf("the finding %q quotes a secret", f.GetName())
			}
		}
	}
	return answer.GetFindings(), nil
}

func checksWell(ctx context.Context, k *kit) (string, error) {
	found, err := k.finds(ctx)
	if err != nil {
		return "", err
	}
	for _, f := range found {
		if !f.GetOk() && k.driver != nil {
			return "", fmt.Errorf("%s: %s", f.GetName(), f.GetText())
		}
	}
	return fmt.Sprintf("%d findings", len(found)), nil
}

func checksBadly(ctx context.Context, k *kit) (string, error) {
	if found, err := k.finds(ctx); err != nil || len(found) == 0 {
		return "", cmpErr(err, skip("it looks at nothing"))
	}
	if err := k.driver.call(ctx, "down", struct{}{}, nil); err != nil {
		return "", err
	}
	found, findErr := k.finds(ctx)
	if err := k.driver.call(ctx, "up", struct{}{}, nil); err != nil {
		return "", err
	}
	if findErr != nil {
		return "", findErr
	}
	for _, f := range found {
		if !f.GetOk() {
			return f.GetName() + ": " + f.GetText(), nil
		}
	}
	return "", errors.New("it finds that all is well, and its platform is down")
}

var endChecks = []check{
	{"stop/in-time", "Stop is answered within 5 s, and the process ends by itself within 5 s of it.", needs{}, stopsInTime},
	{"stop/before-start", "Stop is answered before Start, too.", needs{}, stopsBeforeStart},
	{"stop/refuses", "After Stop it takes no delivery.", needs{}, refusesAfterStop},
	{"stop/drains", "Stop lets a delivery that is under way finish.", needs{event: messagePosted, verbs: []string{"fail"}}, stopDrains},
	{"orphan/host-killed", "When the host is killed with -9 its plugin is gone within 3 s.", needs{}, endsWithItsHost},
	{"log/json", "Its log is JSON with @level and @message, a line each, but for a few lines of libraries: others are taken for debugging.", needs{}, logIsJSON},
	{"log/secrets", "No secret of the config and no token of the host stands in its log.", needs{}, logHasNoSecret},
	{"log/size", "It logs at most 200 lines at once and 20 a second: the host drops the others.", needs{}, logIsShort},
	{"log/no-crash", "Nothing in its log is a panic or a traceback, and no launch ended that nobody ended.", needs{}, nothingCrashed},
	{inTime, "All checks are made in their time: 60 s, or 30 s in short.", needs{}, endedInTime},
}

const inTime = "kit/in-time"

func endedInTime(ctx context.Context, k *kit) (string, error) {
	if ctx.Err() != nil {
		return "", fmt.Errorf("they are not done after %s", time.Since(k.began).Round(time.Second))
	}
	return fmt.Sprintf("after %.1f s", time.Since(k.began).Seconds()), nil
}

func stopsInTime(ctx context.Context, k *kit) (string, error) {
	if _, err := k.running(ctx); err != nil {
		return "", err
	}
	k.mu.Lock()
	l := k.main
	k.main = nil
	k.mu.Unlock()
	defer l.socket.close()
	defer l.process.kill()
	began := time.Now()
	call, cancel := context.WithTimeout(ctx, stopWithin+time.Second)
	defer cancel()
	if _, err := l.rpc.Stop(call, &pluginv1.StopRequest{}); err != nil && !l.isEnded() {
		return "", fmt.Errorf("Stop after %s: %w", time.Since(began).Round(time.Millisecond), err)
	}
	answered := time.Since(began)
	if !l.endsWithin(endWithin) {
		return "", fmt.Errorf("its process runs on, %s after Stop: the host has to kill it", endWithin)
	}
	return fmt.Sprintf("answered after %d ms, ended after %d ms", answered.Milliseconds(), time.Since(began).Milliseconds()), nil
}

func stopsBeforeStart(ctx context.Context, k *kit) (string, error) {
	p, err := k.launch(ctx)
	if err != nil {
		return "", err
	}
	defer p.kill()
	call, cancel := context.WithTimeout(ctx, stopWithin+time.Second)
	defer cancel()
	if _, err := p.rpc.Stop(call, &pluginv1.StopRequest{}); err != nil && !p.endsWithin(time.Second) {
		return "", err
	}
	return "answered", nil
}

func refusesAfterStop(ctx context.Context, k *kit) (string, error) {
	l, err := k.beside(ctx)
	if err != nil {
		return "", err
	}
	defer l.finish()
	if _, err := l.rpc.Stop(ctx, &pluginv1.StopRequest{}); err != nil && !l.endsWithin(time.Second) {
		return "", err
	}
	t := k.talk()
	call, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	_, err = l.rpc.Deliver(call, t.request(l.generation, t.opened()))
	switch {
	case err == nil:
		return "", errors.New("it takes a delivery after Stop")
	case status.Code(err) == codes.DeadlineExceeded:
		return "", errors.New("it lets a delivery after Stop hang")
	}
	return status.Code(err).String(), nil
}

func stopDrains(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	before, err := k.driver.counts(ctx)
	if err != nil {
		return "", err
	}
	if err := k.driver.fail(ctx, "slow", 1, 0.7); err != nil {
		return "", err
	}
	e := t.posted("under way when it stops")
	call := make(chan error, 1)
	go func() {
		told, cancel := calling(ctx)
		defer cancel()
		answer, err := l.rpc.Deliver(told, t.request(l.generation, e))
		t.settle([]*pluginv1.Event{e}, answer, err)
		call <- err
	}()
	if err := until(ctx, 2*time.Second, "a call to the platform", func() (bool, error) {
		c, err := k.driver.counts(ctx)
		return c.Calls > before.Calls || len(call) > 0, err
	}); err != nil {
		return "", err
	}
	select { // the call to the platform may have been another's: ours is under way by now
	case <-time.After(150 * time.Millisecond):
	case <-ctx.Done():
	}
	k.stopMain()
	if err := <-call; err != nil && k.wants(messagePosted) && !k.desc.GetAsVisitor() {
		return "", fmt.Errorf("the delivery was broken off: %w", err)
	}
	if _, err := t.atMost(ctx, 1, "under way when it stops"); err != nil {
		return "", err
	}
	return "it is finished", nil
}

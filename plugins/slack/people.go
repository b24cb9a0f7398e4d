package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// people are the operators' names and pictures, kept for a while.
type people struct {
	api *api

	mu    sync.Mutex
	known map[string]person
}

type person struct {
	plugin.Operator
	until time.Time
}

const (
	knownFor   = 10 * time.Minute
	unknownFor = 10 * time.Second
	askWithin  = 10 * time.Second
	askTries   = 3
)

// operator is who the user is. While Slack does not tell, it is who was known
// before.
func (p *people) operator(ctx context.Context, user string) plugin.Operator {
	if user == "" {
		return plugin.Operator{}
	}
	p.mu.Lock()
	was, ok := p.known[user]
	p.mu.Unlock()
	if ok && time.Now().Before(was.until) {
		return was.Operator
	}
	now, err := p.ask(ctx, user)
	fresh := person{now, time.Now().Add(knownFor)}
	if err != nil {
		fresh = person{was.Operator, time.Now().Add(unknownFor)}
		if !ok {
			fresh.Operator = plugin.Operator{ID: user, Name: "Operator"}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[string]person{}
	}
	p.known[user] = fresh
	return fresh.Operator
}

// ask tries a few times: a name that is missing cannot be put right later.
func (p *people) ask(ctx context.Context, user string) (who plugin.Operator, err error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	for range askTries {
		who, err = p.info(ctx, user)
		if err == nil || isFailure(err) {
			break
		}
	}
	return who, err
}

// isFailure reports whether Slack gave an answer: asking again at once is no use.
func isFailure(err error) bool {
	var f *plugin.Failure
	return errors.As(err, &f)
}

func (p *people) info(ctx context.Context, user string) (plugin.Operator, error) {
	var answer struct {
		User struct {
			Name     string `json:"name"`
			RealName string `json:"real_name"`
			Profile  struct {
				Display  string `json:"display_name"`
				RealName string `json:"real_name"`
				Image    string `json:"image_72"`
			} `json:"profile"`
		} `json:"user"`
	}
	err := p.api.ask(ctx, "users.info", url.Values{"user": {user}}, &answer)
	u := answer.User
	name := cmp.Or(u.Profile.RealName, cmp.Or(u.RealName, cmp.Or(u.Profile.Display, u.Name)))
	return plugin.Operator{ID: user, Name: cmp.Or(name, "Operator"), Avatar: u.Profile.Image}, err
}

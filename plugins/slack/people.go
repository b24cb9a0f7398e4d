package main

import (
	"context"
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
	asked time.Time
}

const (
	knownFor   = 10 * time.Minute
	unknownFor = 10 * time.Second
)

// operator is who the user is. While Slack does not tell, the name is what was
// known before.
func (p *people) operator(ctx context.Context, user string) plugin.Operator {
	if user == "" {
		return plugin.Operator{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	was, ok := p.known[user]
	if ok && time.Since(was.asked) < knownFor {
		return was.Operator
	}
	now, err := p.ask(ctx, user)
	if err != nil {
		if !ok {
			was.Operator = plugin.Operator{ID: user, Name: "Operator"}
		}
		now, was.asked = was.Operator, time.Now().Add(unknownFor-knownFor)
	} else {
		was.asked = time.Now()
	}
	if p.known == nil {
		p.known = map[string]person{}
	}
	p.known[user] = person{now, was.asked}
	return now
}

func (p *people) ask(ctx context.Context, user string) (plugin.Operator, error) {
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
	name := orElse(u.Profile.RealName, orElse(u.RealName, orElse(u.Profile.Display, u.Name)))
	return plugin.Operator{ID: user, Name: orElse(name, "Operator"), Avatar: u.Profile.Image}, err
}

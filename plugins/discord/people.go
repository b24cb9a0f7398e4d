package main

import "sync"

// people knows what the server calls its members, its roles and its channels. The
// zero value is ready.
type people struct {
	mu    sync.Mutex
	names map[string]string
	nicks map[string]string
}

// maxNames bounds the memory: a name that is forgotten is shown by another word.
const maxNames = 20_000

func (p *people) set(names *map[string]string, id, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *names == nil || len(*names) >= maxNames {
		*names = map[string]string{}
	}
	(*names)[id] = name
}

func (p *people) get(names *map[string]string, id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return (*names)[id]
}

// know keeps what a member is called in the server; empty: as everywhere.
func (p *people) know(id, nick string) { p.set(&p.nicks, id, nick) }

func (p *people) nick(id string) string { return p.get(&p.nicks, id) }

// call keeps what a role or a channel is called.
func (p *people) call(id, name string) { p.set(&p.names, id, name) }

func (p *people) name(id string) string { return p.get(&p.names, id) }

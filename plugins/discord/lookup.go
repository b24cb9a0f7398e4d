package main

import "sync"

// lookup knows what things of the server are called: operators there, roles and
// channels. The zero value is ready.
type lookup struct {
	mu    sync.Mutex
	names map[string]string
	nicks map[string]string
}

// maxNames bounds the memory: a name that is forgotten is shown by another word.
const maxNames = 20_000

func (l *lookup) set(names *map[string]string, id, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *names == nil || len(*names) >= maxNames {
		*names = map[string]string{}
	}
	(*names)[id] = name
}

func (l *lookup) get(names *map[string]string, id string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return (*names)[id]
}

// know keeps what a member is called in the server; empty: as everywhere.
func (l *lookup) know(id, nick string) { l.set(&l.nicks, id, nick) }

func (l *lookup) nick(id string) string { return l.get(&l.nicks, id) }

// call keeps what a role or a channel is called.
func (l *lookup) call(id, name string) { l.set(&l.names, id, name) }

func (l *lookup) name(id string) string { return l.get(&l.names, id) }

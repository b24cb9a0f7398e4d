package main

import (
	"context"
	"maps"
	"sync"
	"time"
)

const lookEvery = 20 * time.Millisecond

// watcher follows what arrives on a platform, without looking at anything twice.
type watcher struct {
	platform
	mu      sync.Mutex
	looked  int            // messages
	threads map[int]string // by session, once it has one
	words   map[string]bool
}

func watch(p platform) *watcher {
	return &watcher{platform: p, threads: map[int]string{}, words: map[string]bool{}}
}

// follow looks now and then until ctx ends.
func (w *watcher) follow(ctx context.Context) {
	for w.look(); sleep(ctx, lookEvery); w.look() {
	}
}

func (w *watcher) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	made := w.since(w.looked)
	w.looked += len(made)
	for _, m := range made {
		for _, word := range wordsIn(m.text) {
			if m.thread != "" && word[0] == visitors {
				w.threads[sessionOf(word)] = m.thread
			}
			w.words[word] = true
		}
	}
}

// thread is the session's; empty: it has none yet.
func (w *watcher) thread(session int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.threads[session]
}

// arrived is how many words stand there, those of its own operators too.
func (w *watcher) arrived() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.words)
}

// lacks is how many of the words do not stand there.
func (w *watcher) lacks(words map[string]bool) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for word := range words {
		if !w.words[word] {
			n++
		}
	}
	return n
}

// has adds the words that stand there.
func (w *watcher) has(words map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(words, w.words)
}

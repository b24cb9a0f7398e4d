package kit

import "sync"

// Lanes do things of one thread in order, and those of different threads at the
// same time. The zero value is ready.
type Lanes struct {
	mu      sync.Mutex
	waiting map[string][]func()
	all     sync.WaitGroup
}

// Go does fn after all that was given before for the same thread.
func (l *Lanes) Go(thread string, fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		l.waiting = map[string][]func(){}
	}
	queue, busy := l.waiting[thread]
	l.waiting[thread] = append(queue, fn)
	if !busy {
		l.all.Go(func() { l.work(thread) })
	}
}

func (l *Lanes) work(thread string) {
	for {
		l.mu.Lock()
		queue := l.waiting[thread]
		if len(queue) == 0 {
			delete(l.waiting, thread)
			l.mu.Unlock()
			return
		}
		l.waiting[thread] = queue[1:]
		l.mu.Unlock()
		queue[0]()
	}
}

// Wait returns when all that was given is done.
func (l *Lanes) Wait() { l.all.Wait() }

package kit

import "sync"

// Lanes do things of one thread in order, and those of different threads at the
// same time. The zero value is ready.
type Lanes struct {
	mu      sync.Mutex
	waiting map[string][]func()
	idle    chan struct{} // closed when nothing is left to do; nil: nobody waits for that
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
		go l.work(thread)
	}
}

func (l *Lanes) work(thread string) {
	for {
		l.mu.Lock()
		queue := l.waiting[thread]
		if len(queue) == 0 {
			delete(l.waiting, thread)
			if len(l.waiting) == 0 && l.idle != nil {
				close(l.idle)
				l.idle = nil
			}
			l.mu.Unlock()
			return
		}
		l.waiting[thread] = queue[1:]
		l.mu.Unlock()
		queue[0]()
	}
}

// Wait returns when all that was given is done. More may be given meanwhile, and
// afterwards: what reports does not end at once.
func (l *Lanes) Wait() {
	l.mu.Lock()
	if len(l.waiting) == 0 {
		l.mu.Unlock()
		return
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	<-idle
}

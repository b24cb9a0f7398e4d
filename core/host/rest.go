package host

import "time"

// park gives back a lane that finds no room: it is out of the line until unpark, so
// that others go on.
func (q *queue) park(ln *lane, key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ln.busy, ln.parked = false, true
	ln.runsShort()
	q.parked[key] = append(q.parked[key], ln)
}

// unpark puts those who waited for the key back in line, before those of their class
// who came later.
func (q *queue) unpark(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waited := q.parked[key]
	delete(q.parked, key)
	came := q.line
	q.line = [classes][]*lane{}
	for _, ln := range waited {
		ln.parked = false
		q.lineUp(ln)
	}
	for class := range q.line {
		q.line[class] = append(q.line[class], came[class]...)
	}
}

// release gives back a lane after its call.
func (q *queue) release(ln *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ln.busy, ln.current, ln.folded, ln.used = false, nil, nil, time.Now()
	if len(ln.waiting) == 0 {
		ln.short = time.Time{}
	}
	q.lineUp(ln)
	q.poke() // quota may be free
}

// sleep keeps a lane out of the line for so long.
func (q *queue) sleep(ln *lane, d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ln.asleep = true
	ln.naps++
	nap := ln.naps
	time.AfterFunc(d, func() { q.wakeUp(ln, nap) })
}

func (q *queue) wakeUp(ln *lane, nap int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ln.naps == nap {
		ln.asleep = false
		q.lineUp(ln)
	}
}

// suspectTries in a row make a lane suspect of being what ends the plugin.
const suspectTries = 3

// wakeAll ends the sleeps: the plugin is a new one. Suspects sleep on, so that the
// others get through before the next crash.
func (q *queue) wakeAll() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ln := range q.lanes {
		if ln.asleep && ln.tries >= suspectTries {
			continue
		}
		ln.naps++
		ln.asleep = false
		q.lineUp(ln)
	}
}

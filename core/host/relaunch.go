package host

import (
	"errors"
	"log/slog"
	"time"
)

// failuresAfter counts the launch that has just ended, depending on how long it
// lasted, unless someone must act: that may take a while to find out. One that has
// delivered something is no loop of crashes: what waits gets less.
func failuresAfter(failures int, lasted time.Duration, unusable, delivered bool) int {
	switch {
	case lasted >= healthy || delivered:
		return 1
	case lasted >= fairlySound && !unusable:
		return failures/2 + 1
	}
	return failures + 1
}

// relaunch notes why the plugin ended, or did not start, and says how long to wait.
// It is an error once; how often it is tried is of less weight.
func (r *runner) relaunch(failures int, lasted time.Duration, err error) time.Duration {
	wait, kind, level := relaunchAfter(failures), outageDown, slog.LevelError
	if isUnusable(err) {
		kind = outageUnusable
	}
	if news := r.outages.ended(kind, lasted, err.Error()); !news && kind == outageUnusable {
		level = slog.LevelInfo
	}
	r.say(stateDegraded, err.Error())
	r.plog.tell(slog.LevelError, err.Error())
	r.log.Log(r.ctx, level, "the plugin is launched again", "in", wait.Round(time.Millisecond).String(), "failures", failures, "err", err)
	return wait
}

func isUnusable(err error) bool {
	var u *unusableError
	return errors.As(err, &u)
}

func relaunchAfter(failures int) time.Duration {
	if failures <= 1 {
		return jitter(firstRetry)
	}
	return backoff(failures - 1)
}

package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// errRolledBack ends a launch whose version is not kept.
var errRolledBack = errors.New("the version before takes its place")

// binary is one version of a plugin's program.
type binary struct {
	path string   // its links resolved
	key  string   // what tells it from other versions
	sum  string   // SHA-256, in hex
	file *os.File // open, so that it can be run again when another takes its place; nil: it cannot

	version string          // that it says it is
	sound   bool            // it has not ended by itself soon after its start
	failing map[string]bool // findings of its Check that were not OK; nil: not known
}

func (b *binary) close() {
	if b != nil && b.file != nil {
		_ = b.file.Close()
	}
}

// versions knows which version of a plugin runs, which one did before, and which are not
// to be tried again.
type versions struct {
	mu      sync.Mutex
	good    *binary           // nil: none has run
	trial   *binary           // runs now and is not proven; nil: none
	bad     map[string]string // why, by key
	refused string            // what is told of the version that is in place and does not run
	kept    string            // folder with a copy of the good one; empty: none
}

// identify finds the program that the block names, as it is now.
func identify(spec *Spec) (*binary, error) {
	path, err := filepath.EvalSymlinks(spec.Path)
	if err != nil {
		return nil, checkBinary(spec.Path)
	}
	if err := checkBinary(path); err != nil {
		return nil, err
	}
	b := &binary{path: path, sum: checksum(path)}
	b.key = b.sum
	if spec.Verify != nil {
		pinned, err := spec.Verify(path)
		if err != nil {
			return nil, err
		}
		b.key += " " + pinned
	}
	return b, nil
}

// choose is the spec of the next launch: of the program that is in place, or of the
// version before where that one is known not to work.
func (r *runner) choose() (*Spec, *binary) {
	spec := r.spec
	if spec.remote() {
		return &spec, nil
	}
	now, err := identify(&r.spec)
	v := &r.versions
	v.mu.Lock()
	defer v.mu.Unlock()
	v.trial = nil
	if v.good == nil || !v.good.sound {
		if err != nil {
			spec.broken = err
		}
		return &spec, now
	}
	if err == nil && now.key == v.good.key {
		v.refused = ""
		spec.Path = now.path
		return &spec, v.good
	}
	var reason string
	if err != nil {
		reason = err.Error()
	} else if reason = v.bad[now.key]; reason == "" {
		v.trial, v.refused = now, ""
		return &spec, now
	}
	path, errKept := v.keep(spec.Limits.User)
	if errKept != nil {
		r.log.Error("the version before cannot be run", "err", errKept)
		spec.broken = err
		return &spec, now
	}
	spec.Path, spec.SHA256, spec.Verify = path, v.good.sum, nil
	if v.refused == "" {
		v.refused = fmt.Sprintf("version %s goes on: the one that is in its place does not work: %s", v.good.version, reason)
	}
	return &spec, v.good
}

// keep is where the good version can be run; mu is held.
func (v *versions) keep(user string) (string, error) {
	if checksum(v.good.path) == v.good.sum {
		return v.good.path, nil
	}
	if v.good.file == nil {
		return "", errors.New("it is not there any more")
	}
	if v.kept == "" {
		dir, err := socketDir("")
		if err != nil {
			return "", err
		}
		v.kept = dir
	}
	path := filepath.Join(v.kept, filepath.Base(v.good.path))
	if checksum(path) == v.good.sum {
		return path, nil
	}
	if err := copyTo(path, v.good.file); err != nil {
		return "", err
	}
	if checksum(path) != v.good.sum {
		return "", errors.New("another was written over it, instead of into its place")
	}
	return path, handTo(user, path, v.kept)
}

func copyTo(path string, from *os.File) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(from, 0, 1<<40))
	return errors.Join(err, to.Close())
}

// forget gives back what was kept.
func (v *versions) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.good.close()
	if v.kept != "" {
		_ = os.RemoveAll(v.kept)
	}
}

// runs notes that the version was launched; a trial is looked at from now on.
func (r *runner) runs(l *launch, b *binary) {
	v := &r.versions
	v.mu.Lock()
	defer v.mu.Unlock()
	if b == nil {
		return
	}
	if b.version = l.desc.GetVersion(); v.trial == b {
		go r.prove(l, b)
		return
	}
	if v.good != b {
		v.adopt(b)
	}
}

// adopt makes the version the good one; mu is held.
func (v *versions) adopt(b *binary) {
	v.good.close()
	b.file, _ = os.Open(b.path) // without it there is no way back, which is told then
	b.sound = true
	v.good, v.trial = b, nil
}

// prove waits until the trial has lasted, and has its Check find nothing that the
// version before did not have.
func (r *runner) prove(l *launch, b *binary) {
	v := &r.versions
	v.mu.Lock()
	known := v.good.failing
	v.mu.Unlock()
	failing := known
	if known != nil {
		found, why := failingOf(l, r.plog)
		if why == "" {
			why = worse(found, known)
		}
		if l.ended.Err() != nil {
			return // as below
		}
		if why != "" {
			r.reject(b, why)
			if r.current() == l {
				r.restart.over(errRolledBack)
			}
			return
		}
		failing = names(found)
	}
	if within(l.ended.Done(), r.h.patience.trial) {
		return // that it has ended is told to ended
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.trial == b {
		b.failing = failing
		v.adopt(b)
		r.log.Info("the new version of the plugin is kept", "version", b.version)
		r.plog.tell(slog.LevelInfo, "version "+b.version+" is kept")
	}
}

// ended notes how a launch of the version ended, and reports whether the version before
// takes its place.
func (r *runner) ended(b *binary, lasted time.Duration, err error) (back bool) {
	switch {
	case errors.Is(err, errRestart):
		return false
	case errors.Is(err, errRolledBack):
		return true
	}
	v := &r.versions
	v.mu.Lock()
	trial := v.trial != nil && v.trial == b
	if b != nil && v.good == b {
		b.sound = lasted >= fairlySound || b.sound && isUnusable(err)
	}
	v.mu.Unlock()
	if trial {
		r.reject(b, err.Error())
	}
	return trial
}

// reject keeps the version from being launched again, and says so to everybody: the one
// before goes on.
func (r *runner) reject(b *binary, why string) {
	v := &r.versions
	v.mu.Lock()
	if v.bad == nil {
		v.bad = map[string]string{}
	}
	v.bad[b.key] = why
	name := "the new version"
	if b.version != "" {
		name = "version " + b.version
	}
	on := v.good.version
	if v.trial != nil && v.trial != b {
		on = v.trial.version
	}
	v.refused = fmt.Sprintf("version %s goes on: %s does not work: %s", on, name, why)
	text := v.refused
	v.mu.Unlock()
	r.log.Error("a version of the plugin is not kept", "goes on", on, "refused", b.version, "err", why)
	r.plog.tell(slog.LevelError, text)
	ctx, cancel := context.WithTimeout(r.hard, readTimeout)
	defer cancel()
	notice := fmt.Sprintf("%s (%s): %s", upperFirst(r.spec.Plugin), r.spec.ID, text)
	if err := r.h.o.Chat.BridgeTrouble(ctx, r.spec.ID, "", "version:"+b.key+":"+strconv.FormatInt(time.Now().UnixMilli(), 10), notice); err != nil {
		r.log.Warn("the operators could not be told that a version is not kept", "err", err)
	}
}

// wayBack is what Status says of the version that is in place and does not run.
func (v *versions) wayBack() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.refused
}

// failingOf asks a launch what it finds. why says that it does not answer.
func failingOf(l *launch, log *pluginLog) (found []Finding, why string) {
	ctx, cancel := context.WithTimeout(l.ended, checkTimeout)
	defer cancel()
	answer, err := l.rpc.Check(ctx, &pluginv1.CheckRequest{})
	if err != nil {
		return nil, "its check failed: " + log.clean(err.Error())
	}
	return findingsOf(answer, log), ""
}

func names(found []Finding) map[string]bool {
	failing := map[string]bool{}
	for _, f := range found {
		if !f.OK {
			failing[f.Name] = true
		}
	}
	return failing
}

// worse is what a version finds wrong that the one before did not; empty: nothing.
func worse(found []Finding, before map[string]bool) string {
	for _, f := range found {
		if !f.OK && !before[f.Name] {
			return "its check finds " + f.Name + ": " + f.Text
		}
	}
	return ""
}

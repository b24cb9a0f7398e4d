// Package conformance checks a plugin over the wire, as the core would use it: it launches
// the program, hands it a host in memory, delivers, listens, and kills it. A plugin in any
// language can be checked; `pocketping plugin test` is this package as a command.
//
// What a plugin's platform does is told by a driver: see simulator.Control.
package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options say what is checked, and how.
type Options struct {
	Binary string
	Args   []string
	Env    []string // beside what every plugin gets, as "NAME=value"
	// Config is the plugin's block as JSON. It goes before what the driver says; in it
	// ReceiverMark is the address of a receiver that takes what a hook sends.
	Config json.RawMessage
	// Driver is a command that stands for the plugin's platform: see simulator.Control.
	Driver []string
	// Short leaves out what takes long: at most 30 seconds instead of 60.
	Short bool
	// Within is how long all checks may take; zero: 60 seconds, or 30 in short.
	Within time.Duration
	// Only are names of checks, or their beginnings up to a slash; nil: all.
	Only []string
	// Log gets what the plugin and the driver write to standard error; nil: nobody.
	Log io.Writer
}

// ReceiverMark stands for the address of the kit's own receiver in a config.
const ReceiverMark = "{receiver}"

// How long a run of all checks takes at most.
const (
	Whole = 60 * time.Second
	Brief = 30 * time.Second
)

// Status is what became of a check.
type Status string

// What becomes of a check.
const (
	Pass Status = "pass"
	Fail Status = "fail"
	Skip Status = "skip" // it cannot apply; Happened says why
)

// Check is one check and what became of it.
type Check struct {
	Name     string        `json:"name"`
	Status   Status        `json:"status"`
	Expected string        `json:"expected"`
	Happened string        `json:"happened"`
	Took     time.Duration `json:"-"`
	TookMS   int64         `json:"tookMs"`
}

// Report is what a run found.
type Report struct {
	Plugin string        `json:"plugin"` // name and version, as far as it says
	Took   time.Duration `json:"-"`
	TookMS int64         `json:"tookMs"`
	Checks []Check       `json:"checks"`
}

// Failed are the checks that failed.
func (r Report) Failed() []Check { return r.with(Fail) }

func (r Report) with(s Status) []Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return c.Status != s })
}

// Counts are how many checks passed, failed and were left out.
func (r Report) Counts() (passed, failed, skipped int) {
	return len(r.with(Pass)), len(r.with(Fail)), len(r.with(Skip))
}

// check is one of the kit. run answers what happened, or why it is not as expected.
type check struct {
	name     string
	expected string
	needs    needs
	run      func(ctx context.Context, k *kit) (happened string, err error)
}

// needs say to which plugins a check applies.
type needs struct {
	bridge  bool     // with threads: neither a hook nor one that speaks as the visitor
	bridges bool     // a bridge of any kind
	event   string   // that it takes events of the type
	verbs   []string // of the driver
	long    bool     // it takes long: not in a short run
}

// skipped is why a check cannot apply.
type skipped string

func (s skipped) Error() string { return string(s) }

func skip(format string, args ...any) error { return skipped(fmt.Sprintf(format, args...)) }

// checks are all of the kit, in the order in which they run.
func checks() []check {
	return slices.Concat(handshakeChecks, describeChecks, startChecks, deliverChecks, contentChecks, newerChecks, failureChecks,
		recordChecks, inboundChecks, httpChecks, otherChecks, chaosChecks, endChecks)
}

// Statement is a check that there is: its name and what it expects.
type Statement struct{ Name, Expected string }

// Statements are all checks that there are, in order.
func Statements() []Statement {
	var all []Statement
	for _, c := range checks() {
		all = append(all, Statement{c.name, c.expected})
	}
	return all
}

// Run makes the checks. The error says that it did not come to that: there is no such
// program, or the driver does not start.
func Run(ctx context.Context, o Options) (Report, error) {
	began := time.Now()
	limit := cmp.Or(o.Within, Whole)
	if o.Short {
		limit = cmp.Or(o.Within, Brief)
	}
	chosen, err := choose(o.Only)
	if err != nil {
		return Report{}, err
	}
	k, err := newKit(ctx, o)
	if err != nil {
		return Report{}, err
	}
	defer k.close()
	ctx, cancel := context.WithDeadline(ctx, began.Add(limit))
	defer cancel()
	var report Report
	for _, c := range chosen {
		report.Checks = append(report.Checks, k.check(ctx, c))
	}
	report.Plugin = strings.TrimSpace(k.desc.GetName() + " " + k.desc.GetVersion())
	report.Took = time.Since(began)
	report.TookMS = report.Took.Milliseconds()
	return report, context.Cause(k.outer)
}

func choose(only []string) ([]check, error) {
	all := checks()
	if len(only) == 0 {
		return all, nil
	}
	var chosen []check
	for _, c := range all {
		area, _, _ := strings.Cut(c.name, "/")
		if slices.Contains(only, c.name) || slices.Contains(only, area) {
			chosen = append(chosen, c)
		}
	}
	for _, name := range only {
		if !slices.ContainsFunc(chosen, func(c check) bool { return c.name == name || strings.HasPrefix(c.name, name+"/") }) {
			return nil, fmt.Errorf("there is no check %q: they are named like deliver/order, and deliver is all of these", name)
		}
	}
	return chosen, nil
}

// slowest is how long one check may take.
var slowest = 15 * time.Second

// check makes one.
func (k *kit) check(ctx context.Context, c check) Check {
	began := time.Now()
	done := Check{Name: c.name, Expected: c.expected}
	happened, err := k.apply(ctx, c)
	var left skipped
	switch {
	case errors.As(err, &left):
		done.Status, done.Happened = Skip, string(left)
	case err != nil:
		done.Status, done.Happened = Fail, k.hide(err.Error())
	default:
		done.Status, done.Happened = Pass, k.hide(happened)
	}
	done.Took = time.Since(began)
	done.TookMS = done.Took.Milliseconds()
	return done
}

func (k *kit) apply(ctx context.Context, c check) (string, error) {
	if ctx.Err() != nil && c.name != inTime {
		return "", skip("the time is over: something before took too long")
	}
	if area, _, _ := strings.Cut(c.name, "/"); k.why != nil && area != "handshake" && area != "describe" && area != "kit" {
		return "", skip("it cannot be launched: handshake/line and describe/answers say why")
	}
	if err := k.needs(ctx, c.needs); err != nil {
		return "", err
	}
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	happened, err := c.run(ctx, k)
	k.mend(parent)
	return happened, err
}

// hide keeps secrets out of what is printed.
func (k *kit) hide(s string) string {
	for _, secret := range k.secrets() {
		s = strings.ReplaceAll(s, secret, "[secret]")
	}
	return s
}

// Package past makes a project's history: thousands of sessions as they might have
// been, written into a database at once. Pages and statistics are tested on it.
package past

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // drivers of both databases
	_ "modernc.org/sqlite"

	"github.com/pocketping/pocketping/core"
)

// History is what there was. It is the same each time for the same fields.
type History struct {
	ProjectID string
	Bridges   []string // where operators answered; each has half of the answers of the one before
	Sessions  int
	Until     time.Time // of the newest
	Days      int       // the oldest is so many days older
	Strange   []string  // names, texts and addresses of some visitors, in turns
}

// Write stores the history in the database of the URL, as the store opens it.
func (h History) Write(ctx context.Context, address string) error {
	driver, dsn := "pgx", address
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, dsn = "sqlite", (&url.URL{Scheme: "file", Path: path, OmitHost: true, RawQuery: "_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)"}).String()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	w := &writer{h: h, r: rand.New(rand.NewPCG(1, 2)), tx: tx, ctx: ctx, postgres: driver == "pgx"}
	w.begin()
	for i := range h.Sessions {
		w.session(i)
	}
	for _, t := range w.tables {
		w.flush(t)
	}
	if w.err != nil {
		return w.err
	}
	return tx.Commit()
}

type writer struct {
	h        History
	r        *rand.Rand
	tx       *sql.Tx
	ctx      context.Context
	postgres bool
	err      error

	visitors, sessions, messages *rows
	tables                       []*rows
}

// rows wait to be inserted at once.
type rows struct {
	table   string
	columns []string
	values  []any
}

func (w *writer) begin() {
	w.visitors = &rows{table: "visitors", columns: []string{"id", "project_id", "subject", "name", "email", "verified", "traits", "waiting", "created_at", "last_seen"}}
	w.sessions = &rows{table: "sessions", columns: []string{
		"id", "project_id", "visitor_id", "status", "created_at", "last_activity", "closed_at", "last_seq", "delivered", "read_seq", "metadata", "rating", "rating_comment",
	}}
	w.messages = &rows{table: "messages", columns: []string{
		"id", "project_id", "session_id", "seq", "sender", "text", "author_name", "author_avatar", "operator", "via", "reply_to", "client_id",
		"note", "failed", "files", "created_at", "edited_at", "deleted_at",
	}}
	w.tables = []*rows{w.visitors, w.sessions, w.messages}
}

const atOnce = 200

func (w *writer) add(t *rows, values ...any) {
	t.values = append(t.values, values...)
	if len(t.values) >= atOnce*len(t.columns) {
		w.flush(t)
	}
}

func (w *writer) flush(t *rows) {
	if w.err != nil || len(t.values) == 0 {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", t.table, strings.Join(t.columns, ", "))
	for i := range t.values {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%len(t.columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteByte(',')
		}
		if w.postgres {
			fmt.Fprintf(&b, "$%d", i+1)
		} else {
			b.WriteByte('?')
		}
	}
	b.WriteByte(')')
	_, w.err = w.tx.ExecContext(w.ctx, b.String(), t.values...)
	t.values = t.values[:0]
}

// when is a moment within the days, more often on working days and by daylight.
func (w *writer) when() time.Time {
	for {
		ago := time.Duration(math.Pow(w.r.Float64(), 1.25) * float64(w.h.Days) * 24 * float64(time.Hour))
		t := w.h.Until.Add(-ago - 2*time.Hour)
		busy := math.Exp(-math.Pow((float64(t.Hour())-13.5)/4.2, 2)) + .04
		if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
			busy *= .35
		}
		if w.r.Float64() < busy {
			return t
		}
	}
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// favoured is an index that is small more often than not.
func favoured(r *rand.Rand, n int) int {
	for i := range n {
		if r.IntN(2) == 0 {
			return i
		}
	}
	return 0
}

func (w *writer) session(i int) {
	at := core.TimeOf(w.when())
	id, visitor := fmt.Sprintf("sess_past%06d", i), fmt.Sprintf("vis_past%06d", i)
	name, email := w.visitor(i)
	page := "https://acme.example" + pages[favoured(w.r, len(pages))]
	odd := ""
	if len(w.h.Strange) > 0 && i%7 == 0 {
		odd = w.h.Strange[i/7%len(w.h.Strange)]
		name, email, page = odd, odd, odd
	}
	w.add(w.visitors, visitor, w.h.ProjectID, "", name, email, i%5 == 0, "", "", int64(at), int64(at))

	seq, last := int64(1), at
	talk := 1 + w.r.IntN(6)
	for turn := range talk {
		text := pick(w.r, questions)
		if odd != "" {
			text = odd
		}
		seq++
		w.message(id, seq, core.SenderVisitor, text, "", core.ViaWidget, false, last)
		if turn == talk-1 && w.r.IntN(9) == 0 {
			break // nobody has answered yet
		}
		last += core.Time(1000 * math.Exp(4+w.r.NormFloat64()*1.1))
		who := favoured(w.r, len(operators))
		if w.r.IntN(12) == 0 {
			seq++
			w.message(id, seq, core.SenderOperator, pick(w.r, notes), operators[who], w.bridge(), true, last)
		}
		seq++
		w.message(id, seq, core.SenderOperator, pick(w.r, answers), operators[who], w.bridge(), false, last)
		last += core.Time(1000 * (20 + w.r.IntN(240)))
	}
	status, closed, rating, comment := core.StatusClosed, last, 0, ""
	if w.h.Until.Sub(at.Std()) < 36*time.Hour {
		status, closed = core.StatusActive, 0
	} else if w.r.IntN(4) == 0 {
		rating = 5 - favoured(w.r, 5)
		comment = odd
	}
	meta := fmt.Sprintf(`{"url":%s,"language":"en-GB","timezone":"Europe/Vienna","userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0","screen":"1920x1080","title":%s}`, quoted(page), quoted("Fern & Clay"+odd))
	w.add(w.sessions, id, w.h.ProjectID, visitor, string(status), int64(at), int64(last), int64(closed), seq, seq, seq, meta, rating, comment)
}

func (w *writer) visitor(i int) (name, email string) {
	if i%3 == 0 {
		return "", "" // who said nothing of themselves
	}
	first, family := pick(w.r, firstNames), pick(w.r, families)
	return first + " " + family, strings.ToLower(first) + fmt.Sprint(i) + "@" + strings.ToLower(family) + ".example"
}

func (w *writer) bridge() string {
	if len(w.h.Bridges) == 0 {
		return core.ViaAPI
	}
	return w.h.Bridges[favoured(w.r, len(w.h.Bridges))]
}

func (w *writer) message(session string, seq int64, sender core.Sender, text, operator, via string, note bool, at core.Time) {
	id := fmt.Sprintf("msg_%s_%d", strings.TrimPrefix(session, "sess_"), seq)
	w.add(w.messages, id, w.h.ProjectID, session, seq, string(sender), text, operator, "", operator, via, "", "", note, false, 0, int64(at), 0, 0)
}

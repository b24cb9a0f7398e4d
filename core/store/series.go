package store

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"sort"
	"time"

	"github.com/pocketping/pocketping/core"
)

// Series implements core.Store.
func (s *Store) Series(ctx context.Context, q core.SeriesQuery) (*core.Series, error) {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	out := core.NewSeries(q)
	t := newTally(&out.Stats)
	t.series = &builder{Series: out, zone: q.Zone, pages: map[string]int64{}}
	if len(q.ProjectIDs) == 0 {
		return out, nil
	}
	if err := s.tally(ctx, q.ProjectIDs, t); err != nil {
		return nil, err
	}
	t.series.spreadWaits(t.talks)
	t.series.rankPages()
	return out, nil
}

// builder fills a series.
type builder struct {
	*core.Series
	zone  *time.Location
	pages map[string]int64
}

// at is the step of the moment.
func (b *builder) at(t core.Time) int {
	return max(0, sort.Search(len(b.Steps), func(i int) bool { return b.Steps[i].From > t })-1)
}

func (b *builder) session(r *sessionRow) {
	step := &b.Steps[b.at(r.Created)]
	step.Sessions++
	if r.Rating > 0 {
		step.Average = (step.Average*float64(step.Ratings) + float64(r.Rating)) / float64(step.Ratings+1)
		step.Ratings++
	}
	local := r.Created.Std().In(b.zone)
	b.Week[local.Weekday()][local.Hour()]++
	var page struct{ URL string }
	if json.Unmarshal([]byte(r.Metadata), &page) == nil && page.URL != "" {
		b.pages[pathOf(page.URL)]++
	}
}

// maxPath bounds, in bytes, what is told of a page's path.
const maxPath = 200

// pathOf is the page without its host, its query and its fragment.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" {
		return "other"
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return path[:min(len(path), maxPath)]
}

func (b *builder) message(r *messageRow) {
	step := &b.Steps[b.at(r.Created)]
	if r.Sender == core.SenderVisitor {
		step.Messages.Visitor++
	} else if r.Sender == core.SenderOperator {
		step.Messages.Operator++
	}
}

func (b *builder) spreadWaits(talks map[string]*talk) {
	answered := make([][]int64, len(b.Steps))
	for _, about := range talks {
		wait, isAnswered, asked := about.wait()
		if !asked {
			continue
		}
		i := b.at(about.opened)
		if isAnswered {
			answered[i] = append(answered[i], wait)
		} else {
			b.Steps[i].FirstResponse.Unanswered++
		}
	}
	for i := range b.Steps {
		unanswered := b.Steps[i].FirstResponse.Unanswered
		b.Steps[i].FirstResponse = core.WaitsOf(answered[i])
		b.Steps[i].FirstResponse.Unanswered = unanswered
	}
}

// busiest is how many pages are told of.
const busiest = 10

func (b *builder) rankPages() {
	for path, n := range b.pages {
		b.Pages = append(b.Pages, core.PageCount{Path: path, Sessions: n})
	}
	slices.SortFunc(b.Pages, func(x, y core.PageCount) int {
		return cmp.Or(cmp.Compare(y.Sessions, x.Sessions), cmp.Compare(x.Path, y.Path))
	})
	b.Pages = b.Pages[:min(len(b.Pages), busiest)]
}

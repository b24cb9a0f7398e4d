package admin

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/pocketping/pocketping/core"
)

// plot is a drawing of values over time. Places are in percent of the area, so that it
// fits any screen while its letters keep their size.
type plot struct {
	ID     string
	Title  string
	Desc   string // what a person who cannot see it is told
	Keys   []key
	Y      []string // labels, from the top down to zero
	X      []tick
	Bars   []column
	Lines  []line
	Rows   []row // the same as a table
	Of     string
	Labels []string // of the table's columns, beside the first
}

type key struct{ Class, Text string }

type tick struct {
	At    string // percent
	Text  string
	Extra bool // left out on a small screen
}

// column is one step: what is seen when one points at it, and its bars.
type column struct {
	X, Width string // percent
	Tip      string
	Parts    []part
}

type part struct{ Class, X, Width, Y, Height string }

type line struct{ Class, Path, Area string }

type row struct {
	Name  string
	Cells []string
}

// curve is one row of values; a negative one is none.
type curve struct {
	class  string
	name   string
	values []float64
	words  func(float64) string
}

func percent(v float64) string { return fmt.Sprintf("%.3f%%", v) }

// bars draws values that are stacked upon each other.
func bars(id, title string, s *core.Series, zone *time.Location, stacked ...curve) plot {
	p := newPlot(id, title, s, zone, stacked)
	sums := make([]float64, len(s.Steps))
	for _, c := range stacked {
		for i, v := range c.values {
			sums[i] += v
		}
	}
	top := p.scale(countSteps, sums, func(v float64) string { return num(int64(v)) })
	wide := 100 / float64(max(1, len(s.Steps)))
	for i := range p.Bars {
		from := 100.0
		for _, c := range stacked {
			if high := 100 * c.values[i] / top; high > 0 {
				from -= high
				p.Bars[i].Parts = append(p.Bars[i].Parts, part{c.class, percent(wide * (float64(i) + .14)), percent(wide * .72), percent(from), percent(high)})
			}
		}
	}
	return p
}

// lines draws values beside each other, from the lowest that there can be.
func lines(id, title string, s *core.Series, zone *time.Location, low float64, steps []float64, curves ...curve) plot {
	p := newPlot(id, title, s, zone, curves)
	var all []float64
	for _, c := range curves {
		for _, v := range c.values {
			all = append(all, v-low)
		}
	}
	top := p.scale(steps, all, func(v float64) string { return curves[0].words(v + low) })
	wide := 100 / float64(max(1, len(s.Steps)))
	for _, c := range curves {
		p.Lines = append(p.Lines, trace(c, wide/2, wide, low, top))
	}
	return p
}

// trace joins the values that there are; the first is so far from the left. One alone
// is a dash as wide as half a step, for nobody sees a point.
func trace(c curve, left, wide, low, top float64) line {
	type point struct{ x, y float64 }
	var points []point
	for i, v := range c.values {
		if v >= 0 {
			points = append(points, point{left + wide*float64(i), 100 - 100*(v-low)/top})
		}
	}
	l := line{Class: c.class}
	if len(points) == 0 {
		return l
	}
	if len(points) == 1 {
		p := points[0]
		points = []point{{p.x - wide/4, p.y}, {p.x + wide/4, p.y}}
	}
	command := "M"
	for _, p := range points {
		l.Path += fmt.Sprintf("%s%.2f %.2f", command, p.x, p.y)
		command = "L"
	}
	l.Area = fmt.Sprintf("%sL%.2f 100L%.2f 100Z", l.Path, points[len(points)-1].x, points[0].x)
	return l
}

func newPlot(id, title string, s *core.Series, zone *time.Location, curves []curve) plot {
	p := plot{ID: id, Title: title, Of: "Day"}
	if s.Hourly {
		p.Of = "Hour"
	}
	wide := 100 / float64(max(1, len(s.Steps)))
	for _, c := range curves {
		p.Keys = append(p.Keys, key{c.class, c.name})
		p.Labels = append(p.Labels, c.name)
	}
	for i, step := range s.Steps {
		r := row{Name: stepName(s, step.From.Std().In(zone))}
		tip := []string{r.Name}
		for _, c := range curves {
			words := "–"
			if c.values[i] >= 0 {
				words = c.words(c.values[i])
			}
			r.Cells = append(r.Cells, words)
			tip = append(tip, c.name+": "+words)
		}
		p.Rows = append(p.Rows, r)
		p.Bars = append(p.Bars, column{X: percent(wide * float64(i)), Width: percent(wide), Tip: strings.Join(tip, "\n")})
	}
	p.X = ticks(s, zone)
	return p
}

func stepName(s *core.Series, t time.Time) string {
	if s.Hourly {
		return t.Format("Mon 2 Jan, 15:04")
	}
	return t.Format("Mon 2 Jan 2006")
}

// ticks are about six labels of steps; of those, every second stays on a small screen.
func ticks(s *core.Series, zone *time.Location) []tick {
	every := max(1, (len(s.Steps)+5)/6)
	layout := "2 Jan"
	if s.Hourly {
		layout = "15:04"
	}
	var all []tick
	for i := every / 2; i < len(s.Steps); i += every {
		x := 100 * (float64(i) + .5) / float64(len(s.Steps))
		all = append(all, tick{percent(x), s.Steps[i].From.Std().In(zone).Format(layout), len(all)%2 == 1})
	}
	return all
}

// What lies between two lines of the grid: for counts, and for seconds.
var (
	countSteps  = []float64{1, 2, 5, 10, 20, 25, 50}
	secondSteps = []float64{5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400}
)

// scale chooses the lines of the grid and answers with the value at the top.
func (p *plot) scale(steps []float64, values []float64, words func(float64) string) float64 {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	const n = 4
	between := steps[len(steps)-1]
	for _, b := range steps {
		if b*n >= most {
			between = b
			break
		}
	}
	for between*n < most {
		between *= 2
	}
	if most > 200 && &steps[0] == &countSteps[0] { // round to two digits
		unit := math.Pow(10, math.Floor(math.Log10(most/n)))
		for _, m := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10} {
			if m*unit*n >= most {
				between = m * unit
				break
			}
		}
	}
	for i := n; i >= 0; i-- {
		p.Y = append(p.Y, words(between*float64(i)))
	}
	return between * n
}

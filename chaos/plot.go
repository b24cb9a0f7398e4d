package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sizes of the picture, in pixels.
const (
	plotWide   = 720.0
	panelHigh  = 150.0
	panelSpace = 60.0
	plotLeft   = 60.0
	plotTop    = 30.0
)

// colours are those of the processes, in the order in which they appear; they are told
// apart without them by what stands at the end of each line.
var colours = []string{"#4f46e5", "#059669", "#d97706", "#be185d"}

// draw makes a picture with a panel for each thing that was measured.
func (s *samples) draw() string {
	var whats, processes []string
	for _, one := range s.series {
		if !slices.Contains(whats, one.what) {
			whats = append(whats, one.what)
		}
		if !slices.Contains(processes, one.process) {
			processes = append(processes, one.process)
		}
	}
	slices.Sort(whats)
	slices.Sort(processes)
	high := plotTop + float64(len(whats))*(panelHigh+panelSpace)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12" fill="#475569">`+"\n", plotLeft+plotWide+120, high)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	for i, what := range whats {
		s.panel(&b, what, processes, plotTop+float64(i)*(panelHigh+panelSpace))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// panel draws everything that was measured of the kind, from zero up.
func (s *samples) panel(b *strings.Builder, what string, processes []string, top float64) {
	most, last := 1.0, s.at[len(s.at)-1]
	for _, one := range s.series {
		if one.what == what {
			most = max(most, slices.Max(one.values)*1.1)
		}
	}
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" font-weight="bold">%s</text>`+"\n", plotLeft, top-10, what)
	for _, part := range []float64{0, 0.5, 1} {
		y := top + panelHigh*(1-part)
		fmt.Fprintf(b, `<path d="M%.0f %.1fh%.0f" stroke="#e2e8f0"/><text x="%.0f" y="%.1f" text-anchor="end">%.0f</text>`+"\n", plotLeft, y, plotWide, plotLeft-6, y+4, most*part)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", plotLeft+plotWide*part, top+panelHigh+18, time.Duration(float64(last)*part).Round(time.Second))
	}
	var taken []float64 // heights of labels
	for i, process := range processes {
		for _, one := range s.series {
			if one.what != what || one.process != process {
				continue
			}
			var path strings.Builder
			y := 0.0
			for n, v := range one.values {
				x := plotLeft + plotWide*float64(s.at[n])/float64(last)
				y = top + panelHigh*(1-v/most)
				fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(n, 1)], x, y)
			}
			colour := colours[i%len(colours)]
			for slices.ContainsFunc(taken, func(t float64) bool { return t-12 < y && y < t+12 }) {
				y -= 3
			}
			taken = append(taken, y)
			fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.500"/><text x="%.0f" y="%.1f" fill="%s">%s</text>`+"\n", path.String(), colour, plotLeft+plotWide+8, y+4, colour, process)
		}
	}
}

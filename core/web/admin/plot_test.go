package admin

import "testing"

// What nobody would see is drawn all the same: the only answer of a month.
func TestTrace(t *testing.T) {
	for name, test := range map[string]struct {
		values     []float64
		path, area string
	}{
		"none":  {[]float64{-1, -1}, "", ""},
		"one":   {[]float64{-1, 5}, "M55.00 50.00L75.00 50.00", "M55.00 50.00L75.00 50.00L75.00 100L55.00 100Z"},
		"a gap": {[]float64{0, -1, 10}, "M25.00 100.00L105.00 0.00", "M25.00 100.00L105.00 0.00L105.00 100L25.00 100Z"},
	} {
		l := trace(curve{values: test.values}, 25, 40, 0, 10)
		if l.Path != test.path || l.Area != test.area {
			t.Errorf("%s: %q, %q", name, l.Path, l.Area)
		}
	}
}

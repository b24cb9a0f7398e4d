package core

import "testing"

func TestRevisionBefore(t *testing.T) {
	ascending := []string{"0", "9", "10", "99", "100", "1700000020", "1700000020.000300", "1700000020.000400", "1700000021.000100", "9999999999999999999999"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := RevisionBefore(a, b); got != (i < j) {
				t.Errorf("%s before %s: %v", a, b, got)
			}
		}
	}
	for _, odd := range []string{"", "surplus", "1.", ".5", "-1", "1.2.3", "1e9", "٣"} {
		if RevisionBefore(odd, "5") || RevisionBefore("5", odd) {
			t.Errorf("%q is compared", odd)
		}
	}
}

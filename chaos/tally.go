package main

import "fmt"

// tally counts what must not be.
type tally struct {
	Lost      int `json:"lost"`
	Twice     int `json:"twice"`
	Reordered int `json:"reordered"`
}

func (t *tally) add(other tally) {
	t.Lost, t.Twice, t.Reordered = t.Lost+other.Lost, t.Twice+other.Twice, t.Reordered+other.Reordered
}

func (t tally) String() string {
	return fmt.Sprintf("%d lost, %d twice, %d out of order", t.Lost, t.Twice, t.Reordered)
}

// compare counts what of want is missing in got, what is there again, and what
// stands out of order among what both have. What nobody wants does not count.
func compare(got, want []string) (t tally) {
	expected := make(map[string]bool, len(want))
	for _, word := range want {
		expected[word] = true
	}
	seen := make(map[string]bool, len(want))
	var once []string
	for _, word := range got {
		switch {
		case !expected[word]:
		case seen[word]:
			t.Twice++
		default:
			seen[word] = true
			once = append(once, word)
		}
	}
	i := 0
	for _, word := range want {
		if !seen[word] {
			t.Lost++
			continue
		}
		if once[i] != word {
			t.Reordered++
		}
		i++
	}
	return t
}

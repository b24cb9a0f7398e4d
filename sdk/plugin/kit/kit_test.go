package kit_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/rivo/uniseg"
)

func TestSplit(t *testing.T) {
	family := "👩‍👩‍👧‍👦"
	zalgo := "e" + strings.Repeat("\u0301", 12)
	for _, c := range []struct {
		name    string
		text    string
		limit   int
		measure func(string) int
		want    []string
	}{
		{"empty", "", 10, kit.CodePoints, nil},
		{"fits", "hello", 5, kit.CodePoints, []string{"hello"}},
		{"no better place", "abcdefghij", 4, kit.CodePoints, []string{"abcd", "efgh", "ij"}},
		{"space", "abcdefgh ijkl", 10, kit.CodePoints, []string{"abcdefgh ", "ijkl"}},
		{"space too far back", "abc efghijklm", 10, kit.CodePoints, []string{"abc efghij", "klm"}},
		{"sentence in reach", "aaaa bbbb. Cc dd eeee", 13, kit.CodePoints, []string{"aaaa bbbb. ", "Cc dd eeee"}},
		{"sentence", "aaaa bbbb cc. D eeee", 17, kit.CodePoints, []string{"aaaa bbbb cc. ", "D eeee"}},
		{"newline before sentence", "aaaaaaaa\nb. ccc", 12, kit.CodePoints, []string{"aaaaaaaa\nb. ", "ccc"}},
		{"newline", "aaaaaaaaaa\nb. ccc", 13, kit.CodePoints, []string{"aaaaaaaaaa\n", "b. ccc"}},
		{"paragraph", "aaaaaaaaaaaaaaaa\n\nb\ncc", 21, kit.CodePoints, []string{"aaaaaaaaaaaaaaaa\n\n", "b\ncc"}},
		{"emoji of many runes", family + family, 7, kit.CodePoints, []string{family, family}},
		{"flags", "🇩🇪🇫🇷", 3, kit.CodePoints, []string{"🇩🇪", "🇫🇷"}},
		{"surrogates", "😀😀😀", 4, kit.UTF16, []string{"😀😀", "😀"}},
		{"surrogates odd", "😀😀😀", 5, kit.UTF16, []string{"😀😀", "😀"}},
		{"zalgo", zalgo, 5, kit.CodePoints, []string{"e" + strings.Repeat("\u0301", 4), strings.Repeat("\u0301", 5), strings.Repeat("\u0301", 3)}},
		{"URL whole", "please see https://example.com/a-b", 30, kit.CodePoints, []string{"please see ", "https://example.com/a-b"}},
		{"URL longer than the limit", "https://example.com/a", 10, kit.CodePoints, []string{"https://", "example.co", "m/a"}},
		{"escape", "abcdefg&amp;h", 10, kit.CodePoints, []string{"abcdefg", "&amp;h"}},
		{"backslash", `abcdefghi\*j`, 10, kit.CodePoints, []string{`abcdefghi`, `\*j`}},
		{"fence", "text\n```\ncode\n```", 15, kit.CodePoints, []string{"text\n", "```\ncode\n```"}},
		{"one rune over the limit", "😀a", 1, kit.UTF16, []string{"😀", "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := kit.Split(c.text, c.limit, c.measure)
			if !slices.Equal(got, c.want) {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestSplitMeasuresWhatIsSent(t *testing.T) {
	escaped := func(s string) int { return len(strings.ReplaceAll(s, "&", "&amp;")) }
	got := kit.Split("a&&&b", 6, escaped)
	if !slices.Equal(got, []string{"a&", "&", "&b"}) {
		t.Errorf("got %q", got)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("hello https://example.com/x &amp; ```go\nx\n``` 👩‍👩‍👧‍👦", uint8(10), true)
	f.Add("a\n\nb. c \xff\x00🇩🇪é", uint8(3), false)
	f.Fuzz(func(t *testing.T, text string, size uint8, utf16 bool) {
		limit, measure := max(int(size), 2), kit.CodePoints
		if utf16 {
			measure = kit.UTF16
		}
		parts := kit.Split(text, limit, measure)
		if strings.Join(parts, "") != text {
			t.Fatalf("joined %q is not %q", parts, text)
		}
		for _, p := range parts {
			if p == "" || measure(p) > limit {
				t.Fatalf("part %q measures %d of %d", p, measure(p), limit)
			}
			if utf8.ValidString(text) && !utf8.ValidString(p) {
				t.Fatalf("part %q is not valid", p)
			}
		}
	})
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\rc":            "a\nb\nc",
		"a\x00b\x1bc\td\u0085": "abc\td",
		"a\xffb":               "a\uFFFDb",
		"\x00":                 "",
	} {
		if got := kit.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"  Anna\n\tLee ":          "Anna Lee",
		"evil\u202Egnp.exe\u2066": "evilgnp.exe",
		"line\u2028two":           "line two",
		strings.Repeat("x", 60):   strings.Repeat("x", 60),
		strings.Repeat("x", 61):   strings.Repeat("x", 59) + "…",
	} {
		if got := kit.CleanName(in); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("Anna\x00\u202E" + strings.Repeat("e\u0301\u0301\u0301\u0301\u0301", 70))
	f.Fuzz(func(t *testing.T, name string) {
		got := kit.CleanName(name)
		if uniseg.GraphemeClusterCount(got) > 60 || !utf8.ValidString(got) || strings.TrimSpace(got) != got {
			t.Fatalf("CleanName(%q) = %q", name, got)
		}
		if strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("a control character is left in %q", got)
		}
	})
}

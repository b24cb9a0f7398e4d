package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/core"
)

// minSecret is the least length of a key after its prefix: 20 characters at
// random hold about 100 bits.
const minSecret = 20

var (
	keyPattern  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)
	ratePattern = regexp.MustCompile(`^(\d{1,9})/(.+)$`)
	sizePattern = regexp.MustCompile(`^(\d{1,9}) ?(|[KMG]i?)B?$`)
	typePattern = regexp.MustCompile(`^[a-z]+/([a-z0-9][a-z0-9.+-]*|\*)$`)
)

func checkFilled(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	return nil
}

func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if n, numErr := strconv.Atoi(port); err != nil || numErr != nil || n < 0 || n > 65535 {
		return errors.New(`must be host:port, such as ":8080" or "127.0.0.1:8080"`)
	}
	return nil
}

func parseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New(`must be the address that visitors reach, without a path, such as "https://chat.example.com"`)
	}
	return u.Scheme + "://" + u.Host, nil
}

func checkToken(s string) error {
	if len(s) < minSecret {
		return fmt.Errorf("is too short to be secret: use %d characters or more, at random", minSecret)
	}
	return nil
}

func checkKey(prefix string, least int) func(string) error {
	return func(s string) error {
		rest, ok := strings.CutPrefix(s, prefix)
		switch {
		case !ok:
			return fmt.Errorf("must begin with %q", prefix)
		case len(rest) < least:
			return fmt.Errorf("is too short: use %d characters or more after %q, at random", least, prefix)
		case !keyPattern.MatchString(rest):
			return fmt.Errorf("may hold letters, digits, - and _ only after %q", prefix)
		}
		return nil
	}
}

func checkType(s string) error {
	if !typePattern.MatchString(s) {
		return errors.New(`is no type of files: write "image/png", or "image/*" for all of a kind`)
	}
	return nil
}

func parseDatabase(dir, s string) (string, error) {
	if strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://") {
		return s, nil
	}
	path, ok := strings.CutPrefix(s, "sqlite:")
	path = strings.TrimPrefix(path, "//")
	if !ok || path == "" {
		return "", errors.New(`must be "sqlite:<path>" or "postgres://user:password@host/name"`)
	}
	return "sqlite:" + relative(dir, path), nil
}

func parseRate(s string) (Rate, error) {
	if s == "none" {
		return Rate{}, nil
	}
	m := ratePattern.FindStringSubmatch(s)
	if m != nil {
		n, _ := strconv.Atoi(m[1])
		per, err := core.ParseDuration(m[2])
		if err == nil && n > 0 && per > 0 {
			return Rate{n, per}, nil
		}
	}
	return Rate{}, fmt.Errorf(`must be "N/time", such as "40/10s", or "none"; it is %q`, s)
}

// parseCount is 0 for "none".
func parseCount(s string) (int, error) {
	if s == "none" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf(`must be a number, such as 1000, or "none"; it is %q`, s)
	}
	return n, nil
}

func parseSize(s string) (int64, error) {
	m := sizePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf(`must be a size, such as "20MB" or "512KiB"; it is %q`, s)
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	unit := map[string]int64{"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}[m[2]]
	if n == 0 {
		return 0, errors.New("must be more than nothing")
	}
	return n * unit, nil
}

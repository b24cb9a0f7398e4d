package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// signer makes and reads what ties a mail to its session: nobody who does not have
// the secret can make one for another session. Everything is lower case, for mail
// servers do not keep the case of addresses.
type signer []byte

const (
	sessionPrefix = "sess_"
	sessionLen    = 26 // of an id behind its prefix
	sumLen        = 26 // 128 bits and a bit
	tokenLen      = sessionLen + sumLen
)

var (
	lower      = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	tokenParts = regexp.MustCompile(`^[0-9a-z]{52}$`)
	idPattern  = regexp.MustCompile(`([0-9a-zA-Z]{52})\.(?:root|[0-9]{1,18}-[0-9]{1,18})@`)
)

func (k signer) sum(purpose, text string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(purpose + "\x00" + text)) // never fails
	return lower.EncodeToString(mac.Sum(nil)[:16])
}

// token stands for the session in addresses and message ids.
func (k signer) token(session string) string {
	id := strings.TrimPrefix(session, sessionPrefix)
	return id + k.sum("session", id)
}

// session is the session that the token stands for; empty: it is nobody's.
func (k signer) session(token string) string {
	token = strings.ToLower(token)
	if !tokenParts.MatchString(token) {
		return ""
	}
	id, sum := token[:sessionLen], token[sessionLen:]
	if !hmac.Equal([]byte(sum), []byte(k.sum("session", id))) {
		return ""
	}
	return sessionPrefix + id
}

// stopKey is the state's key for an address that wants no more mails.
func (k signer) stopKey(address string) string {
	return "stop:" + k.sum("stop", strings.ToLower(strings.TrimSpace(address)))
}

// span is the messages that one mail brings, by their seqs.
type span struct{ first, last int64 }

func (s span) String() string { return fmt.Sprintf("%d-%d", s.first, s.last) }

func (s span) holds(seq int64) bool { return s.first <= seq && seq <= s.last }

func spanOf(text string) (s span, ok bool) {
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		return s, false
	}
	var err, errLast error
	s.first, err = strconv.ParseInt(first, 10, 64)
	s.last, errLast = strconv.ParseInt(last, 10, 64)
	return s, err == nil && errLast == nil
}

// replyTo is the address that the session's answers go to.
func (s *settings) replyTo(session string) string {
	return s.local + "+" + s.key.token(session) + "@" + s.domain
}

// messageID is the same whenever the same mail is sent: a mailbox that drops what it
// has shows it once.
func (s *settings) messageID(session string, of span) string {
	return s.key.token(session) + "." + of.String() + "@" + s.domain
}

// rootID begins the session's conversation in the mailbox.
func (s *settings) rootID(session string) string { return s.key.token(session) + ".root@" + s.domain }

// sessionOfAddress is the session that the address is for; empty: none.
func (s *settings) sessionOfAddress(address string) string {
	at := strings.LastIndex(address, "@")
	plus := strings.LastIndex(address[:max(at, 0)], "+")
	if plus < 0 || !strings.EqualFold(address[at+1:], s.domain) || !strings.EqualFold(address[:plus], s.local) {
		return ""
	}
	return s.key.session(address[plus+1 : at])
}

// sessionOfIDs is the session whose message ids the text quotes; empty: none.
func (s *settings) sessionOfIDs(text string) string {
	for _, found := range idPattern.FindAllStringSubmatch(text, 64) {
		if session := s.key.session(found[1]); session != "" {
			return session
		}
	}
	return ""
}

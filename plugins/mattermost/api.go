package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

type user struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Nickname  string `json:"nickname"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

// name is what people call the user.
func (u user) name() string {
	return cmp.Or(u.Nickname, strings.TrimSpace(u.FirstName+" "+u.LastName), u.Username, "Operator")
}

type channel struct {
	Name     string `json:"display_name"`
	DeleteAt int64  `json:"delete_at"`
}

type post struct {
	ID         string         `json:"id,omitempty"`
	CreateAt   int64          `json:"create_at,omitempty"` // milliseconds, as the others
	EditAt     int64          `json:"edit_at,omitempty"`
	DeleteAt   int64          `json:"delete_at,omitempty"`
	UserID     string         `json:"user_id,omitempty"`
	ChannelID  string         `json:"channel_id"`
	RootID     string         `json:"root_id,omitempty"`
	OriginalID string         `json:"original_id,omitempty"` // it is what another one said before its edit
	Message    string         `json:"message"`
	Type       string         `json:"type,omitempty"`
	Props      map[string]any `json:"props,omitempty"`
	FileIDs    []string       `json:"file_ids,omitempty"`
	Pending    string         `json:"pending_post_id,omitempty"` // a create that is repeated makes no second post
}

// external is the post's id for the host: the id is random, so the moment when it was
// made stands before it, and tells the newer of two.
func (p post) external() string {
	if p.ID == "" {
		return ""
	}
	return strconv.FormatInt(p.CreateAt, 10) + "." + p.ID
}

// idOf is the post's own id.
func idOf(external string) string { return external[strings.IndexByte(external, '.')+1:] }

// isPersons reports whether somebody wrote it: not the server, a webhook or another bot.
func (p post) isPersons() bool {
	by := func(whom string) bool { return p.Props[whom] == "true" || p.Props[whom] == true }
	return (p.Type == "" || p.Type == "me") && p.OriginalID == "" && (!by("from_webhook") && !by("from_bot") || p.Props[keyProp] != nil)
}

// keyProp is the property of a post by which it is found again.
const keyProp = "pocketping_key"

// ask learns who the bot is, and so whether its token is good.
func (c *client) ask(ctx context.Context) (self user, err error) {
	if err = c.call(ctx, http.MethodGet, "/users/me", nil, &self); err != nil {
		return self, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = self
	return self, nil
}

func (c *client) me(ctx context.Context) (user, error) {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self.ID != "" {
		return self, nil
	}
	kit.CountCall(ctx)
	return c.ask(ctx)
}

// isOwn reports whether the bot wrote the post.
func (c *client) isOwn(p post) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.UserID == c.self.ID
}

// maxUsers bounds the memory; who is forgotten is asked for again.
const maxUsers = 10_000

// userOf is who has the id; of whom the server does not tell, no more than that.
func (c *client) userOf(ctx context.Context, id string) user {
	c.mu.Lock()
	u, known := c.users[id]
	c.mu.Unlock()
	if known {
		return u
	}
	if err := c.call(ctx, http.MethodGet, "/users/"+id, nil, &u); err != nil {
		return user{ID: id}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.users) >= maxUsers {
		clear(c.users)
	}
	c.users[id] = u
	return u
}

func (c *client) operator(ctx context.Context, id string) plugin.Operator {
	return plugin.Operator{ID: id, Name: c.userOf(ctx, id).name()}
}

func (c *client) channel(ctx context.Context) (found channel, err error) {
	err = c.call(ctx, http.MethodGet, "/channels/"+c.channelID, nil, &found)
	return found, err
}

// member fails when the bot is not in the channel.
func (c *client) member(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/channels/"+c.channelID+"/members/me", nil, nil)
}

func (c *client) typing(ctx context.Context, root string) error {
	body := map[string]string{"channel_id": c.channelID, "parent_id": root}
	return c.call(ctx, http.MethodPost, "/users/me/typing", body, nil)
}

// create makes a post under a key. The server answers a repetition with the same post,
// for half a minute; after that sent finds it.
func (c *client) create(ctx context.Context, p post, key string) (made post, err error) {
	self, err := c.me(ctx)
	if err != nil {
		return made, err
	}
	p.ChannelID, p.Pending, p.Props = c.channelID, self.ID+":"+key, map[string]any{keyProp: key}
	err = c.call(ctx, http.MethodPost, "/posts", p, &made)
	var says *apiError
	if errors.As(err, &says) && strings.Contains(says.ID, "deduplicate_create_post.failed_to_get") {
		kit.CountCall(ctx)
		p.Pending += ":again" // what was made before is deleted already
		err = c.call(ctx, http.MethodPost, "/posts", p, &made)
	}
	return made, err
}

func (c *client) patch(ctx context.Context, id, message string) error {
	return c.call(ctx, http.MethodPut, "/posts/"+id+"/patch", map[string]string{"message": message}, nil)
}

func (c *client) delete(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/posts/"+id, nil, nil)
}

// isGone reports whether the post was deleted, or is seen to be there; else nobody knows.
func (c *client) isGone(ctx context.Context, id string) (gone, seen bool) {
	kit.CountCall(ctx)
	var now post
	err := c.call(ctx, http.MethodGet, "/posts/"+id, nil, &now)
	gone = refused(err, http.StatusNotFound) || err == nil && now.DeleteAt > 0
	return gone, err == nil && !gone
}

// sent is the post that was made under one of the keys, since then by our clock; the
// zero post when there is none, or since is zero: nothing may have been sent.
func (c *client) sent(ctx context.Context, root string, since time.Time, keys ...string) (post, error) {
	if since.IsZero() {
		return post{}, nil
	}
	self, err := c.me(ctx)
	if err != nil {
		return post{}, err
	}
	kit.CountCall(ctx)
	all, err := c.changedSince(ctx, c.clock.Earliest(since))
	for _, p := range all {
		key, _ := p.Props[keyProp].(string)
		if slices.Contains(keys, key) && p.UserID == self.ID && p.RootID == root && p.DeleteAt == 0 {
			return p, nil
		}
	}
	return post{}, err
}

const (
	// sinceAtMost is how many posts the server gives at once of those since a moment:
	// with so many, some can be missing.
	sinceAtMost = 1000
	perPage     = 200
	maxPages    = 100
)

type postList struct {
	Order []string        `json:"order"`
	Posts map[string]post `json:"posts"`
}

// changedSince are the channel's posts that were made, edited or deleted since, in the
// order in which they were made.
func (c *client) changedSince(ctx context.Context, since time.Time) ([]post, error) {
	var list postList
	path := "/channels/" + c.channelID + "/posts?"
	err := c.call(ctx, http.MethodGet, fmt.Sprintf("%ssince=%d", path, since.UnixMilli()), nil, &list)
	for page, more := 0, err == nil && len(list.Posts) >= sinceAtMost; more && page < maxPages; page++ {
		var next postList
		if err := c.call(ctx, http.MethodGet, fmt.Sprintf("%spage=%d&per_page=%d", path, page, perPage), nil, &next); err != nil {
			return nil, err
		}
		more = len(next.Order) == perPage
		for id, p := range next.Posts {
			more = more && p.CreateAt >= since.UnixMilli()
			list.Posts[id] = p
		}
	}
	maps.DeleteFunc(list.Posts, func(_ string, p post) bool { return p.OriginalID != "" || list.fell(p) })
	return slices.SortedFunc(maps.Values(list.Posts), func(x, y post) int {
		return cmp.Or(cmp.Compare(x.CreateAt, y.CreateAt), cmp.Compare(x.ID, y.ID))
	}), err
}

// fell reports whether the post was deleted with the thread: nobody took back what it
// says.
func (l postList) fell(p post) bool {
	root := l.Posts[p.RootID]
	return p.DeleteAt > 0 && root.DeleteAt > 0 && p.DeleteAt >= root.DeleteAt
}

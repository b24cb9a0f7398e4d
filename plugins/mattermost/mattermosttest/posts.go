package mattermosttest

import (
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Post is a message of the channel.
type Post struct {
	ID         string         `json:"id"`
	CreateAt   int64          `json:"create_at"`
	UpdateAt   int64          `json:"update_at"`
	EditAt     int64          `json:"edit_at"`
	DeleteAt   int64          `json:"delete_at"`
	UserID     string         `json:"user_id"`
	ChannelID  string         `json:"channel_id"`
	RootID     string         `json:"root_id"`
	OriginalID string         `json:"original_id"`
	Message    string         `json:"message"`
	Type       string         `json:"type"`
	Props      map[string]any `json:"props"`
	FileIDs    []string       `json:"file_ids,omitempty"`
	Pending    string         `json:"pending_post_id"`
}

// made is a post that is remembered by its pending_post_id.
type made struct {
	id    string
	until time.Time
}

// pendingFor is how long a repeated create is answered with the same post.
const pendingFor = 30 * time.Second

// add keeps a post and tells of it. It needs s.mu.
func (s *Server) add(p *Post) {
	p.ID, p.ChannelID, p.CreateAt = s.nextID(), s.ChannelID, s.now()
	p.UpdateAt = p.CreateAt
	s.posts[p.ID] = p
	s.order = append(s.order, p)
	s.tell("posted", p)
}

// edit changes what a post says; what it said is kept as a post that is deleted. It needs
// s.mu.
func (s *Server) edit(p *Post, text string) {
	old := *p
	at := s.now()
	old.ID, old.OriginalID, old.DeleteAt, old.UpdateAt = s.nextID(), p.ID, at, at
	s.posts[old.ID] = &old
	p.Message, p.EditAt, p.UpdateAt = text, at, at
	s.tell("post_edited", p)
}

// remove deletes a post and what answers it; of the answers nobody is told. It needs s.mu.
func (s *Server) remove(p *Post) {
	at := s.now()
	for _, one := range s.order {
		if one.DeleteAt == 0 && (one == p || one.RootID == p.ID) {
			one.DeleteAt, one.UpdateAt = at, at
		}
	}
	s.tell("post_deleted", p)
}

// there is a post that is not deleted and that the bot may see. It needs s.mu.
func (s *Server) there(id string) (*Post, error) {
	switch p := s.posts[id]; {
	case p == nil || p.DeleteAt > 0:
		return nil, errNoPost
	case !s.member:
		return nil, errForbidden
	default:
		return p, nil
	}
}

func (c *call) createPost() (int, any, error) {
	var in Post
	if err := c.read(&in); err != nil {
		return 0, nil, err
	}
	if in.ChannelID != c.ChannelID || !c.member {
		return 0, nil, errForbidden
	}
	if done, known := c.pending[in.Pending]; known && in.Pending != "" && c.clock.Now().Before(done.until) {
		if c.posts[done.id].DeleteAt > 0 {
			return 0, nil, fail(500, "api.post.deduplicate_create_post.failed_to_get", "Failed to fetch original post after deduplicating a client repeating the same request.")
		}
		return 201, c.posts[done.id], nil
	}
	if err := c.refuse(in); err != nil {
		return 0, nil, err
	}
	p := &Post{UserID: c.BotID, RootID: in.RootID, Message: in.Message, Props: maps.Clone(in.Props), FileIDs: in.FileIDs, Pending: in.Pending}
	if p.Props == nil {
		p.Props = map[string]any{}
	}
	p.Props["from_bot"] = "true"
	c.mentioned = append(c.mentioned, c.mentions(in.Message)...)
	c.add(p)
	c.pending[in.Pending] = made{p.ID, c.clock.Now().Add(pendingFor)}
	return 201, p, nil
}

// refuse says why a post cannot be made.
func (c *call) refuse(in Post) error {
	switch root := c.posts[in.RootID]; {
	case c.archived:
		return fail(400, "api.post.create_post.can_not_post_to_deleted.error", "Can not post to deleted channel.")
	case in.RootID != "" && (root == nil || root.DeleteAt > 0 || root.RootID != ""):
		return fail(400, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.")
	case utf8.RuneCountInString(in.Message) > c.maxText:
		return fail(400, "model.post.is_valid.message_length.app_error", "Post Message property is longer than the maximum permitted length.")
	case in.Message == "" && len(in.FileIDs) == 0:
		return fail(400, "api.post.create_post.empty.app_error", "A post says something or has a file.")
	}
	for _, id := range in.FileIDs {
		if c.files[id] == nil {
			return fail(400, "api.file.get_file_info.app_error", "Unable to find the file.")
		}
	}
	return nil
}

func (c *call) getPost() (int, any, error) {
	p, err := c.there(c.PathValue("id"))
	return 200, p, err
}

func (c *call) patchPost() (int, any, error) {
	var in struct {
		Message *string `json:"message"`
	}
	if err := c.read(&in); err != nil {
		return 0, nil, err
	}
	p, err := c.there(c.PathValue("id"))
	switch {
	case err != nil:
		return 0, nil, err
	case p.UserID != c.BotID:
		return 0, nil, errForbidden
	case in.Message != nil && utf8.RuneCountInString(*in.Message) > c.maxText:
		return 0, nil, fail(400, "model.post.is_valid.message_length.app_error", "Too long.")
	case in.Message != nil && *in.Message != p.Message:
		c.mentioned = append(c.mentioned, c.mentions(*in.Message)...)
		c.edit(p, *in.Message)
	}
	return 200, p, nil
}

func (c *call) deletePost() (int, any, error) {
	p, err := c.there(c.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	if p.UserID != c.BotID && !c.deletes {
		return 0, nil, errForbidden
	}
	c.remove(p)
	return 200, map[string]string{"status": "OK"}, nil
}

// list is the answer of all that lists posts, the newest first.
func list(posts []*Post) map[string]any {
	byID, order := map[string]*Post{}, []string{}
	for _, p := range posts {
		byID[p.ID] = p
		order = append(order, p.ID)
	}
	return map[string]any{"order": order, "posts": byID, "next_post_id": "", "prev_post_id": ""}
}

func (c *call) getThread() (int, any, error) {
	root, err := c.there(c.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	all := []*Post{root}
	for _, p := range c.order {
		if p.RootID == root.ID && p.DeleteAt == 0 {
			all = append(all, p)
		}
	}
	return 200, list(all), nil
}

// sinceAtMost is how many posts are given at once of those since a moment.
const sinceAtMost = 1000

func (c *call) getPosts() (int, any, error) {
	if c.PathValue("id") != c.ChannelID || !c.member {
		return 0, nil, errForbidden
	}
	query := c.Request.URL.Query()
	number := func(name string, other int64) int64 {
		if n, err := strconv.ParseInt(query.Get(name), 10, 64); err == nil {
			return n
		}
		return other
	}
	all := slices.Collect(maps.Values(c.posts))
	since := number("since", 0)
	all = slices.DeleteFunc(all, func(p *Post) bool { return since == 0 && p.DeleteAt > 0 || p.UpdateAt <= since })
	slices.SortFunc(all, func(a, b *Post) int { return int(b.CreateAt - a.CreateAt) })
	if since > 0 {
		return 200, list(all[:min(len(all), sinceAtMost)]), nil
	}
	size := min(int(number("per_page", 60)), 200)
	from := min(int(number("page", 0))*size, len(all))
	return 200, list(all[from:min(from+size, len(all))]), nil
}

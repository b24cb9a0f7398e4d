package mattermosttest

import (
	"io"
	"net/http"
	"slices"
	"strings"
)

// User is somebody on the server.
type User struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Nickname  string `json:"nickname"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	IsBot     bool   `json:"is_bot"`
}

// File is one that somebody shares.
type File struct {
	Name, Type string
	Data       []byte
}

type file struct {
	File
	id string
}

// maxFile is the largest file that the server takes.
const maxFile = 50 << 20

func readAll(r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(nil, r.Body, maxFile+1))
}

func (c *call) getUser() (int, any, error) {
	u := c.users[c.PathValue("id")]
	if u == nil {
		return 0, nil, fail(404, "app.user.missing_account.const", "Unable to find the user.")
	}
	return 200, u, nil
}

func (c *call) postTyping() (int, any, error) {
	var in struct {
		Channel string `json:"channel_id"`
		Parent  string `json:"parent_id"`
	}
	if err := c.read(&in); err != nil {
		return 0, nil, err
	}
	if in.Channel != c.ChannelID || !c.member {
		return 0, nil, errForbidden
	}
	c.typing = append(c.typing, in.Parent)
	return 200, map[string]string{"status": "OK"}, nil
}

func (c *call) getChannel() (int, any, error) {
	if c.PathValue("id") != c.ChannelID {
		return 0, nil, fail(404, "app.channel.get.existing.app_error", "Unable to find the existing channel.")
	}
	if !c.member {
		return 0, nil, errForbidden
	}
	answer := map[string]any{"id": c.ChannelID, "name": "website", "display_name": "Website", "delete_at": 0}
	if c.archived {
		answer["delete_at"] = 1
	}
	return 200, answer, nil
}

func (c *call) getMember() (int, any, error) {
	if c.PathValue("id") != c.ChannelID || !c.member {
		return 0, nil, fail(404, "app.channel.get_member.missing.app_error", "No channel member found for that user ID and channel ID.")
	}
	return 200, map[string]string{"channel_id": c.ChannelID, "user_id": c.BotID}, nil
}

// keep stores a file. It needs s.mu.
func (s *Server) keep(f File) string {
	id := s.nextID()
	s.files[id] = &file{f, id}
	return id
}

func (f *file) info() map[string]any {
	return map[string]any{"id": f.id, "name": f.Name, "size": len(f.Data), "mime_type": f.Type}
}

func (c *call) uploadFile() (int, any, error) {
	query := c.Request.URL.Query()
	switch {
	case c.noFiles:
		return 0, nil, fail(501, "api.file.attachments.disabled.app_error", "File attachments have been disabled on this server.")
	case query.Get("channel_id") != c.ChannelID || !c.member:
		return 0, nil, errForbidden
	case query.Get("filename") == "":
		return 0, nil, fail(400, "api.context.invalid_url_param.app_error", "Invalid or missing filename parameter in request URL.")
	case len(c.body) > maxFile:
		return 0, nil, fail(413, "api.file.upload_file.too_large_detailed.app_error", "Unable to upload file. File is too large.")
	}
	id := c.keep(File{Name: query.Get("filename"), Data: c.body})
	return 201, map[string]any{"file_infos": []any{c.files[id].info()}, "client_ids": []string{}}, nil
}

func (c *call) fileOf() (*file, error) {
	f := c.files[c.PathValue("id")]
	if f == nil {
		return nil, fail(404, "app.file_info.get.app_error", "Unable to get the file info.")
	}
	return f, nil
}

func (c *call) getFile() (int, any, error) {
	f, err := c.fileOf()
	if err != nil {
		return 0, nil, err
	}
	return 200, raw(f.Data), nil
}

func (c *call) getInfo() (int, any, error) {
	f, err := c.fileOf()
	if err != nil {
		return 0, nil, err
	}
	return 200, f.info(), nil
}

// FileOf is a file of the server's.
func (s *Server) FileOf(id string) File {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[id]; f != nil {
		return f.File
	}
	return File{}
}

// Operator is a person in the channel who acts.
type Operator struct {
	s *Server
	User
}

// Operator is the person of that nickname; there is one for each.
func (s *Server) Operator(name string) *Operator {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u.Nickname == name {
			return &Operator{s, *u}
		}
	}
	u := &User{ID: s.nextID(), Username: strings.ToLower(strings.ReplaceAll(name, " ", ".")), Nickname: name}
	s.users[u.ID] = u
	return &Operator{s, *u}
}

// Reply answers the post that a thread begins with and returns the answer's id.
func (o *Operator) Reply(root, text string, files ...File) string {
	return o.Write(Post{RootID: root, Message: text}, files...)
}

// Write posts as it is given, and returns the id.
func (o *Operator) Write(p Post, files ...File) string {
	p.UserID = o.ID
	if p.Props == nil {
		p.Props = map[string]any{}
	}
	o.s.update(func() {
		for _, f := range files {
			p.FileIDs = append(p.FileIDs, o.s.keep(f))
		}
		o.s.add(&p)
	})
	return p.ID
}

// Edit changes what a post says.
func (o *Operator) Edit(id, text string) {
	o.s.update(func() { o.s.edit(o.s.posts[id], text) })
}

// Delete removes a post, and what answers it.
func (o *Operator) Delete(id string) {
	o.s.update(func() { o.s.remove(o.s.posts[id]) })
}

// Type is seen to type in the thread.
func (o *Operator) Type(root string) {
	o.s.update(func() {
		o.s.send("typing", map[string]any{"parent_id": root, "user_id": o.ID})
	})
}

// Odd makes the socket tell something that nothing can be made of.
func (s *Server) Odd() {
	s.update(func() {
		s.send("posted", map[string]any{"post": "{", "channel_type": "Z"})
		s.send("something_new", map[string]any{"x": 1})
	})
}

// External is how the bridge names a post.
func (s *Server) External(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.order, func(p *Post) bool { return p.ID == id }); i >= 0 {
		return s.order[i].external()
	}
	return ""
}

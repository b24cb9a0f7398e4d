package slacktest

import (
	"encoding/json"
)

// NeverShare lets the next n completed uploads be answered as good ones and
// never be shared.
func (s *Server) NeverShare(n int) { s.update(func() { s.never = n }) }

// completeUpload shares what was uploaded, a while later.
func (c *call) completeUpload() (obj, error) {
	var wanted []struct{ ID, Title string }
	if json.Unmarshal([]byte(c.params["files"]), &wanted) != nil || len(wanted) == 0 {
		return nil, fail("invalid_arguments")
	}
	var files []*stored
	list := []obj{}
	for _, w := range wanted {
		f := c.files[w.ID]
		if f == nil || f.Deleted || !f.arrived || f.shared {
			return nil, fail("file_not_found")
		}
		if w.Title != "" {
			f.Title = w.Title
		}
		files = append(files, f)
		list = append(list, obj{"id": f.ID, "title": f.Title})
	}
	m, err := c.shareDraft()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		f.shared = true
	}
	if m == nil {
		return obj{"files": list}, nil // without a channel the files are private
	}
	if c.never > 0 {
		c.never--
		return obj{"files": list}, nil
	}
	after := c.clock.After(c.Server.share)
	go func() {
		select {
		case <-after:
			c.shareNow(m, files)
		case <-c.closed:
		}
	}()
	return obj{"files": list}, nil
}

// shareDraft is the message that will carry the files; nil without a channel.
func (c *call) shareDraft() (*Message, error) {
	if c.params["channel_id"] == "" {
		return nil, nil
	}
	ch, err := (&call{c.Server, params{"channel": c.params["channel_id"]}, c.entry}).channelOf(true)
	if err != nil {
		return nil, err
	}
	if c.locked() {
		return nil, fail("posting_to_channel_denied")
	}
	m := &Message{Channel: ch.id, BotID: c.BotID, AppID: c.AppID, Own: true, Text: c.params["initial_comment"]}
	if err := c.nameDraft(m); err != nil {
		return nil, err
	}
	if m.Text == "" {
		if m.Blocks, err = checkBlocks(c.params["blocks"]); err != nil {
			return nil, err
		}
	}
	m.Subtype = "file_share"
	return m, nil
}

func (c *call) shareNow(m *Message, files []*stored) {
	c.update(func() {
		if ch := c.channels[m.Channel]; ch.deleted || ch.archived || !ch.member {
			return
		}
		c.place(m, c.params["thread_ts"])
		for _, f := range files {
			m.Files = append(m.Files, f.File)
			f.shares = append(f.shares, m)
		}
		c.add(m)
		c.inspect(m)
		c.pushMessage(m)
		for _, f := range files {
			c.push(m.Channel, obj{"type": "file_shared", "file_id": f.ID, "user_id": f.User, "file": obj{"id": f.ID}, "channel_id": m.Channel})
		}
	})
}

func (c *call) fileOf() (*stored, error) {
	f := c.files[c.params["file"]]
	switch {
	case f == nil:
		return nil, fail("file_not_found")
	case f.Deleted:
		return nil, fail("file_deleted")
	}
	return f, nil
}

func (c *call) fileInfo() (obj, error) {
	f, err := c.fileOf()
	if err != nil {
		return nil, err
	}
	w := c.wireFile(f)
	shares := map[string]map[string][]obj{}
	for _, m := range f.shares {
		if m.Deleted {
			continue
		}
		ch := c.channels[m.Channel]
		kind := "public"
		if ch.private {
			kind = "private"
		}
		if shares[kind] == nil {
			shares[kind] = map[string][]obj{}
		}
		share := obj{"ts": m.TS, "team_id": c.TeamID, "channel_name": ch.name, "reply_users": []string{}}
		if m.Thread != "" {
			share["thread_ts"] = m.Thread
		}
		shares[kind][ch.id] = append(shares[kind][ch.id], share)
	}
	w["shares"] = shares
	return obj{"file": w, "comments": []obj{}, "paging": obj{"count": 100, "total": 0, "page": 1, "pages": 0}}, nil
}

func (c *call) deleteFile() (obj, error) {
	f, err := c.fileOf()
	if err != nil {
		return nil, err
	}
	if f.User != c.BotUser {
		return nil, fail("cant_delete_file")
	}
	f.Deleted = true
	for _, m := range f.shares {
		for i := range m.Files {
			if m.Files[i].ID == f.ID {
				m.Files[i].Deleted = true
			}
		}
	}
	return obj{}, nil
}

package slacktest

import (
	"fmt"
	"slices"
	"strings"
)

// How things look in JSON. All of it needs s.mu.

func wireUser(u *User, team string) obj {
	return obj{"id": u.ID, "team_id": team, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted, "is_bot": u.Bot, "is_app_user": false,
		"tz": "Europe/Berlin", "profile": obj{"display_name": u.DisplayName, "display_name_normalized": u.DisplayName, "real_name": u.RealName,
			"real_name_normalized": u.RealName, "image_72": u.Avatar, "image_192": u.Avatar, "team": team}}
}

func (c *channel) wire() obj {
	return obj{"id": c.id, "name": c.name, "name_normalized": c.name, "is_channel": !c.private, "is_group": c.private, "is_private": c.private,
		"is_im": false, "is_mpim": false, "is_archived": c.archived, "is_member": c.member, "is_general": false, "created": 1700000000, "creator": "U0ADMIN"}
}

// wireMessage is a message as history and events have it.
func (s *Server) wireMessage(m *Message) obj {
	w := obj{"type": "message", "ts": m.TS, "text": m.Text}
	s.wireThread(w, m)
	if m.Tombstone {
		w["subtype"], w["user"], w["hidden"], w["text"] = "tombstone", "USLACKBOT", true, "This message was deleted."
		return w
	}
	s.wireAuthor(w, m)
	if m.Subtype != "" {
		w["subtype"] = m.Subtype
	}
	if len(m.Blocks) > 0 {
		w["blocks"] = m.Blocks
	}
	if len(m.Attachments) > 0 {
		w["attachments"] = m.Attachments
	}
	if m.Edited != "" {
		w["edited"] = obj{"user": editor(m), "ts": m.Edited}
	}
	if len(m.Files) > 0 {
		w["files"] = s.wireFiles(m.Files)
	}
	if len(m.Reactions) > 0 {
		w["reactions"] = slices.Clone(m.Reactions)
	}
	return w
}

func editor(m *Message) string {
	if m.User == "" {
		return m.BotID
	}
	return m.User
}

func (s *Server) wireAuthor(w obj, m *Message) {
	if m.User != "" {
		w["user"], w["team"] = m.User, s.TeamID
	}
	if m.clientID != "" {
		w["client_msg_id"] = m.clientID
	}
	if m.BotID != "" {
		w["bot_id"], w["app_id"] = m.BotID, m.AppID
	}
	if m.Username != "" {
		w["username"] = m.Username
		if m.Icon != "" {
			w["icons"] = obj{"image_48": m.Icon}
		}
	} else if m.Own {
		w["bot_profile"] = obj{"id": m.BotID, "app_id": m.AppID, "name": s.users[s.BotUser].RealName, "team_id": s.TeamID, "deleted": false}
	}
}

// wireThread says where the message stands, and of a parent what hangs on it.
func (s *Server) wireThread(w obj, m *Message) {
	if m.Thread != "" {
		w["thread_ts"] = m.Thread
		if parent := s.messages[m.Thread]; parent != nil && parent.User != "" {
			w["parent_user_id"] = parent.User
		}
		return
	}
	replies := s.replies(m.TS)
	if len(replies) == 0 {
		return
	}
	users := []string{}
	for _, r := range replies {
		if who := editor(r); !slices.Contains(users, who) {
			users = append(users, who)
		}
	}
	w["thread_ts"], w["reply_count"], w["reply_users"], w["reply_users_count"] = m.TS, len(replies), users, len(users)
	w["latest_reply"], w["subscribed"], w["is_locked"] = replies[len(replies)-1].TS, true, m.Locked
}

func (s *Server) wireFiles(files []File) []obj {
	all := []obj{}
	for _, f := range files {
		kept := s.files[f.ID]
		if kept.Deleted {
			all = append(all, obj{"id": f.ID, "mode": "tombstone"})
			continue
		}
		all = append(all, s.wireFile(kept))
	}
	return all
}

func (s *Server) wireFile(f *stored) obj {
	link := s.base() + downloadPath + s.TeamID + "-" + f.ID
	w := obj{"id": f.ID, "created": f.created, "timestamp": f.created, "name": f.Name, "title": f.Title, "mimetype": f.Type, "filetype": extension(f.Name),
		"pretty_type": strings.ToUpper(extension(f.Name)), "user": f.User, "mode": "hosted", "size": len(f.Data), "is_external": false, "is_public": true,
		"url_private": link + "/" + slug(f.Name), "url_private_download": link + "/download/" + slug(f.Name),
		"permalink": "https://" + teamDomain + ".slack.com/files/" + f.User + "/" + f.ID + "/" + slug(f.Name), "file_access": "visible"}
	if strings.HasPrefix(f.Type, "image/") {
		w["thumb_360"] = link + "/thumb_360/" + slug(f.Name)
	}
	return w
}

func fileStubs(files []File) []obj {
	all := []obj{}
	for _, f := range files {
		all = append(all, obj{"id": f.ID, "mode": "file_access", "file_access": "check_file_info"})
	}
	return all
}

// slug is a name as it stands in a link.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}

func extension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 && i < len(name)-1 {
		return strings.ToLower(name[i+1:])
	}
	return "binary"
}

func permalink(m *Message) string {
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", teamDomain, m.Channel, strings.Replace(m.TS, ".", "", 1))
	if m.Thread != "" {
		link += "?thread_ts=" + m.Thread + "&cid=" + m.Channel
	}
	return link
}

package discordtest_test

import (
	"strconv"
	"testing"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

func TestRemovedPermissions(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	asked := s.Operator("Olga").Message(id, "hello")
	g.next("MESSAGE_CREATE")
	path, emoji := "/channels/"+id+"/messages", ""
	for _, tt := range []struct {
		remove discordtest.Permission
		try    func() answer
		code   int
	}{
		{discordtest.SendMessages, func() answer {
			return call(t, s, "POST", "/channels/"+s.ForumID+"/threads", obj{"name": "x", "message": obj{"content": "x"}})
		}, 50013},
		{discordtest.AddReactions, func() answer {
			emoji = map[string]string{"": "%F0%9F%91%80", "%F0%9F%91%80": "%F0%9F%91%8D"}[emoji] // one that is there already needs no right
			return call(t, s, "PUT", path+"/"+asked+"/reactions/"+emoji+"/@me", nil)
		}, 50013},
		{discordtest.ManageMessages, func() answer { return call(t, s, "DELETE", path+"/"+asked, nil) }, 50013},
		{discordtest.SendInThreads, func() answer { return call(t, s, "POST", path, obj{"content": "x"}) }, 50013},
		{discordtest.ManageThreads, func() answer { return call(t, s, "PATCH", "/channels/"+id, obj{"locked": true}) }, 50013},
		{discordtest.ReadHistory, func() answer { return call(t, s, "GET", path+"/"+asked, nil) }, 50013},
		{discordtest.ViewChannel, func() answer { return call(t, s, "GET", "/channels/"+id, nil) }, 50001},
	} {
		if a := tt.try(); a.Status >= 400 && tt.remove != discordtest.ManageMessages {
			t.Errorf("before: %s", a.Raw)
		}
		if tt.remove == discordtest.ManageMessages {
			asked = s.Operator("Olga").Message(id, "hello")
		}
		s.RemovePermission(tt.remove)
		tt.try().want(t, 403, tt.code)
	}
	if list := call(t, s, "GET", path, nil).want(t, 403, 50001); list.Message != "Missing Access" {
		t.Errorf("says %s", list.Raw)
	}
	s.GrantPermission(discordtest.ViewChannel)
	if list := call(t, s, "GET", path, nil).want(t, 200, 0); len(list.List) != 0 {
		t.Errorf("without the history it lists %v", list.List)
	}
	s.GrantPermission(discordtest.BotPermissions)
	say(t, s, id, "back")
	roles := call(t, s, "GET", "/guilds/"+s.GuildID+"/roles", nil).List
	if roles[1]["permissions"] != strconv.FormatInt(int64(discordtest.BotPermissions), 10) {
		t.Errorf("role %v", roles[1])
	}
}

func TestOverwrites(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	s.Overwrite(s.ForumID, 0, discordtest.ViewChannel)
	o := g.next("CHANNEL_UPDATE").data()["permission_overwrites"].([]any)[0].(obj)
	if o["id"] != s.BotID || o["type"] != float64(1) || o["deny"] != "1024" || o["allow"] != "0" {
		t.Errorf("overwrite %v", o)
	}
	call(t, s, "POST", "/channels/"+id+"/messages", obj{"content": "x"}).want(t, 403, 50001)
	s.Operator("Olga").Message(id, "unseen")
	s.Overwrite(s.ForumID, discordtest.ManageWebhooks, 0)
	g.next("CHANNEL_UPDATE") // and nothing of what was hidden
	if f := g.next("THREAD_LIST_SYNC").data(); f["channel_ids"].([]any)[0] != s.ForumID || f["threads"].([]any)[0].(obj)["id"] != id {
		t.Errorf("THREAD_LIST_SYNC %v", f)
	}
	call(t, s, "GET", "/channels/"+s.ForumID+"/webhooks", nil).want(t, 200, 0)
	s.Overwrite(s.ForumID, 0, 0)
	call(t, s, "GET", "/channels/"+s.ForumID+"/webhooks", nil).want(t, 403, 50013)
}

func TestPrivateChannel(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	s.OverwriteRole(s.ForumID, s.GuildID, 0, discordtest.ViewChannel)
	call(t, s, "GET", "/channels/"+id, nil).want(t, 403, 50001)
	s.OverwriteRole(s.ForumID, s.RoleID, discordtest.ViewChannel, discordtest.SendInThreads)
	call(t, s, "GET", "/channels/"+id, nil).want(t, 200, 0)
	call(t, s, "POST", "/channels/"+id+"/messages", obj{"content": "x"}).want(t, 403, 50013)
	s.Overwrite(s.ForumID, discordtest.SendInThreads, 0)
	say(t, s, id, "the member's overwrite is the last")
	list := call(t, s, "GET", "/channels/"+s.ForumID, nil).Body["permission_overwrites"].([]any)
	if o := list[0].(obj); len(list) != 3 || o["id"] != s.GuildID || o["type"] != float64(0) || o["deny"] != "1024" {
		t.Errorf("overwrites %v", list)
	}
}

func TestKick(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	s.Kick()
	if f := g.next("GUILD_DELETE").data(); f["id"] != s.GuildID || f["unavailable"] != nil {
		t.Errorf("GUILD_DELETE %v", f)
	}
	call(t, s, "POST", "/channels/"+id+"/messages", obj{"content": "x"}).want(t, 403, 50001)
	call(t, s, "GET", "/guilds/"+s.GuildID, nil).want(t, 404, 10004)
	s.Operator("Olga").Message(id, "unseen")
	s.Invite()
	if f := g.next("GUILD_CREATE").data(); len(f["threads"].([]any)) != 1 {
		t.Errorf("GUILD_CREATE %v", f)
	}
	call(t, s, "GET", "/channels/"+id, nil).want(t, 200, 0)
}

func TestOutage(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	s.Outage()
	if f := g.next("GUILD_DELETE").data(); f["unavailable"] != true {
		t.Errorf("GUILD_DELETE %v", f)
	}
	id := s.Operator("Olga").Post(s.ForumID, "lost", "to the gateway")
	s.Recover()
	f := g.next("GUILD_CREATE").data()
	if threads := f["threads"].([]any); f["unavailable"] != false || len(threads) != 1 || threads[0].(obj)["id"] != id {
		t.Errorf("GUILD_CREATE %v", f)
	}
}

package discordtest_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

func TestForumPost(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	a := call(t, s, "POST", "/channels/"+s.ForumID+"/threads", obj{
		"name": "Anna · /pricing", "auto_archive_duration": 10080, "applied_tags": []string{s.TagID("open")},
		"message": obj{"content": "New visitor…", "allowed_mentions": silent, "flags": 4},
	}).want(t, 201, 0)
	id := a.id(t)
	first := a.Body["message"].(obj)
	if first["id"] != id || first["channel_id"] != id || a.Body["parent_id"] != s.ForumID || a.Body["type"] != float64(11) || a.Body["last_message_id"] != id {
		t.Errorf("post %s", a.Raw)
	}
	if meta := a.Body["thread_metadata"].(obj); meta["archived"] != false || meta["auto_archive_duration"] != float64(10080) {
		t.Errorf("metadata %v", meta)
	}
	if f := g.next("THREAD_CREATE").data(); f["newly_created"] != true || f["id"] != id || f["owner_id"] != s.BotID {
		t.Errorf("THREAD_CREATE %v", f)
	}
	if f := g.next("MESSAGE_CREATE").data(); f["id"] != id || f["author"].(obj)["id"] != s.BotID {
		t.Errorf("MESSAGE_CREATE %v", f)
	}
	th := s.State().Thread(id)
	if th.Name != "Anna · /pricing" || !slices.Equal(th.Tags, []string{"open"}) || th.AutoArchive != 7*24*time.Hour || th.Owner != s.BotID {
		t.Errorf("thread %+v", th)
	}
	if m := s.Messages(id); len(m) != 1 || !m[0].Quiet() {
		t.Errorf("messages %+v", m)
	}
}

func TestRefusedPosts(t *testing.T) {
	s := start(t, discordtest.WithRequiredTag(), discordtest.WithTags("a", "b", "c", "d", "e", "f"))
	path := "/channels/" + s.ForumID + "/threads"
	message := obj{"content": "x"}
	tag := s.TagID("a")
	call(t, s, "POST", path, obj{"name": "x", "message": message}).want(t, 400, 40067)
	call(t, s, "POST", path, obj{"name": "x", "message": message, "applied_tags": []string{"1"}}).want(t, 400, 50035)
	six := []string{tag, s.TagID("b"), s.TagID("c"), s.TagID("d"), s.TagID("e"), s.TagID("f")}
	call(t, s, "POST", path, obj{"name": "x", "message": message, "applied_tags": six}).want(t, 400, 50035)
	call(t, s, "POST", path, obj{"name": " ", "message": message, "applied_tags": six[:1]}).want(t, 400, 50035)
	call(t, s, "POST", path, obj{"name": string(make([]rune, 101)), "message": message, "applied_tags": six[:1]}).want(t, 400, 50035)
	call(t, s, "POST", path, obj{"name": "x", "applied_tags": six[:1]}).want(t, 400, 50035)
	call(t, s, "POST", path, obj{"name": "x", "message": obj{"content": " "}, "applied_tags": six[:1]}).want(t, 400, 50006)
	call(t, s, "POST", path, obj{"name": "x", "message": message, "applied_tags": six[:1], "auto_archive_duration": 5}).want(t, 400, 50035)
	call(t, s, "POST", path, obj{"name": "x", "message": message, "applied_tags": six[:5]}).want(t, 201, 0)
	if n := len(s.State().Threads); n != 1 {
		t.Errorf("%d threads", n)
	}
}

func TestArchiveAndLock(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	m := say(t, s, id, "x")
	g.next("MESSAGE_CREATE")
	thread := "/channels/" + id
	call(t, s, "PATCH", thread, obj{"archived": true, "locked": true, "applied_tags": []string{s.TagID("closed")}}).want(t, 200, 0)
	if f := g.next("THREAD_UPDATE").data()["thread_metadata"].(obj); f["archived"] != true || f["locked"] != true {
		t.Errorf("THREAD_UPDATE %v", f)
	}
	if th := s.State().Thread(id); !th.Archived || !th.Locked || th.Tags[0] != "closed" || len(s.State().Active()) != 0 {
		t.Errorf("thread %+v", th)
	}
	call(t, s, "PATCH", thread+"/messages/"+m, obj{"content": "y"}).want(t, 400, 50083)
	call(t, s, "PUT", thread+"/messages/"+m+"/reactions/%F0%9F%91%80/@me", nil).want(t, 400, 50083)
	call(t, s, "PATCH", thread, obj{"locked": false}).want(t, 400, 50083)
	call(t, s, "PATCH", thread, obj{"archived": true}).want(t, 400, 50083)
	call(t, s, "DELETE", thread+"/messages/"+m, nil).want(t, 204, 0)
	g.next("MESSAGE_DELETE")
	say(t, s, id, "again")
	if f := g.next("THREAD_UPDATE").data()["thread_metadata"].(obj); f["archived"] != false || f["locked"] != true {
		t.Errorf("after a message %v", f)
	}
	g.next("MESSAGE_CREATE")
	call(t, s, "PATCH", thread, obj{"archived": false, "locked": false}).want(t, 200, 0)
	g.next("THREAD_UPDATE")
	olga := s.Operator("Olga")
	olga.Lock(id)
	olga.Archive(id)
	g.next("THREAD_UPDATE")
	g.next("THREAD_UPDATE")
	s.RemovePermission(discordtest.ManageThreads)
	g.next("GUILD_ROLE_UPDATE")
	call(t, s, "POST", thread+"/messages", obj{"content": "x"}).want(t, 400, 160005)
	call(t, s, "PATCH", thread, obj{"locked": false, "archived": false}).want(t, 403, 50013)
	call(t, s, "DELETE", thread, nil).want(t, 403, 50013)
	olga.Reopen(id)
	if f := g.next("THREAD_UPDATE").data()["thread_metadata"].(obj); f["archived"] != false || f["locked"] != false {
		t.Errorf("reopened %v", f)
	}
	say(t, s, id, "at last")
}

func TestAutomaticArchive(t *testing.T) {
	s, clock := frozen(t)
	g := identify(t, s)
	id := call(t, s, "POST", "/channels/"+s.ForumID+"/threads", obj{"name": "Anna", "auto_archive_duration": 60, "message": obj{"content": "x"}}).id(t)
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	clock.WaitTimers(1)
	clock.Advance(59 * time.Minute)
	s.Operator("Olga").Message(id, "still here")
	g.next("MESSAGE_CREATE")
	clock.WaitTimers(1)
	clock.Advance(60 * time.Minute)
	if f := g.next("THREAD_UPDATE").data()["thread_metadata"].(obj); f["archived"] != true || f["locked"] != false {
		t.Errorf("archived by time: %v", f)
	}
	s.Operator("Olga").Message(id, "hello?")
	g.next("THREAD_UPDATE")
	if f := g.next("MESSAGE_CREATE").data(); f["content"] != "hello?" || s.State().Thread(id).Archived {
		t.Errorf("unarchived by a message: %v", f)
	}
}

func TestActiveThreads(t *testing.T) {
	s := start(t, discordtest.WithActiveThreads(2))
	one, two := post(t, s, "Anna"), post(t, s, "Ben")
	body := obj{"name": "Cleo", "message": obj{"content": "x"}}
	call(t, s, "POST", "/channels/"+s.ForumID+"/threads", body).want(t, 400, 160006)
	s.Operator("Olga").Archive(one)
	post(t, s, "Cleo")
	call(t, s, "POST", "/channels/"+one+"/messages", obj{"content": "x"}).want(t, 400, 160006)
	call(t, s, "PATCH", "/channels/"+one, obj{"archived": false}).want(t, 400, 160006)
	a := call(t, s, "GET", "/guilds/"+s.GuildID+"/threads/active", nil).want(t, 200, 0)
	threads := a.Body["threads"].([]any)
	if len(threads) != 2 || threads[1].(obj)["id"] != two || threads[1].(obj)["last_message_id"] != two || a.Body["has_more"] != false {
		t.Errorf("active %s", a.Raw)
	}
}

func TestArchivedThreads(t *testing.T) {
	s, clock := frozen(t)
	olga := s.Operator("Olga")
	var ids []string
	for i := range 3 {
		id := post(t, s, fmt.Sprint("Anna ", i))
		clock.Advance(time.Second)
		olga.Archive(id)
		ids = append(ids, id)
	}
	path := "/channels/" + s.ForumID + "/threads/archived/public?limit=2"
	a := call(t, s, "GET", path, nil).want(t, 200, 0)
	list := a.Body["threads"].([]any)
	if len(list) != 2 || list[0].(obj)["id"] != ids[2] || list[1].(obj)["id"] != ids[1] || a.Body["has_more"] != true {
		t.Fatalf("archived %s", a.Raw)
	}
	before := list[1].(obj)["thread_metadata"].(obj)["archive_timestamp"].(string)
	a = call(t, s, "GET", path+"&before="+url.QueryEscape(before), nil)
	if list = a.Body["threads"].([]any); len(list) != 1 || list[0].(obj)["id"] != ids[0] || a.Body["has_more"] != false {
		t.Errorf("the rest %s", a.Raw)
	}
	call(t, s, "GET", path+"&before=yesterday", nil).want(t, 400, 50035)
}

func TestThreadsOfTextChannels(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	path := "/channels/" + s.TextID
	a := call(t, s, "POST", path+"/threads", obj{"name": "Anna", "type": 11}).want(t, 201, 0)
	if f := g.next("THREAD_CREATE").data(); f["type"] != float64(11) || f["id"] != a.id(t) || a.Body["message"] != nil || f["applied_tags"] != nil {
		t.Errorf("thread %s", a.Raw)
	}
	if p := call(t, s, "POST", path+"/threads", obj{"name": "Ben"}); p.Body["type"] != float64(12) {
		t.Errorf("without a type it is %s", p.Raw)
	}
	g.next("THREAD_CREATE")
	m := say(t, s, s.TextID, "New visitor")
	g.next("MESSAGE_CREATE")
	from := call(t, s, "POST", path+"/messages/"+m+"/threads", obj{"name": "Cleo"}).want(t, 201, 0)
	if from.id(t) != m {
		t.Errorf("thread of a message %s", from.Raw)
	}
	g.next("THREAD_CREATE")
	if f := g.next("MESSAGE_CREATE").data(); f["type"] != float64(21) || f["channel_id"] != m {
		t.Errorf("starter %v", f)
	}
	call(t, s, "POST", path+"/messages/"+m+"/threads", obj{"name": "Cleo"}).want(t, 400, 160004)
	if got := s.State().In(m); len(got) != 0 {
		t.Errorf("people see %v", got)
	}
	call(t, s, "POST", "/channels/"+m+"/threads", obj{"name": "x", "type": 11}).want(t, 400, 50024)
	s.RemovePermission(discordtest.CreateThreads | discordtest.CreatePrivate)
	call(t, s, "POST", path+"/threads", obj{"name": "x", "type": 11}).want(t, 403, 50013)
	call(t, s, "POST", path+"/threads", obj{"name": "x"}).want(t, 403, 50013)
}

func TestRename(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	call(t, s, "PATCH", "/channels/"+id, obj{"name": "Anna Smith"}).want(t, 200, 0)
	if g.next("THREAD_UPDATE").data()["name"] != "Anna Smith" || g.next("MESSAGE_CREATE").data()["type"] != float64(4) {
		t.Error("a rename is told in another way")
	}
	s.Operator("Olga").Rename(id, "Anna S.")
	g.next("THREAD_UPDATE")
	if f := g.next("MESSAGE_CREATE").data(); f["type"] != float64(4) || f["content"] != "Anna S." || f["author"].(obj)["username"] != "olga" {
		t.Errorf("system message %v", f)
	}
	call(t, s, "PATCH", "/channels/"+id, obj{"name": "Closed", "archived": true}).want(t, 200, 0)
	if th := s.State().Thread(id); th.Name != "Closed" || !th.Archived || texts(s, id) != "New visitor" {
		t.Errorf("thread %+v", th)
	}
}

func TestDeletedThread(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id, other := post(t, s, "Anna"), post(t, s, "Ben")
	for range 2 {
		g.next("THREAD_CREATE")
		g.next("MESSAGE_CREATE")
	}
	s.Operator("Olga").DeleteThread(id)
	if f := g.next("THREAD_DELETE").data(); f["id"] != id || f["parent_id"] != s.ForumID || f["type"] != float64(11) || len(f) != 4 {
		t.Errorf("THREAD_DELETE %v", f)
	}
	call(t, s, "POST", "/channels/"+id+"/messages", obj{"content": "x"}).want(t, 404, 10003)
	call(t, s, "PATCH", "/channels/"+id, obj{"archived": true}).want(t, 404, 10003)
	if th := s.State().Thread(id); !th.Deleted || len(s.State().In(id)) != 0 {
		t.Errorf("thread %+v", th)
	}
	call(t, s, "DELETE", "/channels/"+other, nil).want(t, 200, 0)
	g.next("THREAD_DELETE")
	third := post(t, s, "Cleo")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	s.DeleteForum()
	if f := g.next("CHANNEL_DELETE").data(); f["id"] != s.ForumID {
		t.Errorf("CHANNEL_DELETE %v", f)
	}
	for _, gone := range []string{third, s.ForumID} {
		call(t, s, "GET", "/channels/"+gone, nil).want(t, 404, 10003)
	}
}

func TestPlainOperatorActs(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	olga := s.Operator("Olga")
	id := olga.Post(s.ForumID, "Team talk", "hi all")
	if f := g.next("THREAD_CREATE").data(); f["owner_id"] != olga.ID() {
		t.Errorf("thread %v", f)
	}
	if f := g.next("MESSAGE_CREATE").data(); f["id"] != id {
		t.Errorf("first message %v", f)
	}
	olga.Tag(id, "closed")
	if f := g.next("THREAD_UPDATE").data(); f["applied_tags"].([]any)[0] != s.TagID("closed") {
		t.Errorf("tags %v", f["applied_tags"])
	}
	olga.Close(id)
	g.next("THREAD_UPDATE")
	olga.Unarchive(id)
	olga.Unlock(id)
	g.next("THREAD_UPDATE")
	if f := g.next("THREAD_UPDATE").data()["thread_metadata"].(obj); f["locked"] != false || f["archived"] != false {
		t.Errorf("opened again %v", f)
	}
}

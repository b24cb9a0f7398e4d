package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/core"
)

// addSiblings adds what shares a message of the platform with one of the run's events.
func (s *Store) addSiblings(ctx context.Context, bridgeID string, run *core.Run) error {
	shared := map[[2]string]bool{} // thread and id of those messages
	for _, l := range run.Links {
		changed := slices.ContainsFunc(run.Events, func(e *core.Event) bool { return e.MessageID == l.MessageID })
		if id, _, joined := strings.Cut(l.ExternalID, core.LinkSeam); joined && changed {
			shared[[2]string{l.Thread, id}] = true
		}
	}
	for of := range shared {
		var rows []linkRow
		err := s.reader(ctx).Where("bridge = ? AND thread = ? AND external_id IN ?", bridgeID, of[0], joinedIDs(of[1])).
			Order("message_id, part, external_id").Find(&rows).Error
		if err != nil {
			return translate(err)
		}
		if err := s.addShared(ctx, run, rows); err != nil {
			return err
		}
	}
	return nil
}

// joinedIDs are the external ids that the links of a shared message can have.
func joinedIDs(id string) []string {
	ids := []string{id}
	for n := range core.MaxJoined {
		ids = append(ids, id+core.LinkSeam+strconv.Itoa(n))
	}
	return ids
}

// addShared adds the links that the run lacks, and their messages.
func (s *Store) addShared(ctx context.Context, run *core.Run, rows []linkRow) error {
	ids := set[string]{}
	for i := range rows {
		l := rows[i].domain()
		if l.MessageID != "" {
			ids.add(l.MessageID)
		}
		if !slices.ContainsFunc(run.Links, func(had core.Link) bool { return had.Thread == l.Thread && had.ExternalID == l.ExternalID }) {
			run.Links = append(run.Links, l)
		}
	}
	var found []*messageRow
	err := s.reader(ctx).Where("session_id = ? AND id IN ?", run.Session.ID, sortedKeys(ids)).Order("seq").Find(&found).Error
	if err != nil {
		return translate(err)
	}
	messages, err := s.render(s.reader(ctx), found)
	run.Siblings = append(run.Siblings, messages...)
	return translate(err)
}

package store

import (
	"context"
	"crypto/rand"
	"errors"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// coreState is the owner of state that is no bridge's; a bridge's id has no colon.
const coreState = "core:"

// Owed are the bridge's unsettled deliveries, ascending by session and seq.
func (s *Store) Owed(ctx context.Context, bridgeID string) ([]core.Delivery, error) {
	var owed []core.Delivery
	err := withEvents(s.reader(ctx).Table("deliveries AS d")).Where("d.bridge = ?", bridgeID).Order("d.session_id, d.seq").Scan(&owed).Error
	return owed, translate(err)
}

// OwedBelow are those of one session with smaller seqs, ascending.
func (s *Store) OwedBelow(ctx context.Context, bridgeID, sessionID string, seq int64) ([]core.Delivery, error) {
	var owed []core.Delivery
	err := withEvents(s.reader(ctx).Table("deliveries AS d")).
		Where("d.bridge = ? AND d.session_id = ? AND d.seq < ?", bridgeID, sessionID, seq).Order("d.seq").Scan(&owed).Error
	return owed, translate(err)
}

// withEvents reads deliveries, which are d in the query, with what their events know.
func withEvents(db *gorm.DB) *gorm.DB {
	return db.Joins("LEFT JOIN events AS e ON e.session_id = d.session_id AND e.seq = d.seq").
		Select("d.bridge AS bridge_id, d.project_id, d.session_id, d.seq, d.type, COALESCE(e.message_id, '') AS message_id, COALESCE(e.at, 0) AS at")
}

// Owing are the bridges that are owed anything, and how many events.
func (s *Store) Owing(ctx context.Context) (map[string]int64, error) {
	var rows []struct {
		Bridge string
		N      int64
	}
	err := s.reader(ctx).Model(&deliveryRow{}).Select("bridge, COUNT(*) AS n").Group("bridge").Scan(&rows).Error
	owing := map[string]int64{}
	for _, r := range rows {
		owing[r.Bridge] = r.N
	}
	return owing, translate(err)
}

// Run is what the bridge needs to deliver these events of the session, with
// messages as they are now. Events that are no more are left out.
func (s *Store) Run(ctx context.Context, bridgeID, sessionID string, seqs []int64) (*core.Run, error) {
	var session sessionRow
	if err := s.reader(ctx).Where("id = ?", sessionID).Take(&session).Error; err != nil {
		return nil, missing(err, "there is no such session")
	}
	run := &core.Run{Session: session.domain()}
	var err error
	if run.Visitor, err = s.Visitor(ctx, session.ProjectID, session.VisitorID); err != nil {
		return nil, err
	}
	if run.Thread, err = s.Thread(ctx, bridgeID, sessionID); err != nil {
		return nil, err
	}
	var rows []*eventRow
	if err := s.reader(ctx).Where("session_id = ? AND seq IN ?", sessionID, seqs).Order("seq").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	if run.Events, err = s.renderEvents(ctx, rows); err != nil {
		return nil, err
	}
	if run.Links, err = s.runLinks(ctx, bridgeID, sessionID, run.Events); err != nil {
		return nil, err
	}
	return run, s.addSiblings(ctx, bridgeID, run)
}

// runLinks are those of the session's card, of the messages and of what they
// answer.
func (s *Store) runLinks(ctx context.Context, bridgeID, sessionID string, events []*core.Event) ([]core.Link, error) {
	ids := set[string]{sessionID: {}}
	for _, e := range events {
		if e.MessageID != "" {
			ids.add(e.MessageID)
		}
		if e.Message != nil && e.Message.ReplyTo != "" {
			ids.add(e.Message.ReplyTo)
		}
	}
	var rows []linkRow
	err := s.reader(ctx).Where("message_id IN ? AND bridge = ?", sortedKeys(ids), bridgeID).Order("message_id, part, external_id").Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	links := make([]core.Link, len(rows))
	for i := range rows {
		links[i] = rows[i].domain()
	}
	return links, nil
}

// Thread is the external id of the session's thread; empty: there is none yet.
func (s *Store) Thread(ctx context.Context, bridgeID, sessionID string) (string, error) {
	var ids []string
	err := s.reader(ctx).Model(&threadRow{}).Where("bridge = ? AND session_id = ?", bridgeID, sessionID).Pluck("external_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return "", translate(err)
	}
	return ids[0], nil
}

// State is all that the bridge has saved.
func (s *Store) State(ctx context.Context, bridgeID string) (map[string][]byte, error) {
	var rows []stateRow
	if err := s.reader(ctx).Where("bridge = ?", bridgeID).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	state := make(map[string][]byte, len(rows))
	for _, r := range rows {
		state[r.Name] = r.Value
	}
	return state, nil
}

// SaveState keeps a value of the bridge, over the one before; it is on the disk
// when SaveState returns.
func (s *Store) SaveState(ctx context.Context, bridgeID, key string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	row := &stateRow{Bridge: bridgeID, Name: key, Value: value}
	return s.do(ctx, plain(func(b *batch) { b.saved.states.put([2]string{bridgeID, key}, row) }))
}

// Secret is the server's random secret of the name: 32 bytes, made once.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	var row stateRow
	find := func(db *gorm.DB) error {
		return db.Where("bridge = ? AND name = ?", coreState, "secret "+name).Take(&row).Error
	}
	if err := find(s.reader(ctx)); err == nil {
		return row.Value, nil
	} else if !errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, translate(err)
	}
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		fresh := make([]byte, 32)
		_, _ = rand.Read(fresh) // never fails since Go 1.24
		made := stateRow{Bridge: coreState, Name: "secret " + name, Value: fresh}
		if err := tx.Clauses(*keepFirst("bridge,name")).Create(&made).Error; err != nil {
			return err
		}
		return find(tx)
	}))
	return row.Value, err
}

// Generation is that of the bridge's newest launch; 0: it had none.
func (s *Store) Generation(ctx context.Context, bridgeID string) (int64, error) {
	var n int64
	err := s.reader(ctx).Raw("SELECT generation FROM leases WHERE bridge = ?", bridgeID).Scan(&n).Error
	return n, translate(err)
}

// NextGeneration counts a launch of the bridge.
func (s *Store) NextGeneration(ctx context.Context, bridgeID string) (int64, error) {
	var n int64
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		return tx.Raw(`INSERT INTO leases (bridge, generation) VALUES (?, 1)
			ON CONFLICT (bridge) DO UPDATE SET generation = leases.generation + 1 RETURNING generation`, bridgeID).Scan(&n).Error
	}))
	return n, err
}

package store

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

type deadRow struct {
	Bridge    string `gorm:"primaryKey"`
	SessionID string `gorm:"primaryKey"`
	Seq       int64  `gorm:"primaryKey;autoIncrement:false"`
	ProjectID string
	Type      core.EventType
	Reason    string
	At        core.Time
	Again     bool
}

func (deadRow) TableName() string { return "dead_letters" }

// maxReason bounds what is kept of a platform's words, in bytes.
const maxReason = 1000

// bury keeps dead letters of what the record gives up. It comes before the deliveries
// go, whose types they keep.
func (b *batch) bury(r core.Record) error {
	reason := r.Dead
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	var owed []deliveryRow
	if err := b.tx.Where("bridge = ? AND session_id = ? AND seq IN ?", r.BridgeID, r.SessionID, r.Done).Find(&owed).Error; err != nil {
		return err
	}
	for _, d := range owed {
		b.dead = append(b.dead, deadRow{
			Bridge: d.Bridge, SessionID: d.SessionID, Seq: d.Seq, ProjectID: d.ProjectID, Type: d.Type,
			Reason: reason, At: core.SystemClock{}.Now(),
		})
	}
	return nil
}

func (b *batch) flushDead() error {
	return save(b, b.dead, over("bridge,session_id,seq", "reason", "at", "again"))
}

// DeadLetters implements core.Store.
func (s *Store) DeadLetters(ctx context.Context, q core.DeliveryQuery) ([]*core.DeadLetter, error) {
	db, err := inOrder(deadOf(s.reader(ctx), q), q)
	if err != nil {
		return nil, err
	}
	var rows []deadRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	letters := make([]*core.DeadLetter, len(rows))
	for i, r := range rows {
		letters[i] = &core.DeadLetter{
			BridgeID: r.Bridge, ProjectID: r.ProjectID, SessionID: r.SessionID, Seq: r.Seq, Type: r.Type, Reason: r.Reason, At: r.At, Again: r.Again,
		}
	}
	return letters, nil
}

// OwedDeliveries implements core.Store.
func (s *Store) OwedDeliveries(ctx context.Context, q core.DeliveryQuery) (owed []*core.Delivery, err error) {
	db, err := inOrder(asked(s.reader(ctx).Model(&deliveryRow{}), q), q)
	if err != nil {
		return nil, err
	}
	err = withEvents(s.reader(ctx).Table("(?) AS d", db)).Order("d.bridge, d.session_id, d.seq").Scan(&owed).Error
	return owed, translate(err)
}

// inOrder limits rows that have a bridge, a session and a seq.
func inOrder(db *gorm.DB, q core.DeliveryQuery) (*gorm.DB, error) {
	if q.After != "" {
		bridge, session, seq, err := core.ParseDeliveryID(q.After)
		if err != nil {
			return nil, err
		}
		db = db.Where("(bridge, session_id, seq) > (?, ?, ?)", bridge, session, seq)
	}
	if q.Limit > 0 {
		db = db.Limit(q.Limit)
	}
	return db.Order("bridge, session_id, seq"), nil
}

func deadOf(db *gorm.DB, q core.DeliveryQuery) *gorm.DB { return asked(db.Model(&deadRow{}), q) }

func asked(db *gorm.DB, q core.DeliveryQuery) *gorm.DB {
	if q.BridgeID != "" {
		db = db.Where("bridge = ?", q.BridgeID)
	}
	if q.SessionID != "" {
		db = db.Where("session_id = ?", q.SessionID)
	}
	if q.Seq != 0 {
		db = db.Where("seq = ?", q.Seq)
	}
	return db
}

// RetryDead implements core.Store.
func (s *Store) RetryDead(ctx context.Context, q core.DeliveryQuery, audit *core.AuditEntry) (n int64, err error) {
	return s.changeDead(ctx, audit, func(tx *gorm.DB) *gorm.DB { return deadOf(tx, q).Where("again = ?", false).Update("again", true) })
}

// DropDead implements core.Store.
func (s *Store) DropDead(ctx context.Context, q core.DeliveryQuery, audit *core.AuditEntry) (n int64, err error) {
	return s.changeDead(ctx, audit, func(tx *gorm.DB) *gorm.DB {
		return deadOf(tx.Session(&gorm.Session{AllowGlobalUpdate: true}), q).Delete(&deadRow{})
	})
}

func (s *Store) changeDead(ctx context.Context, audit *core.AuditEntry, change func(*gorm.DB) *gorm.DB) (n int64, err error) {
	err = s.do(ctx, alone(func(tx *gorm.DB) error {
		done := change(tx)
		if n = done.RowsAffected; done.Error != nil || n == 0 {
			return done.Error
		}
		return addAudit(tx, audit)
	}))
	return n, err
}

// Revive owes the bridge anew what RetryDead has marked, and says how much that is, and
// how many of its letters stay dead.
func (s *Store) Revive(ctx context.Context, bridgeID string) (n, dead int64, err error) {
	letters := func(db *gorm.DB) *gorm.DB { return deadOf(db, core.DeliveryQuery{BridgeID: bridgeID}) }
	marked := func(db *gorm.DB) *gorm.DB { return letters(db).Where("again = ?", true) }
	if err := letters(s.reader(ctx)).Count(&dead).Error; err != nil || dead == 0 {
		return 0, 0, translate(err)
	}
	if err := marked(s.reader(ctx)).Count(&n).Error; err != nil || n == 0 {
		return 0, dead, translate(err)
	}
	err = s.do(ctx, alone(func(tx *gorm.DB) error {
		var rows []deadRow
		if err := marked(tx).Find(&rows).Error; err != nil {
			return err
		}
		for some := range slices.Chunk(rows, chunk) {
			owed := make([]deliveryRow, len(some))
			for i, r := range some {
				owed[i] = deliveryRow{Bridge: r.Bridge, SessionID: r.SessionID, Seq: r.Seq, ProjectID: r.ProjectID, Type: r.Type}
			}
			if err := tx.Clauses(*keepFirst("bridge,session_id,seq")).Create(&owed).Error; err != nil {
				return err
			}
		}
		n = int64(len(rows))
		return marked(tx).Delete(&deadRow{}).Error
	}))
	return n, dead - n, err
}

// Backlogs implements core.Store.
func (s *Store) Backlogs(ctx context.Context) ([]core.Backlog, error) {
	var waiting, dead []core.Backlog
	err := s.reader(ctx).Raw(`SELECT d.bridge AS bridge_id, COUNT(*) AS waiting, MIN(e.at) AS oldest FROM deliveries d
		LEFT JOIN events e ON e.session_id = d.session_id AND e.seq = d.seq GROUP BY d.bridge`).Scan(&waiting).Error
	if err != nil {
		return nil, translate(err)
	}
	if err := s.reader(ctx).Raw("SELECT bridge AS bridge_id, COUNT(*) AS dead FROM dead_letters GROUP BY bridge").Scan(&dead).Error; err != nil {
		return nil, translate(err)
	}
	for _, d := range dead {
		i := slices.IndexFunc(waiting, func(w core.Backlog) bool { return w.BridgeID == d.BridgeID })
		if i < 0 {
			waiting = append(waiting, d)
			continue
		}
		waiting[i].Dead = d.Dead
	}
	slices.SortFunc(waiting, func(a, b core.Backlog) int { return strings.Compare(a.BridgeID, b.BridgeID) })
	return waiting, nil
}

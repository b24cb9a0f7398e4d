package store

import "context"

// statusState begins the name of what SaveStatus keeps.
const statusState = "status "

// SaveStatus keeps how the bridges of a node are doing, for other programs.
func (s *Store) SaveStatus(ctx context.Context, node string, status []byte) error {
	return s.SaveState(ctx, coreState, statusState+node, status)
}

// Statuses are what SaveStatus has kept, of every node.
func (s *Store) Statuses(ctx context.Context) ([][]byte, error) {
	var values [][]byte
	err := s.reader(ctx).Model(&stateRow{}).Where("bridge = ? AND name LIKE ?", coreState, statusState+"%").Pluck("value", &values).Error
	return values, translate(err)
}

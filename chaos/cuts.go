package main

import (
	"context"
	"time"
)

// cutEvery is about how long a connection of a visitor lasts.
const cutEvery = 2 * time.Second

// cut drops the connections of all pages, each at moments of its own, until ctx ends.
func (c *crowd) cut(ctx context.Context) {
	r := c.w.chance(2)
	for sleep(ctx, cutEvery/time.Duration(len(c.chats))) {
		c.chats[r.IntN(len(c.chats))].page.Cut()
		c.cuts.Add(1)
	}
}

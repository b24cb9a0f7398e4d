package slacktest

// own is the bot's message of the call.
func (c *call) own(refusal string) (*Message, error) {
	if _, err := c.channelOf(true); err != nil {
		return nil, err
	}
	m, err := c.messageAt("ts")
	if err != nil {
		return nil, err
	}
	if !m.Own || m.Tombstone {
		return nil, fail(refusal)
	}
	return m, nil
}

// messageAt is the message that the argument names.
func (c *call) messageAt(name string) (*Message, error) {
	m := c.messages[c.params[name]]
	if m == nil || m.Deleted || m.Channel != c.params["channel"] {
		return nil, fail("message_not_found")
	}
	return m, nil
}

// updateMessage changes what the bot said. A text without blocks removes the
// blocks, blocks without a text leave the text, and metadata that is not given
// stays. Only a change of the text alone shows as an edit.
func (c *call) updateMessage() (obj, error) {
	m, err := c.own("cant_update_message")
	if err != nil {
		return nil, err
	}
	if units(c.params["text"]) > maxUpdate {
		return nil, fail("msg_too_long")
	}
	next := m.clone()
	if c.params["attachments"] == "" && c.params["blocks"] == "" && c.params["text"] == "" {
		return nil, fail("no_text")
	}
	if err := c.fill(&next, maxUpdate, "client"); err != nil {
		return nil, err
	}
	if _, given := c.params["text"]; !given {
		next.Text = m.Text
	}
	if c.params["attachments"] == "" {
		next.Attachments = m.Attachments
	}
	next.Unfurls = m.Unfurls // an edit has no say in it
	before := c.wireMessage(m)
	if len(next.Blocks) == 0 {
		next.Edited = c.nextTS()
	}
	next.Changes++
	*m = next
	c.see(m)
	c.inspect(m)
	c.pushChanged(m, before)
	return obj{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": c.wireSent(m)}, nil
}

func (c *call) deleteMessage() (obj, error) {
	m, err := c.own("cant_delete_message")
	if err != nil {
		return nil, err
	}
	c.remove(m)
	return obj{"channel": m.Channel, "ts": m.TS}, nil
}

func (c *call) getPermalink() (obj, error) {
	if _, err := c.channelOf(false); err != nil {
		return nil, err
	}
	m, err := c.messageAt("message_ts")
	if err != nil {
		return nil, err
	}
	return obj{"channel": m.Channel, "permalink": permalink(m)}, nil
}

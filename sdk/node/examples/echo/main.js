#!/usr/bin/env node
// A bridge whose platform is an echo: what the visitor writes comes back from an operator.

import { Bridge, serve } from '../../index.js'

class Echo extends Bridge {
  static spec = {
    name: 'echo',
    version: '0.1.0',
    events: ['message.posted'],
    fields: [{ name: 'prefix', default: 'You said: ', help: 'stands before what comes back' }],
  }

  async deliver({ message, session, thread }) {
    thread ||= session.id
    if (!message || message.deleted) return {}
    const links = [{ thread, externalId: message.id, messageId: message.id }]
    // The thread has to be known before something comes from it.
    await this.host.record({ sessionId: session.id, thread, links })
    if (message.sender === 'visitor') {
      await this.host.receive({
        kind: 'message', effectKey: 'echo:' + message.id, thread, externalId: 'echo:' + message.id,
        text: this.config.prefix + message.text, operator: { id: 'echo', name: 'Echo' },
      })
    }
    return { thread, links }
  }

  async check() {
    return [{ ok: true, name: 'echo', text: 'it answers' }]
  }
}

serve(Echo)

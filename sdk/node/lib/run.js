/** One thing that happened in a session. */
export class Event {
  constructor(wire, session) {
    const { type, seq, at, message, data, uncertain } = wire
    Object.assign(this, { type, seq, at: new Date(at), message, uncertain, session, thread: '', links: [] })
    this.data = data.length ? JSON.parse(data.toString()) : undefined
  }

  /** The platform's messages that show the message, in order. */
  parts(messageId) {
    return this.links.filter((link) => link.messageId === messageId && !link.deleted)
  }

  /** The session's status card, when it has one. */
  card() {
    return this.parts(this.session.id)[0]
  }
}

/** A session's events on their way, and what is known of its thread. */
export class Run {
  constructor(request) {
    this.session = request.session
    this.events = request.events.map((event) => new Event(event, request.session))
    this.thread = request.thread
    this.links = request.links
  }

  learn(thread, gone, made) {
    if (gone && gone === this.thread) {
      this.thread = ''
      this.links = this.links.filter((link) => link.thread !== gone)
    }
    this.thread = thread || this.thread
    const same = (a) => made.some((b) => a.thread === b.thread && a.externalId === b.externalId)
    this.links = [...this.links.filter((link) => !same(link)), ...made]
  }

  ready(event) {
    return Object.assign(event, { thread: this.thread, links: this.links.map((link) => ({ ...link })) })
  }
}

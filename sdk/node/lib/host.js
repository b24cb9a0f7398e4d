import { HostHTTP } from './http.js'

const kinds = ['message', 'edit', 'delete', 'close', 'reopen', 'typing', 'read', 'raw', 'visitor']

const withQuery = (path, query) => {
  const filled = Object.entries(query).filter(([, value]) => value)
  return filled.length ? `${path}?${new URLSearchParams(filled)}` : path
}

/** A link as the wire has it; the thread is its receipt's where it names none. */
export const linkOf = (link, thread) => ({
  thread: link.thread || thread, externalId: String(link.externalId), messageId: link.messageId,
  part: link.part ?? 0, revision: String(link.revision ?? ''), deleted: link.deleted ?? false,
})

/** The core, as a plugin sees it. index.d.ts says what each does. */
export class Host {
  #uplink
  #http
  #state
  #runs = new Map() // deliveries under way, by session

  constructor(start, uplink, log) {
    this.#uplink = uplink
    this.#http = new HostHTTP(start.hostAddr, start.hostToken)
    this.#state = new Map(Object.entries(start.state))
    this.bridgeId = start.bridgeId
    this.projects = start.projects
    this.log = log
  }

  async receive({ kind, ...inbound }) {
    if (!kinds.includes(kind)) throw new TypeError(`there is no kind ${kind}: there are ${kinds.join(', ')}`)
    const { sessionId, messageId, seq, repeated } = await this.#uplink.call({
      inbound: { ...inbound, kind: 'INBOUND_KIND_' + kind.toUpperCase(), externalId: String(inbound.externalId ?? '') },
    })
    return { sessionId, messageId, seq, repeated }
  }

  async record({ sessionId, thread = '', gone = '', links = [], done = 0 }) {
    const run = this.#runs.get(sessionId)
    const made = links.map((link) => linkOf(link, thread || run?.thread || ''))
    await this.#uplink.call({ record: { sessionId, thread, gone, links: made, done } })
    run?.learn(thread, gone, made)
  }

  async saveState(key, value) {
    const bytes = Buffer.from(value)
    await this.#uplink.call({ state: { key, value: bytes } })
    this.#state.set(key, bytes)
  }

  state(key) {
    return this.#state.get(key)
  }

  openFile(attachmentId) {
    return this.#http.ask('GET', '/files/' + encodeURIComponent(attachmentId))
  }

  saveFile(name, data) {
    return this.#http.read('Attachment', 'POST', withQuery('/files', { name }), data)
  }

  async sessions(query = {}) {
    return this.#http.read('SessionList', 'GET', withQuery('/sessions', query))
  }

  session(id) {
    return this.#http.read('Session', 'GET', '/sessions/' + encodeURIComponent(id))
  }

  async messages({ sessionId, ...query }) {
    const page = await this.#http.read('MessageList', 'GET', withQuery(`/sessions/${encodeURIComponent(sessionId)}/messages`, query))
    return { messages: page.messages, more: page.hasMore }
  }

  async threads(query = {}) {
    return this.#http.read('ThreadList', 'GET', withQuery('/threads', query))
  }

  async links(thread, limit = 0) {
    return (await this.#http.read('LinkList', 'GET', withQuery('/links', { thread, limit }))).links
  }

  enter(run) {
    this.#runs.set(run.session.id, run)
  }

  leave(run) {
    if (this.#runs.get(run.session.id) === run) this.#runs.delete(run.session.id)
  }
}

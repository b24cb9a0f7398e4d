import { Disconnected, Failure, FieldError, Permanent, failureOf } from './failures.js'
import { Host, linkOf } from './host.js'
import { Run } from './run.js'
import { Uplink } from './uplink.js'
import { duration, statusOf } from './wire.js'

const drainTime = 5000 // that Stop waits for what is under way
const endTime = 2000 // until the process ends by itself after that

const stored = [
  'session.opened', 'session.closed', 'session.reopened', 'session.rated', 'session.claimed', 'session.released',
  'message.posted', 'message.edited', 'message.deleted', 'message.failed', 'visitor.identified', 'visitor.tracked',
  'note.posted', 'note.edited', 'note.deleted', 'notice',
]
const live = ['typing', 'receipt', 'thread.erased']
const fits = {
  string: (value) => typeof value === 'string', int: Number.isInteger, bool: (value) => typeof value === 'boolean',
  strings: (value) => Array.isArray(value) && value.every(fits.string),
}
const upper = (prefix, word) => `${prefix}_${word.toUpperCase()}`

/** The wire's side of a bridge. */
export class Server {
  #kind
  #log
  #uplink = new Uplink()
  #bridge
  #host
  #generation = 0
  #underWay = new Set()
  #stopping = new AbortController()
  #ran = Promise.resolve()

  constructor(kind, log) {
    this.#kind = kind
    this.#log = log
  }

  /** The implementation of the service. */
  methods() {
    const unary = (name, method) => [name, async (call, answer) => {
      try {
        answer(null, await method.call(this, call.request, call))
      } catch (error) {
        if (!(error instanceof Failure)) this.#log.error(`${name} failed:`, error)
        answer(statusOf(failureOf(error)))
      }
    }]
    return {
      ...Object.fromEntries([
        unary('describe', () => describe(this.#kind.spec)), unary('start', this.#start), unary('deliver', this.#deliver),
        unary('projects', this.#projects), unary('check', this.#check), unary('stop', this.#stop),
      ]),
      inbound: (stream) => this.#inbound(stream),
    }
  }

  async #start(request) {
    if (this.#bridge) throw new Permanent('the plugin was started before')
    const config = configOf(this.#kind.spec.fields ?? [], JSON.parse(request.configJson.toString() || '{}'))
    this.#host = new Host(request, this.#uplink, this.#log)
    this.#bridge = new this.#kind(config, this.#host)
    this.#generation = request.generation
    return {}
  }

  #inbound(stream) {
    if (!this.#bridge) return stream.emit('error', statusOf(new Permanent('the plugin has not been started')))
    if (!this.#uplink.serve(stream)) return stream.emit('error', statusOf(new Permanent('the inbound stream was opened before')))
    if (this.#bridge.run) this.#ran = this.#run()
  }

  async #run() {
    let failure = new Failure('the bridge stopped receiving')
    try {
      await this.#bridge.run(this.#stopping.signal)
    } catch (error) {
      failure = failureOf(error)
      if (!this.#stopping.signal.aborted) this.#log.error('the bridge ended by itself:', error)
    }
    if (this.#stopping.signal.aborted) return
    this.#uplink.end(statusOf(failure))
    exitAfter(endTime, 1)
  }

  async #projects(request) {
    this.#begin(request.generation)
    this.#host.projects = request.projects
    return {}
  }

  async #check() {
    if (!this.#bridge) throw new Permanent('the plugin has not been started')
    return { findings: (await this.#bridge.check?.()) ?? [] }
  }

  async #deliver(request, call) {
    this.#begin(request.generation)
    const run = new Run(request)
    const [only] = run.events
    const work = run.events.length === 1 && only.seq === 0 ? this.#live(run) : this.#oneByOne(run, call)
    const done = work.then(() => {}, () => {})
    this.#underWay.add(done)
    this.#host.enter(run)
    try {
      return { receipts: await work }
    } finally {
      this.#host.leave(run)
      this.#underWay.delete(done)
    }
  }

  async #live(run) {
    const event = run.ready(run.events[0])
    if (event.type === 'thread.erased') return [await this.#erase(run)]
    if (event.type === 'typing' && this.#bridge.typing) await this.#bridge.typing(event)
    else await this.#bridge.deliver(event)
    return []
  }

  async #erase(run) {
    if (!this.#bridge.erase) throw new Permanent('the bridge removes no threads')
    const { done = true, removed = [], left = [], why = '', calls = 1 } = await this.#bridge.erase(run.thread, run.links)
    const links = [
      ...removed.map((externalId) => ({ thread: run.thread, externalId, deleted: true })),
      ...left.map((externalId) => ({ thread: run.thread, externalId })),
    ]
    return { thread: done ? run.thread : '', links, why, calls }
  }

  async #oneByOne(run, call) {
    await null // the run is known to the host before its first event is delivered
    const receipts = []
    for (const event of run.events) {
      if (receipts.length && call.cancelled) break // the core no longer waits: this one was surely not sent
      try {
        const { thread = '', links = [], calls = 1 } = (await this.#bridge.deliver(run.ready(event))) ?? {}
        const made = links.map((link) => linkOf(link, thread || run.thread))
        receipts.push({ seq: event.seq, thread, links: made, calls: Math.max(calls, 0) })
        if (event !== run.events.at(-1)) { // the last one's receipt is the answer
          await this.#host.record({ sessionId: run.session.id, thread, links: made, done: event.seq })
        }
      } catch (error) {
        const failure = failureOf(error)
        if (failure !== error && !(error instanceof Disconnected)) this.#log.warn(`${event.type} of ${run.session.id} failed:`, error)
        failure.seq = event.seq
        failure.calls += receipts.reduce((sum, receipt) => sum + receipt.calls, 0)
        throw failure
      }
    }
    return receipts
  }

  /** Lets what is under way finish, and ends the process soon after it has answered. */
  async #stop() {
    this.#stopping.abort()
    let timer
    const late = new Promise((resolve) => (timer = setTimeout(resolve, drainTime, 'late')))
    if ((await Promise.race([this.#drain(), late])) === 'late') this.#log.warn('the bridge did not finish in time')
    clearTimeout(timer)
    exitAfter(endTime, 0)
    return {}
  }

  async #drain() {
    await Promise.all(this.#underWay)
    await this.#ran
    try {
      await this.#bridge?.stop?.()
    } catch (error) {
      this.#log.warn('closing the bridge:', error)
    }
  }

  #begin(generation) {
    if (!this.#bridge) throw new Permanent('the plugin has not been started')
    if (this.#stopping.signal.aborted) throw new Failure('the plugin is stopping')
    if (generation !== this.#generation) throw new Permanent(`generation ${generation} is not the launch's ${this.#generation}`)
  }
}

function describe(spec) {
  const events = [...(spec.events ?? [])]
  return {
    name: spec.name, version: spec.version ?? '', kind: upper('KIND', spec.kind ?? 'bridge'),
    events: events.length && events.every((event) => live.includes(event)) ? [...stored, ...events] : events,
    parallel: spec.parallel ?? 0, cannot: spec.cannot ?? {}, asVisitor: spec.asVisitor ?? false,
    limits: (spec.limits ?? []).map((limit) => ({ ...limit, per: duration(limit.per) })),
    fields: (spec.fields ?? []).map((field) => ({
      name: field.name, type: upper('FIELD_TYPE', field.type ?? 'string'), required: requires(field), secret: field.secret ?? false,
      exclusive: field.exclusive ?? false, help: field.help ?? '', defaultJson: field.default === undefined ? '' : JSON.stringify(field.default),
    })),
  }
}

const requires = (field) => !field.optional && field.default === undefined

/** The block's values with the defaults of those that it leaves out. */
function configOf(fields, values) {
  return Object.fromEntries(fields.map((field) => {
    const value = values[field.name] ?? undefined
    if (value === undefined && requires(field)) throw new FieldError(field.name, 'is missing')
    if (value !== undefined && !fits[field.type ?? 'string'](value)) {
      throw new FieldError(field.name, `must be a ${field.type ?? 'string'}`) // its value may be secret
    }
    return [field.name, value ?? field.default]
  }))
}

function exitAfter(ms, code) {
  setTimeout(() => process.exit(code), ms).unref()
}

// Why something did not work, in words that the core acts on. Any other error of
// deliver means: try again later, the outcome may be unknown.

import { status } from '@grpc/grpc-js'

/** Try again later, with backoff. */
export class Failure extends Error {
  kind = 'RETRY'
  code = status.UNAVAILABLE
  scope = ''
  field = ''
  wait = 0
  seq = 0

  constructor(reason, { calls = 0, cause } = {}) {
    super(reason, { cause })
    this.name = new.target.name
    this.calls = calls
  }
}

/** The platform asked to wait so many seconds, and nothing was done. */
export class RetryAfter extends Failure {
  kind = 'RETRY_AFTER'
  code = status.RESOURCE_EXHAUSTED

  constructor(wait, reason, { scope = '', ...more } = {}) {
    super(reason, more)
    this.wait = Math.min(Number(wait), 86400)
    this.scope = scope
  }
}

/** This event can never be delivered: operators are told, and the next one follows. */
export class Permanent extends Failure {
  kind = 'PERMANENT'
  code = status.FAILED_PRECONDITION
}

/** The session's thread no longer exists: forget it, and deliver again. */
export class ThreadGone extends Failure {
  kind = 'THREAD_GONE'
  code = status.NOT_FOUND
}

/** Nothing works until someone acts: the token was revoked, the bot removed. */
export class Unusable extends Failure {
  kind = 'UNUSABLE'
  code = status.PERMISSION_DENIED
}

/** A field of the plugin's block is wrong. */
export class FieldError extends Failure {
  kind = 'UNSPECIFIED'
  code = status.INVALID_ARGUMENT

  constructor(field, reason) {
    super(reason)
    this.field = field
  }
}

/** The core will not take what was reported, also not when it is sent again. */
export class Refused extends Error {}

/** The connection to the core is broken: what was under way comes, or is sent, again. */
export class Disconnected extends Error {}

/** failureOf is what a bridge threw, as a failure. */
export function failureOf(error) {
  if (error instanceof Failure) return error
  return new Failure(error instanceof Error ? `${error.name}: ${error.message}` : String(error), { cause: error })
}

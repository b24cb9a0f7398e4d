// The plugin's log: lines of JSON on standard error, as the core reads them.

import { format } from 'node:util'

/** Logs under the plugin's name, and takes what is printed on the console along. */
export function openLog(name) {
  const at = (level) => (...words) => {
    const error = words.find((word) => word instanceof Error)
    const line = {
      '@level': level, '@message': format(...words.map((word) => (word instanceof Error ? word.message : word))),
      '@module': name, '@timestamp': new Date().toISOString().replace('Z', '000Z'),
    }
    if (error) line.error = error.stack
    process.stderr.write(JSON.stringify(line) + '\n')
  }
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  Object.assign(console, { debug: log.debug, log: log.info, info: log.info, warn: log.warn, error: log.error, trace: log.debug })
  const ended = (error) => {
    log.error('the plugin ended:', error)
    process.exit(1)
  }
  process.on('uncaughtException', ended).on('unhandledRejection', ended)
  return log
}

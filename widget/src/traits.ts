// What operators are told about the browser.
import { settings } from './kit';

/** What pow.js adds to the next hello. */
export const proof = {};

export function traits() {
  const { language, languages, userAgent, hardwareConcurrency } = navigator;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const { width, height } = screen;
  let hash = 0; // of what stays the same: a hint, and proof of nothing
  for (const c of [userAgent, languages, hardwareConcurrency, timeZone, width, height] + '') hash = (hash * 31 + c.charCodeAt(0)) % 1e12;
  return {
    ...proof,
    language,
    timezone: timeZone,
    screen: width + 'x' + height,
    fingerprint: settings().fingerprint === false ? undefined : hash + '',
  };
}

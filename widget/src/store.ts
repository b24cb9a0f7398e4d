// Local storage where the browser gives it, memory where it does not: a private
// window then works for as long as the page lives.
import { data } from './dom';

/** The visitor is kept under this name; all that belongs to it has a longer one. */
export const name = 'pocketping:' + data.key;

let disk: Record<string, string> = {};
/** Whether what is put here outlives the page. */
export let lasting = false;
try {
  disk = localStorage || disk;
  lasting = disk === localStorage;
} catch {
  // blocked
}

export function put(name: string, value: unknown): void {
  try {
    disk[name] = JSON.stringify(value);
  } catch {
    // full: what the page holds in memory has to do
  }
}

export function get<T>(name: string): T | undefined {
  try {
    return JSON.parse(disk[name]!);
  } catch {
    return undefined; // not there, or not ours
  }
}

export function drop(name: string): void {
  delete disk[name];
}

export function names(prefix: string): string[] {
  return Object.keys(disk).filter((name) => name.startsWith(prefix));
}

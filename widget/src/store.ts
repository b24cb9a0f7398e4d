// Local storage where the browser gives it, memory where it does not: a private
// window then works for as long as the page lives.
let disk: Record<string, string> = {};
try {
  disk = localStorage;
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
  return disk[name] && JSON.parse(disk[name]);
}

export function drop(name: string): void {
  delete disk[name];
}

export function names(prefix: string): string[] {
  return Object.keys(disk).filter((name) => name.startsWith(prefix));
}

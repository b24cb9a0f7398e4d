// Local storage where the browser gives it, memory where it does not: a private
// window then works for as long as the page lives.
const memory = new Map<string, string>();

export function put(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(name, text);
    memory.delete(name);
  } catch {
    memory.set(name, text);
  }
}

export function get<T>(name: string): T | undefined {
  let text = memory.get(name);
  try {
    text ??= localStorage.getItem(name) ?? undefined;
    return text && JSON.parse(text);
  } catch {
    return text && JSON.parse(text);
  }
}

export function drop(name: string): void {
  memory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // nothing was stored
  }
}

export function names(prefix: string): string[] {
  let all = [...memory.keys()];
  try {
    all = all.concat(Object.keys(localStorage));
  } catch {
    // memory is all there is
  }
  return all.filter((name) => name.startsWith(prefix));
}

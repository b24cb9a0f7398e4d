// The page's calls. Every address is relative: the page does not know where it is served.
import { state, update } from "./store.js";
import { newID } from "./dom.js";

/** Failure is a call that did not work; retry says whether the same call may work later. */
export class Failure extends Error {
  constructor(message, retry) {
    super(message);
    this.retry = retry;
  }
}

async function request(path, options, seconds) {
  let res;
  try {
    res = await fetch("api/" + path, { redirect: "manual", signal: AbortSignal.timeout(seconds * 1000), ...options });
  } catch {
    throw new Failure("The server cannot be reached.", true);
  }
  if (res.type === "opaqueredirect" || res.status === 401) {
    update(() => (state.connection = "expired"));
    throw new Failure("You are signed out.", true);
  }
  if (res.status === 204) return null;
  const data = await res.json().catch(() => null);
  if (res.ok && data) return data;
  throw new Failure(data?.error?.message ?? "The server answered with an error.", !data || res.status >= 500 || res.status === 429);
}

export const get = (path) => request(path, {}, 20);

/** act changes something, as the operator that the page is for. */
export function act(method, path, body = {}) {
  const content = JSON.stringify({ clientId: newID(), operator: state.name, ...body });
  return request(path, { method, body: content, headers: { "Content-Type": "application/json" } }, 20);
}

export const upload = (file) =>
  request("files?name=" + encodeURIComponent(file.name), { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } }, 300);

export const fileURL = (file) => `api/files/${encodeURIComponent(file.id)}?name=${encodeURIComponent(file.name)}`;

export const sessionPath = (id, rest) => `sessions/${encodeURIComponent(id)}/${rest}`;
export const messagePath = (session, message) => sessionPath(session, "messages/" + encodeURIComponent(message));

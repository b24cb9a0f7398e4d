import type { components } from "../schema.js";
import { passing } from "./errors.js";
import type { Transport } from "./transport.js";

/** An event, and where it stands in the project's stream. */
export type StreamedEvent = components["schemas"]["Event"] & {
  /** Keep it with what you made of the event, and give it as `after` when you start again. */
  cursor: string;
};

export interface EventsOptions {
  /** The cursor of the last event that you have; "0": from the first on; without it: what happens from now on. */
  after?: string;
  /** Ends the stream. */
  signal?: AbortSignal;
}

const silence = 60_000; // the server says something every 25 seconds

/**
 * Everything that happens in the project, in the order in which it was stored, each
 * event once. It connects again by itself, as often as it must, and goes on where it
 * was. It ends with the signal or a `break`, and throws what no other try would mend,
 * such as a wrong key.
 */
export async function* events(transport: Transport, url: string, options: EventsOptions): AsyncGenerator<StreamedEvent, void, void> {
  const { signal } = options;
  let cursor = options.after ?? "";
  for (let attempt = 1; ; attempt++) {
    let failure: unknown = new TypeError("the stream ended");
    try {
      for await (const { id, data } of follow(transport, url, cursor, signal)) {
        if (data !== "") yield { ...(JSON.parse(data) as components["schemas"]["Event"]), cursor: id };
        cursor = id;
        attempt = 1;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!passing(error)) throw error;
      failure = error;
    }
    if (signal?.aborted) return;
    try {
      await transport.wait(attempt, failure, signal);
    } catch (error) {
      if (signal?.aborted) return;
      throw error;
    }
  }
}

/** One connection's ids, some with data. */
async function* follow(transport: Transport, url: string, after: string, signal?: AbortSignal): AsyncGenerator<{ id: string; data: string }, void, void> {
  const connection = new AbortController();
  const stop = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  let quiet = setTimeout(cut, silence);
  function cut() {
    connection.abort(new TypeError("the stream fell silent"));
  }
  try {
    const address = new URL(`${url}/v1/events`);
    if (after !== "") address.searchParams.set("after", after);
    const response = await transport.once(new Request(address, { headers: { Accept: "text/event-stream" }, signal: connection.signal }));
    let id = "";
    let data = "";
    let rest = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      clearTimeout(quiet); // whoever reads may take their time
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("id: ")) id = line.slice(4);
        else if (line.startsWith("data: ")) data += line.slice(6);
        else if (line === "" && id !== "") {
          yield { id, data };
          data = "";
        }
      }
      quiet = setTimeout(cut, silence);
    }
  } catch (error) {
    throw connection.signal.aborted ? connection.signal.reason : error;
  } finally {
    clearTimeout(quiet);
    signal?.removeEventListener("abort", stop);
    connection.abort();
  }
}

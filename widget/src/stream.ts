// The same frames where WebSockets do not get through: posted one request after the
// other, and heard from a stream of Server-Sent Events.
import { full, hello, socket, visitor } from './kit';
import type { Line } from './link';
import { climb, silence } from './times';

export function stream(): Line {
  const life = new AbortController();
  let outgoing: string[] = [];
  let posting = false;
  let quiet = 0;
  const climbing = setInterval(() => {
    const probe = socket();
    probe.onopen = () => {
      probe.close();
      end(1012);
    };
  }, climb);

  function end(code: number, reason = ''): void {
    if (life.signal.aborted) return;
    life.abort();
    clearInterval(climbing);
    clearTimeout(quiet);
    line.onclose!({ code, reason });
  }

  /** Asks the core; whatever fails ends the line. */
  async function request(path: string, body: string | undefined, then: (answer: Response) => Promise<void>): Promise<void> {
    const { token } = visitor();
    const headers: HeadersInit = token ? { Authorization: 'Bearer ' + token } : {};
    try {
      const answer = await fetch(full('v1/' + path), { method: body ? 'POST' : 'GET', body, headers, signal: life.signal });
      if (answer.ok) await then(answer);
      else end(4000 + answer.status);
    } catch {
      end(0);
    }
  }

  async function post(): Promise<void> {
    if (posting || !outgoing.length) return;
    posting = true;
    const body = `[${outgoing.splice(0, 50)}]`;
    await request('frames', body, async (answer) => {
      for (const frame of await answer.json()) {
        line.onmessage!({ data: JSON.stringify(frame) });
        if (frame.type === 'welcome') void listen();
      }
    });
    posting = false;
    void post();
  }

  async function listen(): Promise<void> {
    const { key, session, after } = hello();
    const query = new URLSearchParams({ key, ...(session && { session, after: after + '' }) });
    await request('stream?' + query, undefined, async (answer) => {
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        clearTimeout(quiet);
        quiet = setTimeout(end, silence, 0);
        const { done, value } = await reader.read();
        if (done) return end(0);
        const events = (text + value).split('\n\n');
        text = events.pop()!;
        for (const event of events) {
          const data = /^data: (.*)/m.exec(event)?.[1];
          if (data && !life.signal.aborted) line.onmessage!({ data });
        }
      }
    });
  }

  const line: Line = {
    onopen: null,
    onclose: null,
    onmessage: null,
    send(text) {
      outgoing.push(text);
      void post();
    },
    close: () => end(0),
  };
  queueMicrotask(() => line.onopen!());
  return line;
}

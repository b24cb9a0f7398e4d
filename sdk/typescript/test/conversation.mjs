// A back end's part of a conversation. Who starts it plays the visitor and the server:
// it is asked by a line on standard output, and answers with one.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { ApiError, PocketPing } from "@pocketping/client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function ask(what) {
  console.log(what);
  return (await lines.next()).value;
}

const { URL: url, SECRET: secretKey } = process.env;
const client = new PocketPing({ url: `${url}/`, secretKey, pause: 20 });

/** The next events, of the types that the conversation is about. */
async function next(stream, count) {
  const found = [];
  while (found.length < count) {
    const { value, done } = await stream.next();
    assert(!done, "the stream ended");
    if (/^(session\.(opened|closed)|message\.)/.test(value.type)) found.push(value);
  }
  return found;
}
const shape = (events) => events.map((e) => [e.type, e.message?.text]);

const project = await client.project();
assert.equal(project.name, "Acme");

const stream = client.events({ after: "0" });
await ask("say Do you ship to Norway?");
const [opened, asked] = await next(stream, 2);
assert.deepEqual(shape([opened, asked]), [["session.opened", undefined], ["message.posted", "Do you ship to Norway?"]]);
const id = opened.sessionId;

// Posting, once under one client id.
const answer = await client.post(id, { text: "We ship everywhere.", author: { name: "Bot" }, replyTo: asked.message.id, clientId: "bot-1" });
assert.equal(answer.author.name, "Bot");
const again = await client.post(id, { text: "We ship everywhere.", author: { name: "Bot" }, replyTo: asked.message.id, clientId: "bot-1" });
assert.deepEqual([again.id, again.seq], [answer.id, answer.seq]);
await assert.rejects(client.post(id, { text: "Something else", clientId: "bot-1" }), (e) => e instanceof ApiError && e.code === "conflict" && e.status === 409);

// Two at once that carry no id of ours are two.
const [one, two] = await Promise.all([client.post(id, { text: "twice" }), client.post(id, { text: "twice" })]);
assert.notEqual(one.id, two.id);

assert.equal((await client.edit(id, answer.id, "We ship to Norway.")).text, "We ship to Norway.");
const gone = await client.remove(id, one.id);
assert(gone.deletedAt && gone.text === "");

const session = await client.session(id);
assert.deepEqual(session.messages.map((m) => m.text), ["Do you ship to Norway?", "We ship to Norway.", "", "twice"]);
assert.equal((await client.visitor(session.visitorId)).id, session.visitorId);
const { data: page } = await client.api.GET("/v1/sessions/{id}/messages", { params: { path: { id }, query: { after: 0, limit: 2 } } });
assert.equal(page.messages.length, 2);

// To the visitor's page, and to all.
await client.emit({ name: "cart", data: { items: 3 } }, id);
await ask("emitted cart");
await client.emit({ name: "sale" });
await ask("emitted sale");

// The stream goes on where it was while the server is away, and calls wait for it.
const posted = await next(stream, 5);
assert.deepEqual(shape(posted).map(([type]) => type), ["message.posted", "message.posted", "message.posted", "message.edited", "message.deleted"]);
const pending = next(stream, 2);
await ask("restart");
await client.post(id, { text: "back again" });
assert.equal((await client.close(id)).status, "closed");
const rest = await pending;
assert.deepEqual(shape(rest), [["message.posted", "back again"], ["session.closed", undefined]]);
await stream.return();

// A new one from a cursor has what came after it, once.
const last = rest[0].cursor;
const resumed = client.events({ after: last });
assert.deepEqual(shape(await next(resumed, 1)), [["session.closed", undefined]]);
await resumed.return();

// A signal ends it without an error.
const stop = new AbortController();
const ended = client.events({ signal: stop.signal }).next();
setImmediate(() => stop.abort());
assert.equal((await ended).done, true);

// Another visitor, and pages of one.
await ask("stranger Hello?");
const all = [];
for await (const s of client.sessions({ limit: 1 })) all.push([s.id === id, s.status]);
assert.deepEqual(all, [[false, "active"], [true, "closed"]]);

// What is refused is told by its kind.
const refused = (code, status) => (e) => e instanceof ApiError && e.code === code && e.status === status && e.message.length > 10;
await assert.rejects(client.session("sess_00000000000000000000000000"), refused("not_found", 404));
await assert.rejects(client.api.POST("/v1/emit", { body: { name: "" } }), refused("invalid", 400));
const stranger = new PocketPing({ url, secretKey: "sk_wrong-0123456789abcdef" });
await assert.rejects(stranger.project(), refused("unauthorized", 401));
await assert.rejects(stranger.events().next(), refused("unauthorized", 401));
const nobody = new PocketPing({ url: "http://127.0.0.1:9", secretKey, tries: 2, pause: 1 });
await assert.rejects(nobody.project(), TypeError);

console.log("done");
process.exit(0);

/**
 * PocketPing's HTTP API for the server of a website. The types are made from the API's
 * own description, `docs/openapi.json`.
 */
import createFetch, { type Client } from "openapi-fetch";
import type { components, paths } from "../schema.js";
import { events, type EventsOptions, type StreamedEvent } from "./events.js";
import { Transport, type TransportOptions } from "./transport.js";

export type { components, operations, paths } from "../schema.js";
export { ApiError, type Code } from "./errors.js";
export type { EventsOptions, StreamedEvent } from "./events.js";
export type { TransportOptions as Options } from "./transport.js";

type Schemas = components["schemas"];
export type Emit = Schemas["Emit"];
export type Event = Schemas["Event"];
export type Message = Schemas["Message"];
export type NewMessage = Schemas["NewMessage"];
export type Project = Schemas["Project"];
export type Session = Schemas["Session"];
export type Stats = Schemas["Stats"];
export type Visitor = Schemas["Visitor"];

/** Which sessions to list. */
export type SessionsQuery = NonNullable<paths["/v1/sessions"]["get"]["parameters"]["query"]>;

/** Calls the API of one project. What the server refuses is thrown as an {@link ApiError}. */
export class PocketPing {
  /** Every call of the API by its path, typed: `api.GET("/v1/stats", { params: { query: { from } } })`. */
  readonly api: Client<paths>;
  readonly #transport: Transport;
  readonly #url: string;

  constructor(options: TransportOptions) {
    this.#url = options.url.replace(/\/+$/, "");
    this.#transport = new Transport(options);
    this.api = createFetch<paths>({ baseUrl: this.#url, fetch: this.#transport.fetch });
  }

  async project(): Promise<Project> {
    return only(await this.api.GET("/v1/project"));
  }

  /** All sessions, the latest active first; it asks for the next page when it is needed. */
  async *sessions(query: SessionsQuery = {}): AsyncGenerator<Session, void, void> {
    for (let cursor = query.cursor; ; ) {
      const page = only(await this.api.GET("/v1/sessions", { params: { query: cursor === undefined ? query : { ...query, cursor } } }));
      yield* page.sessions;
      if (page.next === undefined) return;
      cursor = page.next;
    }
  }

  /** A session with its newest messages. */
  async session(id: string): Promise<Session> {
    return only(await this.api.GET("/v1/sessions/{id}", { params: { path: { id } } }));
  }

  /**
   * Posts as an operator. Without a `clientId` of yours it takes one at random, so that
   * a call that is tried again posts once.
   */
  async post(session: string, message: NewMessage): Promise<Message> {
    const body = { clientId: crypto.randomUUID(), ...message };
    return only(await this.api.POST("/v1/sessions/{id}/messages", { params: { path: { id: session } }, body }));
  }

  /** Changes the text of one of the back end's own messages. */
  async edit(session: string, message: string, text: string): Promise<Message> {
    const body = { text, clientId: crypto.randomUUID() };
    return only(await this.api.PATCH("/v1/sessions/{id}/messages/{msg}", { params: { path: { id: session, msg: message } }, body }));
  }

  /** Removes one of the back end's own messages; its place stays, empty. */
  async remove(session: string, message: string): Promise<Message> {
    const body = { clientId: crypto.randomUUID() };
    return only(await this.api.DELETE("/v1/sessions/{id}/messages/{msg}", { params: { path: { id: session, msg: message } }, body }));
  }

  async close(session: string): Promise<Session> {
    const body = { clientId: crypto.randomUUID() };
    return only(await this.api.POST("/v1/sessions/{id}/close", { params: { path: { id: session } }, body }));
  }

  async reopen(session: string): Promise<Session> {
    const body = { clientId: crypto.randomUUID() };
    return only(await this.api.POST("/v1/sessions/{id}/reopen", { params: { path: { id: session } }, body }));
  }

  /** Sends an event to the pages of a session, or without one to every connected page. It is not stored. */
  async emit(event: Emit, session?: string): Promise<void> {
    if (session === undefined) await this.api.POST("/v1/emit", { body: event });
    else await this.api.POST("/v1/sessions/{id}/emit", { params: { path: { id: session } }, body: event });
  }

  async visitor(id: string): Promise<Visitor> {
    return only(await this.api.GET("/v1/visitors/{id}", { params: { path: { id } } }));
  }

  /** What happens in the project; see {@link events}. */
  events(options: EventsOptions = {}): AsyncGenerator<StreamedEvent, void, void> {
    return events(this.#transport, this.#url, options);
  }
}

/** The answer of a call that has not thrown. */
function only<T>(answer: { data?: T }): T {
  return answer.data as T;
}

/**
 * PocketPing's HTTP API for the server of a website. The types are made from the API's
 * own description, `docs/openapi.json`.
 */
import { type Client } from "openapi-fetch";
import type { components, paths } from "../schema.js";
import { type EventsOptions, type StreamedEvent } from "./events.js";
import { type TransportOptions } from "./transport.js";
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
export declare class PocketPing {
    #private;
    /** Every call of the API by its path, typed: `api.GET("/v1/stats", { params: { query: { from } } })`. */
    readonly api: Client<paths>;
    constructor(options: TransportOptions);
    project(): Promise<Project>;
    /** All sessions, the latest active first; it asks for the next page when it is needed. */
    sessions(query?: SessionsQuery): AsyncGenerator<Session, void, void>;
    /** A session with its newest messages. */
    session(id: string): Promise<Session>;
    /**
     * Posts as an operator. Without a `clientId` of yours it takes one at random, so that
     * a call that is tried again posts once.
     */
    post(session: string, message: NewMessage): Promise<Message>;
    /** Changes the text of one of the back end's own messages. */
    edit(session: string, message: string, text: string): Promise<Message>;
    /** Removes one of the back end's own messages; its place stays, empty. */
    remove(session: string, message: string): Promise<Message>;
    close(session: string): Promise<Session>;
    reopen(session: string): Promise<Session>;
    /** Sends an event to the pages of a session, or without one to every connected page. It is not stored. */
    emit(event: Emit, session?: string): Promise<void>;
    visitor(id: string): Promise<Visitor>;
    /** What happens in the project; see {@link events}. */
    events(options?: EventsOptions): AsyncGenerator<StreamedEvent, void, void>;
}

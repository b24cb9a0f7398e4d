/**
 * PocketPing's HTTP API for the server of a website. The types are made from the API's
 * own description, `docs/openapi.json`.
 */
import createFetch from "openapi-fetch";
import { events } from "./events.js";
import { Transport } from "./transport.js";
export { ApiError } from "./errors.js";
/** Calls the API of one project. What the server refuses is thrown as an {@link ApiError}. */
export class PocketPing {
    /** Every call of the API by its path, typed: `api.GET("/v1/stats", { params: { query: { from } } })`. */
    api;
    #transport;
    #url;
    constructor(options) {
        this.#url = options.url.replace(/\/+$/, "");
        this.#transport = new Transport(options);
        this.api = createFetch({ baseUrl: this.#url, fetch: this.#transport.fetch });
    }
    async project() {
        return only(await this.api.GET("/v1/project"));
    }
    /** All sessions, the latest active first; it asks for the next page when it is needed. */
    async *sessions(query = {}) {
        for (let cursor = query.cursor;;) {
            const page = only(await this.api.GET("/v1/sessions", { params: { query: cursor === undefined ? query : { ...query, cursor } } }));
            yield* page.sessions;
            if (page.next === undefined)
                return;
            cursor = page.next;
        }
    }
    /** A session with its newest messages. */
    async session(id) {
        return only(await this.api.GET("/v1/sessions/{id}", { params: { path: { id } } }));
    }
    /**
     * Posts as an operator. Without a `clientId` of yours it takes one at random, so that
     * a call that is tried again posts once.
     */
    async post(session, message) {
        const body = { clientId: crypto.randomUUID(), ...message };
        return only(await this.api.POST("/v1/sessions/{id}/messages", { params: { path: { id: session } }, body }));
    }
    /** Changes the text of one of the back end's own messages. */
    async edit(session, message, text) {
        const body = { text, clientId: crypto.randomUUID() };
        return only(await this.api.PATCH("/v1/sessions/{id}/messages/{msg}", { params: { path: { id: session, msg: message } }, body }));
    }
    /** Removes one of the back end's own messages; its place stays, empty. */
    async remove(session, message) {
        const body = { clientId: crypto.randomUUID() };
        return only(await this.api.DELETE("/v1/sessions/{id}/messages/{msg}", { params: { path: { id: session, msg: message } }, body }));
    }
    async close(session) {
        const body = { clientId: crypto.randomUUID() };
        return only(await this.api.POST("/v1/sessions/{id}/close", { params: { path: { id: session } }, body }));
    }
    async reopen(session) {
        const body = { clientId: crypto.randomUUID() };
        return only(await this.api.POST("/v1/sessions/{id}/reopen", { params: { path: { id: session } }, body }));
    }
    /** Sends an event to the pages of a session, or without one to every connected page. It is not stored. */
    async emit(event, session) {
        if (session === undefined)
            await this.api.POST("/v1/emit", { body: event });
        else
            await this.api.POST("/v1/sessions/{id}/emit", { params: { path: { id: session } }, body: event });
    }
    async visitor(id) {
        return only(await this.api.GET("/v1/visitors/{id}", { params: { path: { id } } }));
    }
    /** What happens in the project; see {@link events}. */
    events(options = {}) {
        return events(this.#transport, this.#url, options);
    }
}
/** The answer of a call that has not thrown. */
function only(answer) {
    return answer.data;
}

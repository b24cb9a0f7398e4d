import type { components } from "../schema.js";
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
/**
 * Everything that happens in the project, in the order in which it was stored, each
 * event once. It connects again by itself, as often as it must, and goes on where it
 * was. It ends with the signal or a `break`, and throws what no other try would mend,
 * such as a wrong key.
 */
export declare function events(transport: Transport, url: string, options: EventsOptions): AsyncGenerator<StreamedEvent, void, void>;

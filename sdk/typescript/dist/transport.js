import { ApiError, errorOf, passing } from "./errors.js";
const mostPause = 30_000;
/** Makes calls with the project's key, again where that is safe. */
export class Transport {
    #options;
    constructor(options) {
        this.#options = options;
    }
    /**
     * Answers with a success or throws. Calls that read, and those that carry a client
     * id, are tried again when the server is busy or the connection breaks. Everything
     * else is tried once, for nobody would know whether it was done.
     */
    fetch = async (request) => {
        const again = await repeatable(request);
        for (let attempt = 1;; attempt++) {
            try {
                return await this.once(request.clone());
            }
            catch (error) {
                if (!again || attempt >= (this.#options.tries ?? 5) || !passing(error))
                    throw error;
                await this.wait(attempt, error, request.signal);
            }
        }
    };
    /** Makes the call once. */
    async once(request) {
        if (!request.headers.has("Authorization"))
            request.headers.set("Authorization", `Bearer ${this.#options.secretKey}`);
        const response = await (this.#options.fetch ?? fetch)(request);
        if (!response.ok)
            throw await errorOf(response);
        return response;
    }
    /** Pauses as long as the server says, or twice as long as the time before. */
    async wait(attempt, error, signal) {
        const said = error instanceof ApiError ? error.retryAfter : undefined;
        const pause = said !== undefined ? said * 1000 : Math.min((this.#options.pause ?? 500) * 2 ** Math.min(attempt - 1, 20), mostPause);
        signal?.throwIfAborted();
        await new Promise((resolve, reject) => {
            const stop = () => {
                clearTimeout(timer);
                reject(signal?.reason);
            };
            const timer = setTimeout(() => {
                signal?.removeEventListener("abort", stop);
                resolve();
            }, pause);
            signal?.addEventListener("abort", stop, { once: true });
        });
    }
}
async function repeatable(request) {
    if (request.method === "GET" || request.method === "HEAD")
        return true;
    if (!request.headers.get("Content-Type")?.startsWith("application/json"))
        return false;
    const body = JSON.parse(await request.clone().text());
    return typeof body === "object" && body !== null && "clientId" in body && body.clientId !== "";
}

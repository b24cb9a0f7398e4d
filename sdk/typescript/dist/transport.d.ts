export interface TransportOptions {
    /** The server's address, such as "https://chat.example.com". */
    url: string;
    /** The project's secret key, `sk_…`. */
    secretKey: string;
    /** How often a call is made at most, the first time included; 5 without it. */
    tries?: number;
    /** The first pause between tries in milliseconds, doubled each time, where the server does not say; 500 without it. */
    pause?: number;
    /** Makes the requests; the global fetch without it. */
    fetch?: (request: Request) => Promise<Response>;
}
/** Makes calls with the project's key, again where that is safe. */
export declare class Transport {
    #private;
    constructor(options: TransportOptions);
    /**
     * Answers with a success or throws. Calls that read, and those that carry a client
     * id, are tried again when the server is busy or the connection breaks. Everything
     * else is tried once, for nobody would know whether it was done.
     */
    readonly fetch: (request: Request) => Promise<Response>;
    /** Makes the call once. */
    once(request: Request): Promise<Response>;
    /** Pauses as long as the server says, or twice as long as the time before. */
    wait(attempt: number, error: unknown, signal?: AbortSignal): Promise<void>;
}

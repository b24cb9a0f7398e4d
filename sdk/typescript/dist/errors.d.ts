import type { components } from "../schema.js";
/** What kind of failure an {@link ApiError} is. */
export type Code = components["schemas"]["Error"]["error"]["code"];
/** The server's refusal of a call. Its message says what is wrong and what to do. */
export declare class ApiError extends Error {
    /** of HTTP */
    readonly status: number;
    readonly code: Code;
    /** in seconds; undefined: the server did not say */
    readonly retryAfter?: number | undefined;
    readonly name = "ApiError";
    constructor(
    /** of HTTP */
    status: number, code: Code, message: string, 
    /** in seconds; undefined: the server did not say */
    retryAfter?: number | undefined);
}
/** The answer is none of success: why, as the server or a proxy before it says. */
export declare function errorOf(response: Response): Promise<ApiError>;
/** Whether the same call may go well later. */
export declare function passing(error: unknown): boolean;

import type { components } from "../schema.js";

/** What kind of failure an {@link ApiError} is. */
export type Code = components["schemas"]["Error"]["error"]["code"];

/** The server's refusal of a call. Its message says what is wrong and what to do. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** of HTTP */
    readonly status: number,
    readonly code: Code,
    message: string,
    /** in seconds; undefined: the server did not say */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** The answer is none of success: why, as the server or a proxy before it says. */
export async function errorOf(response: Response): Promise<ApiError> {
  let code: Code = response.status < 500 ? "invalid" : "unavailable";
  let message = `${response.status} ${response.statusText}`;
  try {
    const { error } = (await response.json()) as components["schemas"]["Error"];
    code = error.code;
    message = error.message;
  } catch {
    // not PocketPing's own words
  }
  if (response.status === 429) code = "rate_limited";
  const after = Number(response.headers.get("Retry-After"));
  return after > 0 ? new ApiError(response.status, code, message, after) : new ApiError(response.status, code, message);
}

/** Whether the same call may go well later. */
export function passing(error: unknown): boolean {
  if (error instanceof ApiError) return error.code === "rate_limited" || error.code === "unavailable";
  return error instanceof TypeError; // fetch: no connection, or one that broke
}

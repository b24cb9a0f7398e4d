// How long things take, in milliseconds.

/** Without an answer, or a welcome, the connection counts as dead. */
export const patience = 10_000;
/** A stream without a word: the core says something every 25 s. */
export const silence = 60_000;
/** Between looks whether a WebSocket gets through by now. */
export const climb = 30_000;
/** The longest first wait until the next try; it doubles with each. */
export const first = 500;
export const longest = 30_000;
/** Until a tab of a new visitor sends: another tab may have been made another visitor, and one of them has to give way. */
export const settling = 300;

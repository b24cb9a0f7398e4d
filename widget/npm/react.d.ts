import type { Chat, Options } from './index';

/** The chat is on the page for as long as this is; onReady gets what it can do. */
export function PocketPing(props: Options & { onReady?: (chat: Chat) => void }): null;

import { useEffect } from 'react';
import { load } from './index.js';

/** The chat is on the page for as long as this is. Further settings: `onReady` gets its API. */
export function PocketPing({ onReady, ...options }) {
  useEffect(() => {
    const chat = load(options);
    onReady?.(chat);
    return chat.destroy;
  }, [options.publicKey, options.host]);
  return null;
}

import type { PocketPing, Settings } from './types';

export type * from './types';

/** Which project the chat belongs to, where its server is, and what this page chooses of the settings. */
export interface Options extends Settings {
  /** The project's public key: pk_… */
  publicKey: string;
  /** Where the server is: "https://chat.acme.example" */
  host: string;
}

/** What the loaded widget can do. */
export type Chat = Pick<
  PocketPing,
  'init' | 'open' | 'close' | 'toggle' | 'show' | 'hide' | 'send' | 'identify' | 'track' | 'on' | 'off' | 'setPage' | 'destroy'
>;

/** Puts the widget on the page. What it answers with may be called at once. */
export function load(options: Options): Chat;

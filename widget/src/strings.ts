// Every word that the widget says. They come with the settings, in the language that
// the page or the browser asks for; until then, and without the core, it says nothing.
import type en from '../lang/en.json';

export type Words = typeof en;

export const t = new Proxy({} as Words, { get: (words, name) => words[name as 'open'] || '' });

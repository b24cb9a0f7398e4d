// Every word that the widget says. They come with the settings, in the language that
// the page or the browser asks for; until then, and without the core, each is called by
// its name, which is English too.
import type en from '../lang/en.json';

export type Words = typeof en;

export const t = new Proxy({ code: 'en' } as Words, {
  get: (words, name: 'open') => words[name] || name[0]!.toUpperCase() + name.slice(1),
});

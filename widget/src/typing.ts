// Typing, both ways.
import { h, input, list, send, t, who } from './kit';

let dots: HTMLElement;
let told = 0; // when operators were told
let idle = 0;
let still = 0;

export function typings(): void {
  dots = h('div', { className: 'typing', role: 'img' }, h('i'), h('i'), h('i'));
  list.append(dots);
  input.addEventListener('input', () => {
    clearTimeout(idle);
    if (!input.value) return quiet();
    idle = setTimeout(quiet, 5000);
    if (Date.now() - told > 3000 && send({ type: 'typing', on: true })) told = Date.now();
  });
}

/** The visitor has stopped. */
export function quiet(): void {
  clearTimeout(idle);
  if (told) send({ type: 'typing', on: false });
  told = 0;
}

/** An operator types, or has stopped. */
export function typing(on: boolean, name = who()): void {
  clearTimeout(still);
  if (on) still = setTimeout(typing, 8000, false);
  dots.classList.toggle('on', on);
  dots.ariaLabel = t.typing.replace('{}', () => name);
}

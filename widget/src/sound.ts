// A short note when an operator writes and the visitor does not look, unless the
// project or the visitor wants none.
import { button, close, icon, save, settings, t, visitor } from './kit';

const bell = 'M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4';

/** The visitor's switch. */
export function sounds(): void {
  const show = (mute = false) => (toggle.ariaPressed = !mute + '');
  const toggle = button(t.sound, 'sound', () => {
    show((visitor().mute = !visitor().mute));
    if (visitor().token) save({}); // nobody else is stored yet
  }, icon(bell));
  show(visitor().mute);
  close.before(toggle);
}

export function beep(): void {
  if (visitor().mute || settings().sound === false) return;
  const audio = new AudioContext();
  const note = audio.createOscillator();
  const loud = audio.createGain();
  note.connect(loud).connect(audio.destination);
  note.frequency.value = 880;
  loud.gain.value = 0.1;
  loud.gain.setTargetAtTime(0, 0, 0.1);
  note.start();
  note.stop(0.6);
  note.onended = () => audio.close();
}

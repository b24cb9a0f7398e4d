// What the visitor is asked: consent, a name or an address, and how it was.
import { act, ask, button, compose, form, h, icon, messages, paint, rich, save, session, settings, t, there, visitor } from './kit';

const star = 'M12 4l2 6h6l-5 4 2 6-5-4-5 4 2-6-5-4h6z';

let shown: Element | undefined;
let due: string | undefined;
let left: string | undefined; // the closed session that the visitor goes on from

/** Shows the card that is due, and says whether it takes the composer's place. */
export function card(): boolean {
  const { consent, ask: fields, askAfter, awayEmail, rating } = settings();
  const { agreed, asked, rated } = visitor();
  const wrote = messages().some((m) => m.sender === 'visitor');
  const { id, status } = session() || {};
  const agree = consent && !agreed;
  const fill = fields && !asked && (wrote || !askAfter);
  const write = awayEmail && wrote && !asked && !there();
  const bye = status === 'closed' && id !== left;
  const rate = rating && rated !== id;
  const now = agree ? consent : fill ? fields : write ? 'email' : bye ? `${id} ${rate}` : '';
  if (now !== due) {
    due = now;
    shown?.remove();
    if (now) form.before((shown = agree ? agreement(now) : fill || write ? questions(now, fill ? '' : t.leave) : farewell(id!, rate)));
  }
  return !!(agree || fill);
}

/** A form that does something and gives way to the composer. */
function make(submit: (e: SubmitEvent) => void, label: string, ...kids: (Node | string)[]): HTMLFormElement {
  const onsubmit = (e: SubmitEvent) => {
    e.preventDefault();
    submit(e);
    paint();
    compose();
  };
  return h('form', { className: 'card', onsubmit }, ...kids, h('button', 'go', label));
}

function agreement(text: string): Element {
  const agree = () => {
    save({ agreed: true });
    act();
  };
  return make(agree, t.agree, h('div', '', ...rich(text)));
}

function questions(fields: string, why: string): Element {
  const answers = (e: SubmitEvent) => {
    save({ asked: true });
    const traits = Object.fromEntries(new FormData(e.target as HTMLFormElement));
    ask({ type: 'identify', traits }, undefined, true);
  };
  const inputs = fields.split(' ').map((name) =>
    h('label', {}, (t as any)[name] || name, h('input', { name, type: name, autocomplete: name as 'email', required: true, maxLength: 200 })),
  );
  return make(answers, t.next, why, ...inputs);
}

/** The session is closed: how it was, and the way on. */
function farewell(session: string, rate?: boolean): Element {
  let score = 0;
  const comment = h('textarea', { rows: 2, maxLength: 1000, hidden: true, ariaLabel: t.comment, placeholder: t.comment });
  const stars = [1, 2, 3, 4, 5].map((n) =>
    button(n + '/5', 'star', () => {
      score = n;
      comment.hidden = false;
      comment.nextSibling!.textContent = t.send;
      stars.forEach((s, i) => (s.ariaPressed = (i < n) + ''));
    }, icon(star)),
  );
  const leave = () => {
    left = session;
    if (!score) return;
    save({ rated: session });
    ask({ type: 'rate', score, comment: comment.value }, undefined, true);
  };
  return make(leave, t.again, ...(rate ? [t.rate, h('div', 'stars', ...stars), comment] : []));
}

// Feeds texts of strangers to the widget's markdown and looks at what it makes of them, in a
// document that is as small as it needs: each node knows its tag, properties and kids.
const make = (tag) => ({ tag, kids: [], append(...kids) { this.kids.push(...kids); } });
globalThis.document = { currentScript: { dataset: {}, src: 'https://chat.example/widget.js' }, createElement: make, createElementNS: (_, tag) => make(tag) };
const { rich } = await import(process.argv[2]);

let seed = +process.argv[3];
const random = (n) => ((seed = (seed * 48271) % 2147483647) % n);
const parts = ['*', '**', '_', '`', '```', '\n', '- ', '1. ', '1) ', '[', ']', '(', ')', 'http://', 'https://a.example/?q=', 'javascript:', 'JaVaScRiPt://%0aalert(1)', 'data:text/html,', '<img src=x onerror=alert(1)>', '"', "'", ' ', 'a', 'word', '\\', '\u202e', '\ud800', '😀', 'ж', '\0', '](http://b.example)', '*a*', '\t'];
const allowed = { pre: [], code: [], ol: ['start'], ul: ['start'], li: [], b: [], em: [], a: ['target', 'rel', 'href'] };

let faults = 0;
const fault = (text, why) => ++faults < 10 && console.log(why + ': ' + JSON.stringify(text.slice(0, 300)));

function words(text, nodes) {
  let said = '';
  for (const node of nodes) {
    if (typeof node === 'string') said += node;
    else {
      const { tag, kids, append, className, ...rest } = node;
      const names = Object.keys(rest);
      if (!allowed[tag] || names.some((name) => !allowed[tag].includes(name))) fault(text, `<${tag} ${names}>`);
      if (tag === 'a' && rest.href !== undefined && !/^https?:\/\//.test(rest.href)) fault(text, 'leads to ' + rest.href);
      if (tag === 'a' && (rest.rel !== 'noopener nofollow' || rest.target !== '_blank')) fault(text, 'a link without its guards');
      said += words(text, kids);
    }
  }
  return said;
}

let slowest = 0;
function check(text) {
  const begun = process.cpuUsage().user;
  const said = words(text, rich(text));
  slowest = Math.max(slowest, (process.cpuUsage().user - begun) / 1000); // of this process: the machine may be busy
  // Nothing is made up: what is shown stands in the text in this order.
  let at = 0;
  for (const c of said) {
    at = text.indexOf(c, at) + 1;
    if (!at) return fault(text, 'shows what was not written: ' + JSON.stringify(said.slice(0, 200)));
  }
}

const all = +process.argv[4];
for (let i = 0; i < all; i++) {
  let text = '';
  for (let n = random(40); n >= 0; n--) text += parts[random(parts.length)];
  check(text);
}
// What makes careless patterns slow, at the length of the longest message.
for (const part of [...parts, '*a', '_a_ ', '**a', '- a\n', '1. \n', '[a](', '[[', 'http://a.', '`a', '``` ', '* *', '_*', '*_a', 'a*', '((((', '[a](http:/']) check(part.repeat(Math.ceil(4000 / part.length)).slice(0, 4000));
console.log(`${all} texts, ${faults} faults, the slowest took ${Math.round(slowest)} ms`);
process.exit(faults || slowest > 300 ? 1 : 0);

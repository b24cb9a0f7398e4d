// One script is loaded after the other: what one of them starts, the next must not
// take for its own.
let turn = Promise.resolve();

/**
 * Puts the widget on the page. The API that it answers with may be called at once: the
 * calls wait until the script has loaded.
 */
export function load({ publicKey, host, ...settings }) {
  const calls = [['init', settings]];
  let api;
  let gone = false;
  const call = (...args) => void (api ? api(...args) : calls.push(args));
  const script = document.createElement('script');
  script.async = true;
  script.src = host.replace(/\/*$/, '/widget.js');
  script.dataset.key = publicKey;
  turn = turn.then(
    () =>
      gone ||
      new Promise((done) => {
        script.onload = () => {
          api = window.PocketPing;
          calls.forEach((args) => api(...args));
          done();
        };
        script.onerror = done;
        document.head.append(script);
      }),
  );

  const chat = Object.fromEntries(
    ['init', 'open', 'close', 'toggle', 'show', 'hide', 'send', 'identify', 'track', 'off', 'setPage'].map((name) => [
      name,
      (...args) => call(name, ...args),
    ]),
  );
  chat.on = (name, fn) => {
    call('on', name, fn);
    return () => call('off', name, fn);
  };
  chat.destroy = () => {
    gone = true;
    call('destroy');
    script.remove();
  };
  return chat;
}

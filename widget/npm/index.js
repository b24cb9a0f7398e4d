/**
 * Puts the widget on the page. The API that it answers with may be called at once: the
 * calls wait until the script has loaded.
 */
export function load({ publicKey, host, ...settings }) {
  const calls = [['init', settings]];
  let api;
  const call = (...args) => void (api ? api(...args) : calls.push(args));
  const script = document.createElement('script');
  script.async = true;
  script.src = host.replace(/\/*$/, '/widget.js');
  script.dataset.key = publicKey;
  script.onload = () => {
    api = window.PocketPing;
    calls.forEach((args) => api(...args));
  };
  document.head.append(script);

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
    call('destroy');
    script.remove();
  };
  return chat;
}

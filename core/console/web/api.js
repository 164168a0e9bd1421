// The server's side: JSON over fetch, and one stream of server-sent events for the page that is shown.

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options) {
  const res = await fetch('/api/v1/' + path, { credentials: 'same-origin', ...options });
  const body = await res.json().catch(() => ({}));
  if (res.status === 401 && path !== 'login') document.dispatchEvent(new Event('loggedout'));
  if (!res.ok && !(res.status === 409 && 'generation' in body)) throw new Refused(res.status, body.error ?? res.statusText);
  return body;
}

export const get = (path, signal) => ask(path, { signal });

// act changes something. The header is what no other site can make a browser send.
export function act(path, body) {
  return ask(path, { method: 'POST', headers: { 'X-Offhook': '1', 'Content-Type': 'application/json' }, body: JSON.stringify(body ?? {}) });
}

const link = { source: null, topics: '', handlers: {} };

function say(state) {
  document.getElementById('link').dataset.state = state;
  document.querySelector('#link span').textContent = state;
}

// listen opens the stream of a page: handlers by event. It calls handlers.reset when something was missed. A page that is
// not seen lets go of its stream: browsers allow few at once.
export function listen(topics, handlers) {
  Object.assign(link, { topics, handlers });
  open();
}

function open() {
  link.source?.close();
  link.source = null;
  if (!link.topics || document.hidden) return;
  const source = new EventSource('/api/v1/events?topics=' + encodeURIComponent(link.topics));
  let opened = false;
  source.onopen = () => {
    if (!opened) link.handlers.reset?.(); // what changed between loading the page and listening
    opened = true;
    say('live');
  };
  source.onerror = () => {
    say(source.readyState === EventSource.CLOSED ? 'offline' : 'reconnecting');
    if (source.readyState === EventSource.CLOSED && link.source === source) {
      setTimeout(() => { if (link.source === source) open(); }, opened ? 1000 : 5000);
    }
  };
  for (const [name, handle] of Object.entries(link.handlers)) {
    source.addEventListener(name, (e) => handle(JSON.parse(e.data)));
  }
  link.source = source;
}

document.addEventListener('visibilitychange', open);

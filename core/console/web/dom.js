// What all pages are made of: elements, and how values are written.

const svgTags = new Set(['svg', 'g', 'path', 'line', 'rect', 'circle', 'text', 'title', 'polyline', 'defs', 'marker', 'clipPath']);

// h makes an element: h('td.num', {title: 'x'}, 'text', child). Text is never HTML.
export function h(what, props, ...children) {
  const [tag, ...classes] = what.split('.');
  const el = svgTags.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  if (classes.length) el.setAttribute('class', classes.join(' '));
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === false || value == null) continue;
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(el.dataset, value);
    else if (name === 'style') for (const [k, v] of Object.entries(value)) el.style.setProperty(k, v);
    else if (name === 'value' || name === 'checked' || name === 'selected') el[name] = value;
    else el.setAttribute(name, value === true ? '' : value);
  }
  append(el, children);
  return el;
}

function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== false && child != null) el.append(child);
  }
}

export function replace(el, ...children) {
  el.replaceChildren();
  append(el, children);
  return el;
}

export const pad = (n, digits = 2) => String(n).padStart(digits, '0');

export function clock(date, millis = false) {
  const d = new Date(date);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}` + (millis ? '.' + pad(d.getMilliseconds(), 3) : '');
}

export function day(date) {
  const d = new Date(date);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
}

// moment is a time of today, or a date with it.
export const moment = (date) => (day(date) === day(Date.now()) ? clock(date) : `${day(date)} ${clock(date)}`);

// length writes seconds as a person reads a duration.
export function length(seconds) {
  if (!(seconds >= 0)) return '';
  if (seconds < 10) return seconds.toFixed(1) + ' s';
  if (seconds < 60) return Math.floor(seconds) + ' s';
  const s = Math.floor(seconds);
  return s < 3600 ? `${Math.floor(s / 60)}:${pad(s % 60)}` : `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
}

export function number(n, digits = 0) {
  return n == null || Number.isNaN(n) ? '–' : n.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

// user is the user part of a URI: who is called, or calls.
export function user(uri) {
  const m = /^(?:sips?:([^@;>]*)@|tel:([^;]*))/.exec(uri ?? '');
  return m ? m[1] ?? m[2] : uri ?? '';
}

// A pill tells in colour and in words where a call stands, or what came of it.
export function pill(kind, text) {
  return h('span.pill.' + kind, null, text);
}

const kinds = { caller: 'good', script: 'good', cancel: 'quiet', limit: 'warn', media_timeout: 'warn', no_ack: 'bad', error: 'bad', shutdown: 'quiet', operator: 'quiet', refused: 'quiet' };
const words = { caller: 'caller hung up', script: 'script ended it', cancel: 'cancelled', limit: 'limit', media_timeout: 'no RTP', no_ack: 'no ACK', error: 'script error', shutdown: 'shutdown', operator: 'operator hung up', refused: 'refused' };

export function outcome(call) {
  if (call.error) return pill('bad', 'script error');
  switch (call.state) {
    case 'incoming': return pill('live', 'incoming');
    case 'early': return pill('live', 'ringing');
    case 'answered': return pill('talk', 'talking');
  }
  if (!call.answer && call.code >= 300 && call.by !== 'cancel') return pill(call.code >= 500 ? 'bad' : 'quiet', `${call.code} ${call.reason ?? ''}`.trim());
  return pill(kinds[call.by] ?? 'quiet', words[call.by] ?? call.by ?? 'ended');
}

export function grade(mos) {
  if (!mos) return '';
  return mos >= 4 ? 'good' : mos >= 3.5 ? 'warn' : 'bad';
}

export function toast(text, kind = '') {
  const el = h('div.toast', { class: 'toast ' + kind }, text);
  document.getElementById('toasts').append(el);
  setTimeout(() => el.remove(), 5000);
}

// empty is what stands where nothing is.
export function empty(title, ...text) {
  return h('div.empty', null, h('p.big', null, title), text.length > 0 && h('p', null, ...text));
}

export function skeleton(rows = 6) {
  return h('div.skeleton', { 'aria-label': 'Loading' }, Array.from({ length: rows }, () => h('i')));
}

// The tail of the log.
import { h, replace, clock, empty, skeleton } from './dom.js';
import { get } from './api.js';

const levels = ['debug', 'info', 'warn', 'error'];
const mostShown = 500;

export function log(main, _, session) {
  const query = new URLSearchParams(location.search);
  const state = { lines: [], level: query.get('level') ?? 'debug', call: query.get('call') ?? '', text: query.get('q') ?? '', follow: true, at: 0 };
  const search = h('input', { type: 'search', placeholder: 'Message or field …', 'aria-label': 'Search the log', value: state.text, oninput: (e) => { state.text = e.target.value; keep(); draw(); } });
  const level = h('select', { 'aria-label': 'Level', onchange: (e) => { state.level = e.target.value; keep(); draw(); } },
    levels.map((l) => h('option', { value: l, selected: l === state.level }, l === 'debug' ? 'all levels' : l === 'error' ? 'error' : l + ' and above')));
  const chip = h('span.chips');
  const follow = h('button.button', { 'aria-pressed': 'true', onclick: () => { state.follow = !state.follow; draw(); } }, 'Follow');
  const list = h('ol.log', { 'aria-label': 'Log lines' });
  const holder = h('div.logbox', { tabindex: 0 }, skeleton());
  main.append(h('div.head', null, h('h1', null, 'Log'), h('div.filters', null, level, chip, follow), h('label.search', null, search, h('kbd', { 'aria-hidden': 'true' }, '/'))), holder);

  function keep() {
    const q = new URLSearchParams();
    if (state.call) q.set('call', state.call);
    if (state.level !== 'debug') q.set('level', state.level);
    if (state.text) q.set('q', state.text);
    history.replaceState(null, '', '/log' + (q.size ? '?' + q : ''));
  }

  function draw() {
    follow.setAttribute('aria-pressed', String(state.follow));
    replace(chip, state.call && h('button.chip', { onclick: () => { state.call = ''; keep(); load(); }, 'aria-label': 'All calls' }, 'call ', h('code', null, state.call), ' ×'));
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = state.lines.filter((l) => levels.indexOf(l.level) >= levels.indexOf(state.level) && (!state.call || l.call === state.call) &&
      words.every((w) => (l.msg + ' ' + (l.fields ?? []).map((f) => f.join('=')).join(' ')).toLowerCase().includes(w))).slice(-mostShown);
    if (!shown.length) {
      replace(holder, empty(state.lines.length ? 'No line matches' : 'No lines yet'));
      return;
    }
    replace(list, shown.map(line));
    if (!list.isConnected) replace(holder, list);
    if (state.follow) holder.scrollTop = holder.scrollHeight;
  }

  function line(l) {
    return h('li', { class: l.level }, h('time', { title: l.time }, clock(l.time, true)), h('span.level', null, l.level), h('b', null, l.msg),
      h('span.fields', null, (l.fields ?? []).toSorted((a, b) => (b[0] === 'call') - (a[0] === 'call')).map(([k, v]) => h('span', null, h('i', null, k + '='), k === 'call' ? h('a', { href: '/calls/' + encodeURIComponent(v) }, v) : v, ' '))));
  }

  async function load() {
    try {
      ({ lines: state.lines } = await get('log?' + new URLSearchParams(state.call ? { call: state.call } : {})));
      draw();
    } catch (err) {
      replace(holder, empty('The log could not be loaded', err.message));
    }
  }

  holder.addEventListener('scroll', () => {
    const end = holder.scrollHeight - holder.scrollTop - holder.clientHeight < 40;
    if (end !== state.follow) { state.follow = end; follow.setAttribute('aria-pressed', String(end)); }
  });
  load();
  return {
    topics: 'log',
    on: { log: (lines) => { state.lines = [...state.lines, ...lines.filter((l) => l.n > (state.lines.at(-1)?.n ?? 0))].slice(-1000); draw(); }, reset: load },
    keys: {
      j: () => holder.scrollBy(0, 60), k: () => holder.scrollBy(0, -60),
      Escape: () => (state.call || state.text ? (state.call = state.text = search.value = '', keep(), load()) : session.go('/')),
    },
  };
}

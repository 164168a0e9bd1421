// The calls in progress and the last ones that ended.
import { h, replace, moment, length, number, user, outcome, grade, empty, skeleton } from './dom.js';
import { get } from './api.js';

const shownAtFirst = 100;

const columns = [
  { key: 'start', title: 'Time', of: (c) => c.start, cell: (c) => h('time', { datetime: c.start, title: c.start }, moment(c.start)) },
  { key: 'from', title: 'From', of: (c) => c.cli || user(c.from), cell: (c) => h('span.clip', { title: c.from }, c.cli || user(c.from) || 'anonymous') },
  { key: 'to', title: 'To', of: (c) => c.did || user(c.to), cell: (c) => h('span.clip', { title: c.to }, c.did || user(c.to) || '–') },
  { key: 'script', title: 'Script', of: (c) => c.script ?? '', cell: (c) => c.script ? h('span.clip', { title: `${c.script}, generation ${c.generation}` }, c.script, h('span.dim', null, ' ' + c.generation)) : h('span.dim', null, '–') },
  { key: 'state', title: 'State', of: (c) => (c.state === 'ended' ? `z${c.by}${c.code}` : c.state), cell: outcome },
  { key: 'duration', title: 'Duration', num: true, of: seconds, cell: (c) => h('span', null, c.answer ? length(seconds(c)) : '–') },
  { key: 'codec', title: 'Codec', wide: true, of: (c) => c.codec ?? '', cell: (c) => h('span', null, c.codec ?? h('span.dim', null, '–')) },
  { key: 'loss', title: 'Loss', num: true, wide: true, of: (c) => c.rx?.loss_pct ?? -1, cell: (c) => h('span', null, heard(c) ? number(c.rx.loss_pct, 1) + ' %' : h('span.dim', null, '–')) },
  { key: 'mos', title: 'MOS', num: true, of: (c) => c.mos ?? 0, cell: (c) => h('span', { class: grade(c.mos) }, c.mos ? number(c.mos, 2) : h('span.dim', null, '–')) },
];

const heard = (c) => c.rx?.packets > 0;

function seconds(c) {
  if (!c.answer) return 0;
  return c.state === 'ended' ? c.duration : (Date.now() - new Date(c.answer)) / 1000;
}

export function calls(main, _, session) {
  const query = new URLSearchParams(location.search);
  const state = { all: new Map(), text: query.get('q') ?? '', which: query.get('state') ?? 'all', sort: 'start', down: true, at: -1, most: shownAtFirst, loaded: false };
  const search = h('input', { type: 'search', placeholder: 'Number, address, ID, script …', 'aria-label': 'Search calls', value: state.text, oninput: (e) => { state.text = e.target.value; state.at = -1; keep(); draw(); } });
  const tabs = h('div.tabs', { role: 'group', 'aria-label': 'Which calls' });
  const body = h('div.list', null, skeleton());
  main.append(
    h('div.head', null, h('h1', null, 'Calls'), tabs, h('label.search', null, search, h('kbd', { 'aria-hidden': 'true' }, '/'))),
    body);

  function keep() {
    const q = new URLSearchParams();
    if (state.text) q.set('q', state.text);
    if (state.which !== 'all') q.set('state', state.which);
    history.replaceState(null, '', q.size ? '/?' + q : '/');
  }

  function matching() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const column = columns.find((c) => c.key === state.sort);
    const list = [...state.all.values()].filter((c) => {
      if (state.which === 'live' && c.state === 'ended' || state.which === 'ended' && c.state !== 'ended') return false;
      if (state.which === 'failed' && !(c.error || c.by === 'error' || c.by === 'no_ack' || c.code >= 500 || c.verdict?.result === 'fail')) return false;
      const text = [c.id, c.sip_call_id, c.from, c.to, c.cli, c.did, c.source, c.script, c.codec, c.by, c.code, c.trunk].join(' ').toLowerCase();
      return words.every((w) => text.includes(w));
    });
    const sign = state.down ? -1 : 1;
    return list.sort((a, b) => {
      const [x, y] = [column.of(a), column.of(b)];
      return sign * (x < y ? -1 : x > y ? 1 : 0) || (a.start < b.start ? 1 : -1);
    });
  }

  function drawTabs() {
    const all = [...state.all.values()];
    const count = { all: all.length, live: all.filter((c) => c.state !== 'ended').length };
    replace(tabs, [['all', 'All'], ['live', 'In progress'], ['ended', 'Ended'], ['failed', 'Failed']].map(([key, title]) =>
      h('button', { 'aria-pressed': String(state.which === key), onclick: () => { state.which = key; state.at = -1; keep(); draw(); } },
        title, count[key] != null && state.loaded && h('span.count', null, number(count[key])))));
  }

  function row(c, i) {
    const open = (e) => { if (!e.target.closest('a')) session.go('/calls/' + encodeURIComponent(c.id)); };
    return h('tr', { class: `${c.state === 'ended' ? '' : 'on'} ${i === state.at ? 'at' : ''}`, onclick: open, 'aria-selected': i === state.at ? 'true' : null },
      columns.map((col, n) => h('td', { class: `${col.num ? 'num' : ''} ${col.wide ? 'wide' : ''} c-${col.key}` },
        n === 0 ? h('a', { href: '/calls/' + encodeURIComponent(c.id), 'aria-label': `Call from ${c.cli || user(c.from)} to ${c.did || user(c.to)}` }, col.cell(c)) : col.cell(c))));
  }

  function draw() {
    drawTabs();
    if (!state.loaded) return;
    const list = matching();
    state.list = list;
    if (!list.length) {
      replace(body, state.all.size ? empty('No call matches', h('button.link', { onclick: () => { state.text = search.value = ''; state.which = 'all'; keep(); draw(); } }, 'Show all'))
        : empty('No calls yet', 'Call this server, for example with ', h('code', null, 'offhook call sip:test@127.0.0.1'), '. They appear here as they come.'));
      return;
    }
    const head = h('tr', null, columns.map((col) => h('th', { scope: 'col', class: `${col.num ? 'num' : ''} ${col.wide ? 'wide' : ''} c-${col.key}`, 'aria-sort': state.sort === col.key ? (state.down ? 'descending' : 'ascending') : null },
      h('button', { onclick: () => { state.down = state.sort === col.key ? !state.down : true; state.sort = col.key; draw(); } }, col.title, h('i', { 'aria-hidden': 'true' }, state.sort === col.key ? (state.down ? '↓' : '↑') : '')))));
    const rest = list.length - state.most;
    replace(body,
      h('table.calls', null, h('caption.unseen', null, 'Calls'), h('thead', null, head), h('tbody', null, list.slice(0, state.most).map(row))),
      rest > 0 && h('button.button.more', { onclick: () => { state.most += 500; draw(); } }, `Show ${number(Math.min(rest, 500))} more of ${number(list.length)}`));
  }

  async function load() {
    try {
      const { calls } = await get('calls');
      state.all = new Map(calls.map((c) => [c.id, c]));
      state.loaded = true;
      draw();
    } catch (err) {
      replace(body, empty('The calls could not be loaded', err.message));
    }
  }

  function move(by) {
    const n = Math.min(state.list?.length ?? 0, state.most);
    if (!n) return;
    state.at = Math.max(0, Math.min(n - 1, state.at + by));
    draw();
    main.querySelector('tr.at')?.scrollIntoView({ block: 'nearest' });
  }

  // Live durations go on, and many changes at once are drawn once.
  let due = false;
  const tick = setInterval(() => { if (due || [...state.all.values()].some((c) => c.state === 'answered')) { due = false; if (!main.querySelector('tbody a:focus, thead button:focus')) draw(); } }, 1000);
  function soon() {
    due = true;
    setTimeout(() => { if (due) { due = false; draw(); } }, 150);
  }

  drawTabs();
  load();
  return {
    topics: 'calls',
    on: {
      calls: (e) => {
        if (e.reload) return load();
        for (const c of e.changed) state.all.set(c.id, c);
        if (state.all.size > 6000) return load(); // the server has forgotten many of them
        soon();
      },
      reset: load,
    },
    keys: {
      j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
      Enter: () => state.list?.[state.at] && session.go('/calls/' + encodeURIComponent(state.list[state.at].id)),
      Escape: () => { state.text = search.value = ''; keep(); draw(); },
    },
    leave: () => clearInterval(tick),
  };
}

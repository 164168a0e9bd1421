// One call: what it is, and all that happened in it.
import { h, replace, clock, day, length, number, user, outcome, grade, toast, empty, skeleton } from './dom.js';
import { get, act } from './api.js';
import { layOut, pauses, waits, sound } from './timeline.js';

const hidden = new Set(['state']); // told by the messages and by the bar beside the axis

export function call(main, match, session) {
  const id = decodeURIComponent(match[1]);
  const page = { record: null, at: -1, open: false, rows: [], me: session };
  const top = h('div.calltop', null, skeleton(2));
  const line = h('section.timeline', { 'aria-label': 'What happened' });
  const drawer = h('aside.drawer', { 'aria-label': 'Details', hidden: true, tabindex: -1 });
  main.append(top, line, drawer);

  async function load() {
    try {
      page.record = await get('calls/' + encodeURIComponent(id));
    } catch (err) {
      replace(top, empty(err.status === 404 ? 'This call is not known any more' : 'The call could not be loaded', err.message, ' ', h('a', { href: '/' }, 'All calls')));
      replace(line);
      return;
    }
    draw();
  }

  function draw() {
    const { call, entries, points } = page.record;
    document.title = `${call.cli || user(call.from)} → ${call.did || user(call.to)} · Offhook`;
    replace(top, heading(call, session, hangup), facts(sofar(call, points?.at(-1))), call.error && failure(call.error), verdict(call.verdict));
    drawLine(call, (entries ?? []).filter((e) => !hidden.has(e.kind)), points ?? []);
  }

  function drawLine(call, entries, points) {
    const now = call.state === 'ended' ? (new Date(call.end) - new Date(call.start)) / 1000 : Math.max(0, ...entries.map((e) => e.at), ...points.map((p) => p.at));
    const narrow = main.clientWidth < 1000;
    const plan = layOut(entries, now, narrow);
    page.rows = plan.rows;
    const width = main.clientWidth < 640 ? 74 : narrow ? 150 : 210;
    const chart = h('div.axis', { style: { height: plan.height + 'px' } },
      h('div.phases', { 'aria-hidden': 'true' }, phases(call, plan, now)),
      h('div.lifelines', { 'aria-hidden': 'true' }),
      waits(plan.rows).map((w) => h('i.wait', { style: { top: w.from + 26 + 'px', height: Math.max(2, w.to - w.from - 22) + 'px' }, 'aria-hidden': 'true' })),
      pauses(plan.rows).map((p) => h('span.pause', { style: { top: p.y + 'px' } }, length(p.seconds))),
      h('ol', null, plan.rows.map((r, i) => row(r, i))),
      h('div.soundlane', null, sound(plan, points, entries, width, now)));
    const us = h('b', null, 'Offhook'), peer = h('b', { title: call.source }, main.clientWidth < 640 ? (call.outgoing ? 'callee' : 'caller') : call.source);
    replace(line,
      h('div.lanes', { 'aria-hidden': 'true' }, h('span', null, 'Time'),
        h('span.peers', null, call.outgoing ? [us, peer] : [peer, us]),
        h('span', null, call.script ? `${call.script}.lua` : 'Script'), !narrow && h('span', null, 'Sound'),
        h('span.soundhead', null, h('b', null, 'sent'), h('b', null, 'heard'), h('b.q', null, 'loss', h('i', null, ' jitter')))),
      entries.length || points.length ? chart : empty('Nothing is written down yet'),
      call.left_out > 0 && h('p.hint', null, `${number(call.left_out)} more entries found no room in the journal.`));
    line.style.setProperty('--sound', width + 'px');
    mark();
  }

  function row({ e, y, lane, timed }, i) {
    const time = h('time', { class: timed ? '' : 'unseen', title: clock(+new Date(page.record.call.start) + e.at * 1000, true) }, e.at.toFixed(3));
    return h('li', { style: { top: y + 'px' }, class: `row ${lane} k-${e.kind}`, dataset: { i } }, time,
      h('button', { onclick: () => select(i, true), 'aria-label': spoken(e), title: lane === 'script' ? e.text : null }, content(e, page.record.call)));
  }

  function select(i, open) {
    page.at = i;
    page.open = open;
    mark();
    main.querySelector('li.at')?.scrollIntoView({ block: 'nearest' });
  }

  function mark() {
    for (const li of line.querySelectorAll('li')) li.classList.toggle('at', Number(li.dataset.i) === page.at);
    drawer.hidden = !(page.open && page.rows[page.at]);
    main.classList.toggle('withdrawer', !drawer.hidden);
    if (!drawer.hidden) replace(drawer, details(page.rows[page.at].e, page.record.call, () => { page.open = false; mark(); }));
  }

  function step(by) {
    if (page.rows.length) select(Math.max(0, Math.min(page.rows.length - 1, page.at + by)), page.open);
  }

  async function hangup() {
    try {
      await act(`calls/${encodeURIComponent(id)}/hangup`);
      toast('The call is being ended.');
    } catch (err) {
      toast(err.message, 'bad');
    }
  }

  const resized = () => page.record && draw();
  window.addEventListener('resize', resized);
  const tick = setInterval(() => { if (page.record?.call.state === 'answered') load(); }, 2000); // quality goes on without entries
  load();
  return {
    topics: 'call:' + id,
    on: { call: load, reset: load },
    keys: {
      j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
      Enter: () => page.at >= 0 && select(page.at, true),
      Escape: () => { if (page.open) { page.open = false; mark(); } else session.go('/'); },
    },
    leave: () => { window.removeEventListener('resize', resized); clearInterval(tick); },
  };
}

function heading(c, session, hangup) {
  const api = '/api/v1/calls/' + encodeURIComponent(c.id);
  let sure = false;
  const end = h('button.button.danger', { onclick: () => { if (sure) return hangup(); sure = true; end.textContent = 'Really hang up?'; setTimeout(() => { sure = false; end.textContent = 'Hang up'; }, 4000); } }, 'Hang up');
  return h('div.head', null,
    h('div.title', null, h('a.back', { href: '/', 'aria-label': 'Back to the calls' }, '←'),
      h('h1', null, h('span.clip', { title: c.from }, c.cli || user(c.from) || 'anonymous'), h('span.arrow', { 'aria-label': 'to' }, '→'), h('span.clip', { title: c.to }, c.did || user(c.to) || '–')),
      outcome(c)),
    h('div.actions', null,
      h('a.button', { href: api + '/pcap', download: `call-${c.id}.pcap`, title: 'Download its messages and RTP for Wireshark' }, 'pcap'),
      (c.recordings ?? []).map((name, i) => h('a.button', { href: `${api}/recordings/${i}`, download: true, title: name }, c.recordings.length > 1 ? `Recording ${i + 1}` : 'Recording')),
      h('a.button', { href: '/log?call=' + encodeURIComponent(c.id) }, 'Log'),
      c.state !== 'ended' && session.role === 'operator' && end));
}

// sofar is a call with what was measured last, as long as it goes on.
function sofar(c, p) {
  if (!p || c.rx) return c;
  const expected = p.received + Math.max(0, p.lost);
  return { ...c, mos: p.mos, tx: { packets: p.sent }, rx: { packets: p.received, loss_pct: expected ? 100 * Math.max(0, p.lost) / expected : 0, jitter_ms: p.jitter_ms } };
}

function facts(c) {
  const talked = c.answer ? (c.state === 'ended' ? c.duration : (Date.now() - new Date(c.answer)) / 1000) : null;
  const list = [
    ['Began', h('time', { datetime: c.start }, `${day(c.start)} ${clock(c.start)}`)],
    ['Answered after', c.answer ? length((new Date(c.answer) - new Date(c.start)) / 1000) : '–'],
    ['Talked', talked == null ? '–' : length(talked)],
    c.state === 'ended' && ['Ended by', [c.by, c.reason && ` · ${c.reason}`]],
    c.script && ['Script', h('a', { href: '/scripts/' + c.generation }, `${c.script} (generation ${c.generation})`)],
    c.codec && ['Codec', c.codec + (c.srtp ? ', SRTP' : '')],
    c.mos > 0 && ['MOS', h('b', { class: grade(c.mos) }, number(c.mos, 2))],
    c.rx?.packets > 0 && ['Heard', `${number(c.rx.packets)} packets, ${number(c.rx.loss_pct, 1)} % lost, jitter ${number(c.rx.jitter_ms, 1)} ms`],
    c.tx?.packets > 0 && ['Sent', `${number(c.tx.packets)} packets`],
    c.rtt_ms > 0 && ['Round trip', number(c.rtt_ms, 1) + ' ms'],
    c.digits && ['Keys', c.digits],
    c.trunk && ['Trunk', c.trunk],
    ['Source', `${c.source} ${c.transport ?? ''}`],
    ['Call-ID', h('span.clip', { title: c.sip_call_id }, c.sip_call_id)],
    ['ID', h('code', null, c.id)],
    ...Object.entries(c.vars ?? {}).map(([k, v]) => [k, String(v)]),
  ].filter(Boolean);
  return h('dl.facts', null, list.map(([k, v]) => h('div', null, h('dt', null, k), h('dd', null, v))));
}

function failure(err) {
  const at = err.file ? `${err.file}:${err.line}` : '';
  return h('div.banner.bad', { role: 'alert' }, h('b', null, 'The script failed'), ' ', at && h('code', null, at), ' ', (err.message ?? '').replace(at + ': ', ''),
    err.traceback && h('details', null, h('summary', null, 'Traceback'), h('pre', null, err.traceback)));
}

function verdict(v) {
  return v && h('div.banner', { class: 'banner ' + (v.result === 'pass' ? 'good' : 'bad') }, h('b', null, v.result), ` ${v.message ?? ''}`, v.checks > 0 && ` (${v.checks - v.failed} of ${v.checks} checks passed)`);
}

function phases(c, plan, now) {
  const since = (t) => (new Date(t) - new Date(c.start)) / 1000;
  const bar = (name, from, to) => h('i.' + name, { style: { top: plan.at(from) + 15 + 'px', height: Math.max(2, plan.at(to) - plan.at(from)) + 'px' } });
  return [
    bar('ringing', 0, c.answer ? since(c.answer) : now),
    c.answer && bar('talking', since(c.answer), now),
  ];
}

const inwards = (e, c) => !e.sent === !c.outgoing; // drawn from left to right

function content(e, c) {
  switch (e.kind) {
    case 'message':
      return h('span.msg', { class: `msg ${inwards(e, c) ? 'right' : 'left'} ${e.again ? 'again' : ''} ${statusClass(e.text)}` }, h('b', null, e.text || 'message'), h('i', { 'aria-hidden': 'true' }));
    case 'media': return h('span.media', null, e.text);
    case 'digit': return h('span.unseen', null, 'key ' + e.text);
    case 'return': return [place(e), h('span.dim', null, [/→ (.*)/s.exec(e.text)?.[1], length(e.took)].filter(Boolean).reduce((a, b) => `${a} · ${b}`, '↳').replace('↳ ·', '↳'))];
    case 'error': return [place(e), h('span.bad', null, firstLine(e.text))];
    case 'mark': return [place(e), h('span.tag', null, e.text)];
    case 'check': return [place(e), h('span.tag.bad', null, e.text)];
    case 'verdict': return [place(e), h('span.tag', { class: 'tag ' + (e.text.startsWith('pass') ? 'good' : 'bad') }, e.text)];
    case 'log': return [place(e), h('span.dim', null, '“' + firstLine(e.text) + '”')];
  }
  return [place(e), h('code', null, firstLine(e.text))];
}

const firstLine = (text) => (text ?? '').split('\n')[0];
const place = (e) => e.place && h('span.place', null, e.place);

function statusClass(text) {
  const code = Number(/^(\d{3}) /.exec(text ?? '')?.[1]);
  return code >= 400 ? 'refusal' : code >= 200 ? 'final' : code ? 'provisional' : 'request';
}

function spoken(e) {
  const who = e.kind === 'message' ? (e.sent ? 'sent' : 'received') + (e.again ? ' again' : '') : e.kind;
  return `${e.at.toFixed(3)} seconds, ${who}: ${e.text ?? ''} ${e.place ?? ''}`;
}

function details(e, c, close) {
  const when = clock(+new Date(c.start) + e.at * 1000, true);
  return [
    h('header', null, h('h2', null, e.kind === 'message' ? e.text : e.kind), h('button.icon', { onclick: close, 'aria-label': 'Close' }, '×')),
    h('p.hint', null, `${e.at.toFixed(3)} s · ${when}`, e.place && [' · ', h('code', null, e.place)],
      e.peer && [h('br'), `${e.peer.network} ${e.sent ? `${e.peer.local} → ${e.peer.remote}` : `${e.peer.remote} → ${e.peer.local}`}`], e.again && ' · a copy'),
    h('pre.message', { tabindex: 0 }, e.raw ? highlighted(e.raw) : e.text + (e.took ? `\nreturned after ${e.took.toFixed(3)} s` : '')),
    e.raw && h('button.button', { onclick: () => navigator.clipboard?.writeText(e.raw).then(() => toast('Copied.')) }, 'Copy'),
  ];
}

// highlighted tells the parts of a SIP message from each other.
function highlighted(raw) {
  const [head, ...body] = raw.split('\r\n\r\n');
  const [first, ...fields] = head.split('\r\n');
  return [h('b', null, first), '\n', fields.map((f) => {
    const colon = f.indexOf(':');
    return colon > 0 && !/^\s/.test(f) ? [h('span.field', null, f.slice(0, colon + 1)), f.slice(colon + 1), '\n'] : [f, '\n'];
  }), '\n', h('span.sdp', null, body.join('\r\n\r\n').replaceAll('\r\n', '\n'))];
}

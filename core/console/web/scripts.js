// The generations of the scripts: what came, what was refused and on which line, what differs.
import { h, replace, moment, number, toast, empty, skeleton } from './dom.js';
import { get, act } from './api.js';

export function scripts(main, match, session) {
  const state = { all: [], chosen: decodeURIComponent(match[1] ?? ''), from: null, now: null };
  const list = h('ol.generations', { 'aria-label': 'Generations' }, skeleton());
  const view = h('section.generation', { 'aria-live': 'polite' });
  const reload = h('button.button', { onclick: () => change('scripts/reload', 'Nothing has changed.') }, 'Reload');
  const sub = h('p.hint');
  main.append(h('div.head', null, h('h1', null, 'Scripts'), sub, session.role === 'operator' && h('div.actions', null, reload)), h('div.split', null, list, view));

  const latestRefusal = () => state.all.find((g) => !g.generation);
  // Of what was refused the server keeps the files of the last one only.
  const keyOf = (g) => (g.generation ? String(g.generation) : g === latestRefusal() ? 'refused' : 'refused-' + g.time);
  const chosen = () => state.all.find((g) => keyOf(g) === state.chosen) ?? state.all[0];

  async function load() {
    try {
      [state.all, state.now] = await Promise.all([get('generations'), get('scripts')]);
    } catch (err) {
      replace(list, empty('The generations could not be loaded', err.message));
      return;
    }
    replace(sub, `Generation ${state.now.generation} from ${state.now.origin}: ${number(state.now.files.length)} files`);
    draw();
  }

  function draw() {
    const at = chosen();
    replace(list, state.all.map((g) => h('li', null, h('button', {
      'aria-current': g === at ? 'true' : null, class: g.generation ? '' : 'refused',
      onclick: () => choose(g),
    },
      h('span.n', null, g.generation ? number(g.generation) : '×'),
      h('span.what', null, h('b', null, g.outcome, g.rollback_of ? ` to ${g.rollback_of}` : ''), h('span.dim', null, files(g))),
      h('span.when', null, h('time', { datetime: g.time }, moment(g.time)), g.current ? h('span.pill.talk', null, 'current') : h('code', null, (g.hash ?? '').slice(0, 6)))))));
    if (at) show(at);
    else replace(view, empty('No generation'));
  }

  function choose(g) {
    state.chosen = keyOf(g);
    state.from = null;
    history.replaceState(null, '', '/scripts/' + encodeURIComponent(state.chosen));
    draw();
  }

  async function show(g) {
    const i = state.all.indexOf(g);
    const others = state.all.filter((o) => o.generation && o !== g);
    const before = others.find((o) => o.generation === state.from) ?? (g.generation ? state.all.slice(i + 1).find((o) => o.generation) : state.all.find((o) => o.current));
    const back = g.generation && !g.current && session.role === 'operator' &&
      h('button.button', { onclick: () => change('scripts/rollback/' + g.generation) }, `Roll back to ${g.generation}`);
    const compare = others.length > 0 && h('label.compare', null, 'compared with ', h('select', { onchange: (e) => { state.from = Number(e.target.value); show(g); } },
      !before && h('option', { selected: true }, 'nothing'),
      others.map((o) => h('option', { value: o.generation, selected: o === before }, `generation ${o.generation}`))));
    const head = h('div.head', null, h('h2', null, g.generation ? `Generation ${g.generation}` : 'Refused'), compare, back);
    const findings = (g.findings ?? []).map((f) => h('li', null, h('code', null, [f.file, f.line, f.column].filter(Boolean).join(':')), ' ', f.message));
    const trouble = g.error && h('div.banner.bad', { role: 'alert' }, h('b', null, 'Calls still get the generation before.'), findings.length ? h('ul', null, findings) : ' ' + g.error);
    replace(view, head, trouble, skeleton(3));
    if (!g.generation && g !== latestRefusal()) return replace(view, head, trouble);
    let diffs;
    try {
      diffs = await get(`generations/${keyOf(g)}/diff` + (before ? '?from=' + before.generation : ''));
    } catch (err) {
      replace(view, head, trouble, empty('The files are not kept any more', err.message));
      return;
    }
    if (chosen() !== g) return;
    replace(view, head, trouble, diffs.length ? diffs.map((d) => file(d, g, !before && diffs.length > 3)) : empty('No file differs'));
  }

  // file shows what differs in one; many new ones, of the first generation, are closed.
  function file(d, g, whole) {
    const wrong = new Map((g.findings ?? []).filter((f) => f.file === d.path).map((f) => [f.line, f.message]));
    const closed = whole && !wrong.size;
    return h('details.file', { open: !closed },
      h('summary', null, h('code', null, d.path), h('span.pill', { class: 'pill ' + { added: 'good', removed: 'bad', changed: 'quiet' }[d.change] }, d.change),
        h('span.dim', null, `+${d.lines.filter((l) => l.op === '+').length} −${d.lines.filter((l) => l.op === '-').length}`)),
      h('div.diff', { tabindex: 0 }, h('table', null, h('tbody', null, d.lines.map((l) => [
        h('tr', { class: { '+': 'add', '-': 'del', '…': 'gap' }[l.op] ?? '' }, h('td.n', null, l.old ?? ''), h('td.n', null, l.new ?? ''), h('td.op', null, l.op === '…' ? '' : l.op), h('td', null, h('code', null, l.op === '…' ? '⋯' : l.text))),
        l.new && wrong.has(l.new) && h('tr.wrong', null, h('td', { colspan: 3 }), h('td', null, wrong.get(l.new)))])))));
  }

  async function change(path, same) {
    reload.disabled = true;
    try {
      const c = await act(path);
      if (c.error) toast(`Refused; generation ${c.generation} stays.`, 'bad');
      else toast(c.changed ? `Generation ${c.generation} is current.` : same ?? 'Nothing has changed.');
      state.chosen = '';
      history.replaceState(null, '', '/scripts');
      await load();
    } catch (err) {
      toast(err.message, 'bad');
    } finally {
      reload.disabled = false;
    }
  }

  function step(by) {
    const at = state.all.indexOf(chosen());
    const next = state.all[Math.max(0, Math.min(state.all.length - 1, at + by))];
    if (next) choose(next);
  }

  load();
  return {
    topics: 'scripts',
    on: { scripts: (g) => { toast(g.generation ? `Generation ${g.generation} is current.` : 'Scripts were refused.', g.generation ? '' : 'bad'); load(); }, reset: load },
    keys: { j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), Escape: () => session.go('/') },
  };
}

function files(g) {
  const all = [...(g.files_added ?? []).map((f) => '+' + f), ...(g.files_changed ?? []), ...(g.files_removed ?? []).map((f) => '−' + f)];
  return all.length > 3 ? `${all.slice(0, 2).join(' ')} and ${all.length - 2} more` : all.join(' ') || 'no file differs';
}

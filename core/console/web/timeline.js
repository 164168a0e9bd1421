// One time axis, downwards, for all that happened in a call: the ladder, the script, the sound. Time between two entries takes
// room by its logarithm, so that a burst of messages can be read and a long tone does not push the end away. What has no entry
// of its own (loss, jitter) is placed between the entries before and after it, in proportion.
import { h, length, number } from './dom.js';

const rowHeight = 30;
const lanes = { message: 'ladder', digit: 'sound', media: 'sound' };

// laneOf is the column of an entry. In a narrow window the sound has none for text, and shares the script's.
export const laneOf = (e, narrow) => (narrow && e.kind === 'media' ? 'script' : lanes[e.kind] ?? 'script');

const gap = (seconds) => (seconds < 0.015 ? 0 : Math.min(130, 13 * Math.log2(1 + seconds / 0.015)));

// layOut gives each entry its y and returns the height and at(seconds), the y of any moment.
export function layOut(entries, end, narrow) {
  let labelled = -Infinity;
  const last = { ladder: -rowHeight, script: -rowHeight, sound: -rowHeight };
  const stops = []; // [seconds, y], ascending
  let y = 0, before = 0;
  const rows = entries.map((e) => {
    const lane = laneOf(e, narrow);
    y = Math.max(y + gap(e.at - before), last[lane] + rowHeight);
    before = e.at;
    last[lane] = y;
    stops.push([e.at, y]);
    const timed = y - labelled >= 16; // its time can stand beside it
    if (timed) labelled = y;
    return { e, y, lane, timed };
  });
  if (end > before) stops.push([end, y + gap(end - before)]);
  const height = Math.max(stops.length ? stops[stops.length - 1][1] : 0, y) + rowHeight * 1.5;
  const at = (seconds) => {
    let lo = 0, hi = stops.length - 1;
    if (hi < 0 || seconds <= stops[0][0]) return stops[0]?.[1] ?? 0;
    if (seconds >= stops[hi][0]) return stops[hi][1];
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (stops[mid][0] <= seconds) lo = mid; else hi = mid;
    }
    const [[t0, y0], [t1, y1]] = [stops[lo], stops[hi]];
    return t1 === t0 ? y1 : y0 + (y1 - y0) * (seconds - t0) / (t1 - t0);
  };
  return { rows, height, at };
}

// pauses are the stretches in which nothing happened, to be labelled with how long they were.
export function pauses(rows) {
  const list = [];
  for (let i = 1; i < rows.length; i++) {
    const seconds = rows[i].e.at - rows[i - 1].e.at;
    const [top, bottom] = [rows[i - 1].y + rowHeight, rows[i].y];
    if (seconds >= 0.5 && bottom - top >= 12) list.push({ seconds, y: (top + bottom) / 2 });
  }
  return list;
}

// waits are the verbs that took time, from the line that called to the one that returned.
export function waits(rows) {
  const open = new Map(), list = [];
  for (const { e, y } of rows) {
    if (e.kind === 'verb') open.set(e.place ?? '', y);
    if (e.kind === 'return' && open.has(e.place ?? '')) list.push({ from: open.get(e.place ?? ''), to: y, seconds: e.took });
  }
  return list.filter((w) => w.to > w.from);
}

// sound draws the lanes of what was sent and heard, and how well.
export function sound(plan, points, entries, width, end) {
  const narrow = width < 160;
  const [laneWidth, space] = narrow ? [14, 6] : [34, 16];
  const [sentX, heardX] = [space, space * 2 + laneWidth];
  const plotX = heardX + laneWidth + space, plotWidth = width - plotX - 4;
  const svg = h('svg.sound', { width, height: plan.height, viewBox: `0 0 ${width} ${plan.height}`, role: 'img', 'aria-label': described(points) });
  svg.append(h('rect.lane', { x: sentX, y: 0, width: laneWidth, height: plan.height, rx: 3 }), h('rect.lane', { x: heardX, y: 0, width: laneWidth, height: plan.height, rx: 3 }));
  const first = (what) => entries.find((e) => e.kind === 'media' && e.text.startsWith(what))?.at ?? 0;
  const [sentFrom, heardFrom] = [first('first RTP sent'), first('first RTP received')];
  const steps = points.map((p, i) => ({ from: points[i - 1] ?? { at: Math.max(0, p.at - 1), sent: 0, received: 0, lost: 0 }, to: p }));
  const worst = Math.max(20, ...points.map((p) => p.jitter_ms));
  const bar = (x, name, { from, to }, since, title) => {
    const [top, bottom] = [plan.at(Math.max(from.at, since)), plan.at(Math.min(to.at, end))];
    svg.append(h('rect.' + name, { x, y: top, width: laneWidth, height: Math.max(1, bottom - top + 0.5) }, h('title', null, title)));
  };
  for (const s of steps) {
    const [sent, received, lost] = [s.to.sent - s.from.sent, s.to.received - s.from.received, Math.max(0, s.to.lost - s.from.lost)];
    if (sent > 0) bar(sentX, 'sent', s, sentFrom, `sent ${number(sent)} packets`);
    if (received > 0) bar(heardX, 'heard', s, heardFrom, `heard ${number(received)} packets, ${number(lost)} lost`);
    if (lost > 0) {
      const part = lost / (lost + received), y = plan.at(s.from.at);
      const size = Math.max(2, Math.min(1, part * 5) * plotWidth); // 20 % and more fill the plot
      svg.append(h('rect.lost', { x: plotX, y, width: size, height: Math.max(2, plan.at(s.to.at) - y) }, h('title', null, `${number(part * 100, 1)} % lost`)));
    }
  }
  if (points.some((p) => p.jitter_ms > 0)) {
    const line = points.map((p) => `${(plotX + Math.min(1, p.jitter_ms / worst) * plotWidth).toFixed(1)},${plan.at(p.at).toFixed(1)}`);
    svg.append(h('polyline.jitter', { points: line.join(' ') }, h('title', null, `jitter, up to ${number(Math.max(...points.map((p) => p.jitter_ms)), 1)} ms`)));
  }
  for (const { e, y } of plan.rows) {
    if (e.kind !== 'digit') continue;
    const x = heardX + laneWidth / 2;
    svg.append(h('g.digit', null, h('title', null, `key ${e.text} at ${length(e.at)}`),
      h('circle', { cx: x, cy: y + 15, r: narrow ? 9 : 11 }), h('text', { x, y: y + 15, dy: '0.35em' }, e.text)));
  }
  return svg;
}

function described(points) {
  const p = points[points.length - 1];
  return p ? `Sent ${number(p.sent)} packets, heard ${number(p.received)}, ${number(p.lost)} lost, jitter ${number(p.jitter_ms, 1)} ms` : 'No sound';
}

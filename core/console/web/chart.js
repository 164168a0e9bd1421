// A line chart of the last minutes, in SVG: a few series, one scale, a cross-hair.
import { h, replace, clock, number } from './dom.js';

const height = 180, left = 44, right = 10, top = 12, bottom = 22;

// nice is a round number at or above a value.
function nice(v) {
  if (!(v > 0)) return 1;
  const p = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 2.5, 5, 10].map((m) => m * p).find((n) => n >= v * 0.999);
}

// chart makes one: series are {name, key, class}. draw(points) shows them.
export function chart({ title, unit = '', digits = 0, least = 1, max, min = 0, series }) {
  const svg = h('svg', { role: 'img', 'aria-label': title, height });
  const legend = h('div.legend', null, series.map((s) => h('span.' + s.class, null, h('i'), s.name, h('b', null, '–'))));
  const el = h('figure.chart', null, h('figcaption', null, title, unit && h('span.dim', null, ' ' + unit)), legend, svg);
  let points = [], over = null;

  const format = (v) => number(v, digits);

  function draw() {
    const width = Math.max(240, el.clientWidth - 2);
    svg.setAttribute('width', width);
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const top_ = max ?? nice(Math.max(least, ...series.flatMap((s) => points.map((p) => p[s.key] ?? 0))));
    const last = points.length ? points[points.length - 1].t : Date.now();
    const first = Math.min(points[0]?.t ?? last, last - 60e3);
    const x = (t) => left + (width - left - right) * (t - first) / (last - first || 1);
    const y = (v) => top + (height - top - bottom) * (1 - (Math.min(v, top_) - min) / (top_ - min));
    const parts = [];
    for (const part of [0, 0.5, 1]) {
      const v = min + (top_ - min) * part;
      parts.push(h('line.grid', { x1: left, x2: width - right, y1: y(v), y2: y(v) }), h('text.tick', { x: left - 8, y: y(v), dy: '0.32em', 'text-anchor': 'end' }, number(v, Number.isInteger(v) ? 0 : top_ < 1 ? 2 : 1)));
    }
    const minutes = (last - first) / 60e3, stepMs = minutes > 6 ? 120e3 : minutes > 2 ? 60e3 : 15e3;
    for (let t = Math.ceil(first / stepMs) * stepMs; t < last; t += stepMs) {
      if (x(t) < left + 16 || x(t) > width - right - 16) continue;
      parts.push(h('text.tick', { x: x(t), y: height - 6, 'text-anchor': 'middle' }, clock(t).slice(0, stepMs < 60e3 ? 8 : 5)));
    }
    for (const s of series) {
      let d = '', pen = false;
      for (const p of points) {
        const v = p[s.key];
        if (v == null || s.gaps && !v) { pen = false; continue; }
        d += `${pen ? 'L' : 'M'}${x(p.t).toFixed(1)} ${y(v).toFixed(1)}`;
        pen = true;
      }
      if (s.fill && d) parts.push(h('path.fill.' + s.class, { d: `${d}L${x(last).toFixed(1)} ${y(min)}L${x(points[0].t).toFixed(1)} ${y(min)}Z` }));
      parts.push(h('path.line.' + s.class, { d }));
    }
    const at = over == null ? points[points.length - 1] : nearest(points, first + (over - left) / (width - left - right) * (last - first));
    if (over != null && at) parts.push(h('line.cross', { x1: x(at.t), x2: x(at.t), y1: top, y2: height - bottom }), h('text.tick', { x: Math.min(Math.max(x(at.t), left + 26), width - right - 26), y: top - 2, 'text-anchor': 'middle' }, clock(at.t)));
    series.forEach((s, i) => { legend.children[i].querySelector('b').textContent = at && !(s.gaps && !at[s.key]) ? format(at[s.key]) : '–'; });
    replace(svg, parts);
  }

  svg.addEventListener('pointermove', (e) => { over = e.clientX - svg.getBoundingClientRect().left; draw(); });
  svg.addEventListener('pointerleave', () => { over = null; draw(); });
  return { el, draw: (all) => { points = all; draw(); } };
}

function nearest(points, t) {
  return points.reduce((best, p) => (!best || Math.abs(p.t - t) < Math.abs(best.t - t) ? p : best), null);
}

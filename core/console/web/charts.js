// The last ten minutes: calls, rates, pacing, quality.
import { h, replace, number, empty, skeleton } from './dom.js';
import { get } from './api.js';
import { chart } from './chart.js';

export function charts(main) {
  const all = [
    chart({ title: 'Calls in progress', least: 5, series: [{ name: 'calls', key: 'active', class: 's1', fill: true }] }),
    chart({ title: 'Rates', unit: 'calls/s', least: 2, series: [{ name: 'began', key: 'began', class: 's1' }, { name: 'answered', key: 'answered', class: 's2' }, { name: 'failed', key: 'failed', class: 's3' }] }),
    chart({ title: 'Pacing: how late RTP leaves', unit: 'ms', digits: 2, least: 1, series: [{ name: 'median', key: 'late_p50', class: 's1', gaps: true }, { name: '99 %', key: 'late_p99', class: 's3', gaps: true }] }),
    chart({ title: 'RTP sent', unit: 'frames/s', least: 50, series: [{ name: 'frames', key: 'frames', class: 's1', fill: true }] }),
    chart({ title: 'Loss and jitter of what comes', unit: '%, ms', digits: 1, least: 2, series: [{ name: 'loss %', key: 'loss', class: 's3' }, { name: 'jitter ms', key: 'jitter', class: 's4' }] }),
    chart({ title: 'Quality of what comes', unit: 'MOS', digits: 2, min: 1, max: 5, series: [{ name: 'MOS', key: 'mos', class: 's2', gaps: true }] }),
  ];
  const now = h('div.tiles');
  const grid = h('div.charts', null, all.map((c) => c.el));
  const holder = h('div', null, skeleton(4));
  main.append(h('div.head', null, h('h1', null, 'Charts'), h('p.hint', null, 'The last ten minutes, a point each second')), now, holder);
  let points = [], most = 600;

  const tile = (title, value, unit = '') => h('div.tile', null, h('span', null, title), h('b', null, value, unit && value !== '–' && h('small', null, ' ' + unit)));

  function draw() {
    const p = points[points.length - 1];
    if (!p) return replace(holder, empty('The first point comes in a second'));
    if (!grid.isConnected) replace(holder, grid);
    replace(now, tile('Calls', number(p.active)), tile('Calls/s', number(mean('began'), 1)), tile('RTP ports used', number(p.ports)),
      tile('Pacing 99 %', p.frames ? number(p.late_p99, 2) : '–', 'ms'), tile('Loss', p.mos ? number(p.loss, 1) : '–', '%'), tile('MOS', p.mos ? number(p.mos, 2) : '–'));
    for (const c of all) c.draw(points);
  }

  // mean is that of the last ten seconds: a rate of one second jumps about.
  function mean(key) {
    const last = points.slice(-10);
    return last.reduce((sum, p) => sum + p[key], 0) / last.length;
  }

  async function load() {
    try {
      ({ points, most } = await get('series'));
      draw();
    } catch (err) {
      replace(holder, empty('The charts could not be loaded', err.message));
    }
  }

  const resized = () => points.length && draw();
  window.addEventListener('resize', resized);
  load();
  return {
    topics: 'series',
    on: { series: (p) => { points.push(p); if (points.length > most) points.shift(); draw(); }, reset: load },
    leave: () => window.removeEventListener('resize', resized),
  };
}

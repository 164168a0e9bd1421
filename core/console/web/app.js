// The frame: which page is shown, the theme, the keyboard.
import { h, replace, toast, empty } from './dom.js';
import { get, act, listen } from './api.js';
import { calls } from './calls.js';
import { call } from './call.js';
import { scripts } from './scripts.js';
import { charts } from './charts.js';
import { log } from './log.js';
import { login } from './login.js';

// A page is a function (main, match, session) that fills main and returns { topics, on: handlers, keys, leave }.
const pages = [
  [/^\/$/, calls, 'calls', 'Calls'],
  [/^\/calls\/([^/]+)$/, call, 'calls', 'Call'],
  [/^\/scripts(?:\/([^/]+))?$/, scripts, 'scripts', 'Scripts'],
  [/^\/charts$/, charts, 'charts', 'Charts'],
  [/^\/log$/, log, 'log', 'Log'],
  [/^\/login$/, login, 'login', 'Log in'],
];

const main = document.getElementById('main');
let shown = null;
const session = { role: 'nobody', go };

async function show() {
  const path = location.pathname;
  shown?.leave?.();
  shown = null;
  listen('', {});
  if (session.role === 'nobody' && path !== '/login') return go('/login?to=' + encodeURIComponent(path), true);
  const [pattern, page, name, title] = pages.find(([p]) => p.test(path)) ?? [];
  for (const a of document.querySelectorAll('nav a')) a.toggleAttribute('aria-current', a.dataset.page === name);
  if (!page) {
    replace(main, empty('There is no such page', h('a', { href: '/' }, 'To the calls')));
    return;
  }
  document.title = title + ' · Offhook';
  replace(main);
  main.className = 'page-' + name;
  shown = page(main, pattern.exec(path), session);
  listen(shown.topics ?? '', shown.on ?? {});
}

// go shows another page without loading one.
function go(path, instead = false) {
  history[instead ? 'replaceState' : 'pushState'](null, '', path);
  show();
  window.scrollTo(0, 0);
}

document.addEventListener('click', (e) => {
  const a = e.target.closest('a[href^="/"]');
  if (!a || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || a.hasAttribute('download') || a.target) return;
  if (!pages.some(([p]) => p.test(new URL(a.href).pathname))) return;
  e.preventDefault();
  go(a.getAttribute('href'));
});
window.addEventListener('popstate', show);
document.addEventListener('loggedout', () => {
  if (session.role === 'nobody') return;
  session.role = 'nobody';
  toast('You are logged out.', 'bad');
  show();
});

// Theme: the system's, until somebody chooses.
const root = document.documentElement;
root.dataset.theme = localStorage.getItem('theme') ?? '';
document.getElementById('theme').addEventListener('click', () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  localStorage.setItem('theme', root.dataset.theme);
});

const help = document.getElementById('help');
document.getElementById('keys').addEventListener('click', () => help.showModal());

document.addEventListener('keydown', (e) => {
  if (e.metaKey || e.ctrlKey || e.altKey) return;
  const typing = e.target.matches('input, textarea, select');
  if (typing) {
    if (e.key === 'Escape') e.target.blur();
    return;
  }
  if (help.open) return;
  const digit = { 1: '/', 2: '/scripts', 3: '/charts', 4: '/log' }[e.key];
  const search = main.querySelector('input[type=search]');
  if (e.key === '?') help.showModal();
  else if (digit) go(digit);
  else if (e.key === '/' && search) search.focus();
  else if (shown?.keys?.[e.key] && !(e.key === 'Enter' && e.target.matches('a, button'))) shown.keys[e.key](e);
  else return;
  e.preventDefault();
});

export async function start() {
  try {
    Object.assign(session, await get('me'));
  } catch (err) {
    replace(main, empty('The server does not let you in', err.message));
    return;
  }
  const who = document.getElementById('who');
  replace(who, session.role === 'reader' && h('span', { title: session.name }, 'read only'),
    session.session && h('button.link', { onclick: async () => { await act('logout'); location.assign('/login'); } }, 'Log out'));
  show();
}
session.start = start;
start();

// Logging in with a token.
import { h, replace } from './dom.js';
import { act } from './api.js';

export function login(main, _, session) {
  const error = h('p.error', { role: 'alert' });
  const field = h('input', { type: 'password', id: 'token', autocomplete: 'current-password', required: true, autofocus: true, 'aria-describedby': 'hint' });
  const enter = async (e) => {
    e.preventDefault();
    replace(error);
    try {
      await act('login', { token: field.value });
    } catch (err) {
      replace(error, err.message);
      field.select();
      return;
    }
    const to = new URLSearchParams(location.search).get('to') ?? '/';
    history.replaceState(null, '', to.startsWith('/') && !to.startsWith('//') ? to : '/');
    session.start();
  };
  main.append(h('form.login', { onsubmit: enter },
    h('h1', null, 'Log in'),
    h('label', { for: 'token' }, 'Token'), field,
    h('p.hint', { id: 'hint' }, 'console.token lets you look, console.operator_token lets you act.'),
    error,
    h('button.button.primary', null, 'Log in')));
  field.focus();
  return {};
}

// The page: a form, a conversation, the state of its connection. What is said to the server is in chat-client.js.
// /#name=anna&group=lobby joins at once; &user=ben and &all likewise; &token=... is used where the server wants one.
import { ChatClient } from './chat-client.js';
import { Messages } from './messages.js';
import { showNodes } from './nodes.js';

const $ = id => document.getElementById(id);
const join = $('join');
const room = $('room');
let chat = null;
let mode = 'group';
let countdown = 0;

const messages = new Messages($('messages'), {
  retry: delivery => chat.retry(delivery),
  answer: from => { if (mode === 'user') { $('to').value = from; $('text').focus(); } },
});

showNodes($('nodes'));

// --- joining ----------------------------------------------------------------------------------------------------

// Most of what the server does not take for an id, so that it is refused here, in words.
const idError = (what, id) =>
  !id ? `${what} is missing.`
  : /[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(id) ? `${what} has characters that cannot be seen.`
  : new TextEncoder().encode(id).length > 128 ? `${what} is too long.` : '';

join.addEventListener('change', () => {
  const isGroup = join.elements.mode.value === 'group';
  $('group-field').hidden = !isGroup;
  join.elements.group.disabled = !isGroup;
});

join.addEventListener('submit', event => {
  event.preventDefault();
  const { name, group, mode } = join.elements;
  const where = { name: name.value };
  where[mode.value] = mode.value === 'group' ? group.value : '';
  enter(new URLSearchParams(where));
});

function enter(where) {
  const clean = text => (text ?? '').trim().normalize('NFC');
  const name = clean(where.get('name'));
  const group = clean(where.get('group'));
  mode = ['group', 'user', 'all'].find(one => where.has(one)) ?? 'group';
  if (where.has('token')) {
    // Out of the address, which people copy; a reload still finds it.
    sessionStorage.token = where.get('token');
    where.delete('token');
  }

  const error = idError('A name', name) || (mode === 'group' && idError('A group', group));
  $('join-error').textContent = error || '';
  if (error) return;

  const me = encodeURIComponent(name);
  const path = { group: `/chat/group/${encodeURIComponent(group)}/${me}`, user: `/chat/user/${me}`, all: `/chat/all/${me}` }[mode];
  history.replaceState(null, '', `#${where}`);
  document.title = { group: `${group} · Chat`, user: `${name} · Chat`, all: 'Everyone · Chat' }[mode];
  $('room-title').textContent = { group: `Group ${group}`, user: 'One to one', all: 'Everyone' }[mode] + `, as ${name}`;
  $('to-field').hidden = mode !== 'user';
  $('to').value = clean(where.get('user'));
  join.hidden = true;
  room.hidden = false;
  messages.begin(name);
  start(path, sessionStorage.token || (() => fetchToken(name)));
  (mode === 'user' && !$('to').value ? $('to') : $('text')).focus();
}

// Where the server makes tokens for whoever asks; elsewhere this is 404, and one comes with the address, or none is needed.
async function fetchToken(name) {
  const answer = await fetch(`/api/auth/token?nick=${encodeURIComponent(name)}`, { cache: 'no-store', signal: AbortSignal.timeout(5_000) });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(answer.status);
  return (await answer.text()).trim();
}

$('leave').addEventListener('click', () => {
  chat.close();
  chat = null;
  sessionStorage.removeItem('token');
  history.replaceState(null, '', location.pathname);
  document.title = 'Chat';
  room.hidden = true;
  join.hidden = false;
  join.elements.name.focus();
});

// --- the conversation -------------------------------------------------------------------------------------------

function start(path, token) {
  chat = new ChatClient(path, { history: true, token });
  const on = (type, listen) => chat.addEventListener(type, ({ detail }) => listen(detail));
  on('message', message => messages.add(message));
  on('delivery', delivery => messages.deliver(delivery));
  on('state', showState);
  on('gap', () => messages.line('Messages may be missing here: the history no longer reaches back to where you were.', 'warn'));
  on('caughtup', ({ missed }) => messages.line(missed === 0 ? 'Back. You missed nothing.'
    : `Back. Caught up on ${missed} missed message${missed === 1 ? '' : 's'}.`, 'good'));
  on('left', ({ from }) => messages.line(`${from} left.`, 'quiet'));
  on('refused', ({ msg }) => messages.line(msg, 'bad'));
  chat.open();
}

$('composer').addEventListener('submit', event => {
  event.preventDefault();
  const text = $('text').value;
  if (!text.trim()) return;
  let to;
  if (mode === 'user') {
    to = $('to').value.trim().normalize('NFC');
    const error = idError('The name of the person', to);
    $('to').setCustomValidity(error);
    if (error) { $('to').reportValidity(); return; }
  }

  chat.send(text, { to });
  $('text').value = '';
});

$('to').addEventListener('input', () => $('to').setCustomValidity(''));
$('text').addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $('composer').requestSubmit();
  }
});

// --- the state of the connection --------------------------------------------------------------------------------

const reasons = {
  1001: 'the server heard nothing from this page',
  1008: 'too many messages',
  1009: 'a message was too big',
  1011: 'the server had a problem',
  1012: 'the node is stopping',
  1013: 'the server could not keep up',
  4401: 'the token expired',
};

function showState({ state, delay = 0, code, reason }) {
  clearInterval(countdown);
  $('status').className = `status ${state}`;
  $('hurry').hidden = state !== 'waiting';
  const say = text => { $('status-text').textContent = text; };
  switch (state) {
    case 'connecting': say('connecting …'); break;
    case 'online': say('connected'); break;
    case 'stopped': say(code === 1000 ? 'left' : `disconnected for good: ${reason} (${code})`); break;
    case 'waiting': {
      const until = Date.now() + delay;
      const why = reasons[code] ?? 'the connection broke';
      const show = () => say(`reconnecting in ${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s: ${why}`);
      show();
      countdown = setInterval(show, 500);
      messages.interrupted(why);
    }
  }
}

$('hurry').addEventListener('click', () => chat.hurry());

const asked = new URLSearchParams(location.hash.slice(1));
if (asked.has('name')) enter(asked);
else join.elements.name.focus();

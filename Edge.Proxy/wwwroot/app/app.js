// The application: signs users in and out, and shows the session. Everything else is a view, or the session.
import { forTab } from '../storage.js';
import { Banner } from './banner.js';
import { Begin } from './begin.js';
import { Composer } from './composer.js';
import { $ } from './dom.js';
import { Log } from './log.js';
import { Members } from './members.js';
import { Session } from './session.js';
import { Side } from './side.js';
import { SignIn } from './sign-in.js';
import { clean, list, nameError, refusalOf } from './words.js';
import './look.js';

/** @type {?Session} */
let session = null;
let isScheduled = false;
let address = new URLSearchParams();

const act = {
  open(conversation) {
    session.open(conversation);
    enterPane();
  },
  async begin(kind, name) {
    await session.begin(kind, name);
    enterPane();
  },
  talkTo: name => { if (name !== session.user) act.begin('direct', name); },
  focus: () => composer.focus(),
  older: conversation => session.older(conversation),
  retry: (conversation, item) => session.retry(conversation, item),
  write: (conversation, text) => session.write(conversation, text),
  typing: conversation => session.typing(conversation),
  hurry: () => session.hurry(),
  read: () => {
    session?.look();
    schedule();
  },
};
const [side, log, composer, members, banner, begin] = [new Side(act), new Log(act), new Composer(act), new Members(act), new Banner(act), new Begin(act)];
const signIn = new SignIn((name, token) => {
  enter(name, token, new URLSearchParams());
  $('new').focus(); // the element that had the focus is hidden now
});

// --- signing in and out -----------------------------------------------------------------------------------------

function enter(name, token, where) {
  if (token) forTab.set('token', token);
  const kept = forTab.get('token');
  signIn.hide();
  address = where;
  address.set('name', name);
  $('app').hidden = false;
  pane('list');
  session = new Session(name, kept ? () => kept : signal => fetchToken(name, signal), {
    changed: schedule,
    said: (text, tone) => banner.notice(text, tone),
    isLooking: () => document.visibilityState === 'visible' && log.isAtEnd && ($('app').dataset.pane === 'conversation' || matchMedia('(min-width: 48rem)').matches),
  });
  schedule();
  goTo(clean(where.get('group')), clean(where.get('user')));
}

async function goTo(group, user) {
  await session.ready;
  if (!session) return;
  try {
    if (group && !nameError('A group', group)) await act.begin('group', group);
    else if (user && !nameError('A name', user)) await act.begin('direct', user);
  } catch (error) {
    if (!session?.refusal) banner.notice(error.message, 'bad');
  }
}

// For servers that make a token for anybody who asks.
async function fetchToken(name, signal) {
  const answer = await fetch(`/api/auth/token?nick=${encodeURIComponent(name)}`, { cache: 'no-store', signal });
  if (answer.status === 404) leave('This server does not give tokens for names. Sign in with a token of yours.', { byToken: true });
  if (answer.status === 400) leave('The server does not accept this name. It may contain invisible characters.');
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return (await answer.text()).trim();
}

function leave(why, how) {
  session?.end();
  session = null;
  forTab.remove('token');
  history.replaceState(null, '', location.pathname);
  document.title = 'Chat';
  $('app').hidden = true;
  signIn.show(why, how);
}

// --- showing ----------------------------------------------------------------------------------------------------

// Shows once for all changes that come together. Not with requestAnimationFrame: a page in the background has a title, too.
function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(() => {
    isScheduled = false;
    if (session?.refusal) leave(refusalOf(session.refusal), { byToken: forTab.get('token') !== null });
    else if (session) show();
  });
}

function show() {
  const { current, user, unread } = session;
  side.show(session);
  banner.show(session);
  $('conversation').classList.toggle('none', !current);
  $('nothing').hidden = current !== null || !session.wasOnline;
  $('title').textContent = current?.name ?? '';
  document.title = `${unread > 0 ? `(${unread}) ` : ''}${current ? `${current.name} · ` : ''}Chat`;
  remember(current);
  if (!current) {
    pane('list');
    return;
  }

  $('kind').setAttribute('href', current.isGroup ? '#i-group' : '#i-person');
  $('subtitle').textContent = !current.isGroup ? 'Direct messages' : current.count === null ? 'Group' : `${current.count} online`;
  $('leave').textContent = current.isGroup && current.isMember ? 'Leave' : 'Close';
  const { typing } = current;
  $('typing').textContent = typing.length === 0 ? '' : typing.length > 3 ? 'Several people are typing …' : `${list(typing)} ${typing.length === 1 ? 'is' : 'are'} typing …`;
  log.show(current, user);
  composer.show(current);
  members.show(current, user);
}

// Puts the current conversation into the address, so that a reload finds it.
function remember(current) {
  address = new URLSearchParams({ name: session.user });
  if (current) address.set(current.isGroup ? 'group' : 'user', current.name);
  if (location.hash !== `#${address}`) history.replaceState(null, '', `#${address}`);
}

// A phone shows one pane at a time.
function pane(name) { $('app').dataset.pane = name; }

// At once: text that is typed next belongs there.
function enterPane() {
  pane('conversation');
  show();
  composer.focus();
}

async function leaveCurrent({ currentTarget, detail }) {
  if (detail > 1) return; // the second click of a double click would leave the next conversation
  pane('list');
  await session.leave(session.current);
  if (!session) return;
  show();
  if ([currentTarget, document.body].includes(document.activeElement)) focusList(); // the button is gone, or would leave the next one
}

const focusList = () => (document.querySelector('.entry[aria-current]') ?? $('new')).focus();

$('back').addEventListener('click', () => {
  pane('list');
  focusList();
});
for (const button of [$('leave'), $('shut')]) button.addEventListener('click', leaveCurrent);
$('sign-out').addEventListener('click', () => leave(''));
$('toggle-members').addEventListener('click', () => {
  const isShown = $('app').classList.toggle('with-members');
  $('toggle-members').ariaExpanded = `${isShown}`;
});
$('close-members').addEventListener('click', () => {
  $('app').classList.remove('with-members');
  $('toggle-members').ariaExpanded = 'false';
  $('toggle-members').focus();
});
document.addEventListener('visibilitychange', () => {
  session?.look();
  schedule();
});
document.addEventListener('keydown', event => {
  if (session && (event.ctrlKey || event.metaKey) && event.key === 'k') {
    event.preventDefault();
    begin.open();
  } else if (event.key === 'Escape' && $('app').classList.contains('with-members')) {
    $('close-members').click();
  }
});

const asked = new URLSearchParams(location.hash.slice(1));
const [name, token] = [clean(asked.get('name')), asked.get('token') ?? ''];
asked.delete('token'); // out of the address, which people copy; the tab keeps it for a reload
history.replaceState(null, '', asked.size > 0 ? `#${asked}` : location.pathname);
if (token || forTab.get('token') || (name && !nameError('A name', name))) enter(name, token, asked);
else signIn.show(name && nameError('A name', name));

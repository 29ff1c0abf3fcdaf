import { $, avatar, el, icon, reconcile } from './dom.js';
import { plural } from './words.js';

const Most = 99;

/** Shows the list of conversations, and who is signed in. */
export class Side {
  #act;

  /** @param {{ open: (conversation: import('./conversation.js').Conversation) => void }} act */
  constructor(act) {
    this.#act = act;
    $('side').addEventListener('keydown', event => this.#walk(event));
  }

  /** @param {import('./session.js').Session} session */
  show(session) {
    this.#list($('groups'), session.groups, session.current);
    this.#list($('directs'), session.directs, session.current);
    $('no-groups').hidden = session.groups.length > 0 || !session.wasOnline;
    $('no-directs').hidden = session.directs.length > 0;
    this.#me(session);
  }

  #list(parent, conversations, current) {
    reconcile(parent, conversations.map(one => ({
      key: one.key,
      version: JSON.stringify([one.unread, one === current, one.notice]),
      make: () => el('li', {}, this.#entry(one, one === current)),
    })));
  }

  #entry(one, isCurrent) {
    const unread = one.unread > 0 ? el('span', { className: 'badge' }, one.unread > Most ? `${Most}+` : `${one.unread}`) : null;
    const label = `${one.name}${one.unread > 0 ? `, ${plural(one.unread, 'unread message')}` : ''}`;
    const entry = el(
      'button',
      { type: 'button', className: `entry${one.unread > 0 ? ' unread' : ''}${one.notice ? ' shut' : ''}`, ariaLabel: label, ariaCurrent: isCurrent ? 'true' : null },
      one.isGroup ? icon('group') : avatar(one.name), el('span', { className: 'name' }, one.name), unread);
    entry.addEventListener('click', () => this.#act.open(one));
    return entry;
  }

  #me({ user, node, connection }) {
    const says = { online: node ? `Online · ${node}` : 'Online', connecting: 'Connecting …', waiting: 'Not connected', stopped: 'Signed out' }[connection.state];
    reconcile($('me'), [{
      key: 'me',
      version: JSON.stringify([user, says]),
      make: () => el(
        'div', { className: `who ${connection.state}` }, avatar(user),
        el('div', {}, el('b', { className: 'name' }, user), el('span', { className: 'condition', id: 'condition', title: node ? `Connected to node ${node}` : '' }, says))),
    }]);
  }

  // The arrow keys go through the entries of both lists.
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const entries = [...$('side').querySelectorAll('.entry')];
    const at = entries.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    entries[(at + step + entries.length) % entries.length].focus();
  }
}

import { $, avatar, el, reconcile } from './dom.js';
import { plural } from './words.js';

/** Shows who is in the current group now. */
export class Members {
  #act;

  /** @param {{ talkTo: (name: string) => void }} act */
  constructor(act) { this.#act = act; }

  /** @param {import('./conversation.js').Conversation} conversation @param {string} me */
  show(conversation, me) {
    const { members, count, isGroup } = conversation;
    const names = [...members?.keys() ?? []].sort((a, b) => a.localeCompare(b));
    $('members-title').textContent = isGroup ? (count === null ? 'Members' : `${count} online`) : 'Conversation';
    $('members-note').textContent = !isGroup ? `Only you and ${conversation.name} read what is written here.`
      : members || conversation.notice ? '' : count === null ? 'It is not known who is here.' : 'Too many people to list.';
    reconcile($('members-list'), (isGroup ? names : []).map(name => ({
      key: name,
      version: `${members.get(name)}`,
      make: () => el('li', {}, this.#member(name, members.get(name), name === me)),
    })));
  }

  #member(name, connections, isMe) {
    const more = isMe ? 'you' : connections > 1 ? plural(connections, 'device') : '';
    const made = el(
      'button', { type: 'button', className: 'member', disabled: isMe, title: isMe ? '' : `Write to ${name}` },
      el('span', { className: 'with-dot' }, avatar(name)), el('span', { className: 'name' }, name), el('span', { className: 'more-words' }, more));
    made.addEventListener('click', () => this.#act.talkTo(name));
    return made;
  }
}

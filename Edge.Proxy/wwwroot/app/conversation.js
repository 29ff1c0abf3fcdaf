import { list } from './words.js';

const Gone = { text: '', isDeleted: true };
const TypingTime = 3_500; // ms; while somebody types, a notice comes about once a second

/** A group, or a person the user talks to, and what was said there. */
export class Conversation {
  /** Messages, and lines that say what happened; the oldest first. */
  items = [];
  unread = 0;
  /** The key of the item before which a line says that what follows is new. */
  firstNew = null;
  /** Of a group: whether this user is in it. */
  isMember = false;
  /** Whether this tab is about to leave it. */
  isLeaving = false;
  /** Of a group: the latest known position. @type {?{ epoch: string, offset: number }} */
  reached = null;
  /** Up to where it had been read when it was opened. */
  readBefore = undefined;
  isLoaded = false;
  isLoading = false;
  hasMore = false;
  /** Of a group: from where on its log is loaded. @type {?{ epoch: string, offset: number }} */
  oldest = null;
  /** Of a group that the user was put out of: where the messages begin that were written meanwhile. @type {?{ since: { epoch: string, offset: number }, after?: string }} */
  gap = null;
  /** Of a group: the members by name; null if they are not known, or too many to be named. */
  members = null;
  count = null;
  /** Why the user can no longer write here. */
  notice = '';
  draft = '';
  #typing = new Map();
  #known = new Set();
  #deleted = new Set();
  #lines = 0;

  /** @param {'group' | 'direct'} kind @param {string} name */
  constructor(kind, name) {
    this.kind = kind;
    this.name = name;
    this.key = keyOf(kind, name);
  }

  get isGroup() { return this.kind === 'group'; }

  get messages() { return this.items.filter(item => item.kind === 'message'); }

  get last() { return this.items.findLast(item => item.kind === 'message' && item.state === 'sent'); }

  /** The users who are typing now. */
  get typing() {
    const now = Date.now();
    return [...this.#typing].filter(([, until]) => until > now).map(([user]) => user);
  }

  /** Somebody types. @param {() => void} over called when that may have ended */
  types(user, over) {
    this.#typing.set(user, Date.now() + TypingTime);
    setTimeout(over, TypingTime + 50);
  }

  /** Inserts a message that is in the log in its place. Returns null if it was here already. */
  insert({ from, text, id, position, sentAt }) {
    this.#typing.delete(from);
    const place = position && nameOf(position);
    const names = [place, id && JSON.stringify([from, id])].filter(Boolean);
    const isKnown = names.some(name => this.#known.has(name));
    for (const name of names) this.#known.add(name);
    const pending = this.items.find(item => item.id && item.id === id && item.from === from);
    if (isKnown && !pending) return null;
    if (pending?.state === 'sent') {
      pending.position ??= position;
      return null;
    }

    if (pending) this.items.splice(this.items.indexOf(pending), 1);
    const item = { kind: 'message', key: pending?.key ?? `m${names[0] ?? crypto.getRandomValues(new Uint32Array(2)).join()}`, state: 'sent', from, text, id, position, at: sentAt ?? new Date() };
    if (this.#deleted.has(place)) Object.assign(item, Gone); // before its sender was told that it was sent
    this.items.splice(this.#placeOf(item), 0, item);
    return item;
  }

  /** The message at a position was deleted: its place says so. */
  delete(position) {
    if (!position) return;
    this.#deleted.add(nameOf(position));
    const item = this.items.find(({ position: own }) => own && nameOf(own) === nameOf(position));
    if (item) Object.assign(item, Gone);
  }

  /** Adds a message of the user's own that is not in the log yet. */
  pend(id, from, text) {
    const item = { kind: 'message', key: `m${JSON.stringify([from, id])}`, state: 'sending', from, text, id, position: null, at: new Date() };
    this.items.push(item);
    return item;
  }

  /** Takes over who is in it: a whole list, or the changes. */
  present({ members, joined, left, count }) {
    this.count = count;
    if (members) this.members = new Map(members.map(one => [one.user, one.connections]));
    else if (joined.length + left.length === 0) this.members = null; // too many to be named
    for (const user of joined) this.members?.set(user, 1);
    for (const user of left) this.members?.delete(user);
  }

  /** Somebody has joined or left. Users who do so one after the other share one line. @param {'joined' | 'left'} what */
  went(user, what) {
    const last = this.items.at(-1);
    if (last?.went !== what) {
      this.line(`${user} ${what}.`);
      Object.assign(this.items.at(-1), { went: what, users: [user] });
    } else if (!last.users.includes(user)) {
      last.users.push(user);
      last.text = `${list(last.users)} ${what}.`;
    }
  }

  /** Adds a line that says what happened. @param {string} [after] the key of the item that it belongs behind, if that is not the last one */
  line(text, tone = 'note', after = this.items.at(-1)?.key) {
    this.items.splice(this.items.findLastIndex(item => item.key === after) + 1, 0, { kind: 'line', key: `l${++this.#lines}`, text, tone });
  }

  // The place after everything that comes before the item. What is not confirmed stays at the end.
  #placeOf(item) {
    let place = this.items.length;
    while (place > 0 && this.#isBefore(item, this.items[place - 1])) place--;
    return place;
  }

  #isBefore(item, other) {
    if (other.kind === 'line') return item.position && this.#followsALaterMessage(item, other);
    if (other.state !== 'sent') return true;
    if (!this.isGroup) return item.at < other.at;
    if (!item.position || !other.position) return false;
    // In another epoch, offsets either go on or begin anew: the time tells which.
    const isByTime = item.position.epoch !== other.position.epoch && +item.at !== +other.at;
    return isByTime ? item.at < other.at : item.position.offset < other.position.offset;
  }

  // A line stays behind the message that was the last one when the line was written.
  #followsALaterMessage(item, line) {
    const before = this.items.slice(0, this.items.indexOf(line)).findLast(one => one.kind === 'message');
    return before !== undefined && before.state === 'sent' && this.#isBefore(item, before);
  }
}

const nameOf = ({ epoch, offset }) => `${epoch}:${offset}`;

export const keyOf = (kind, name) => `${kind}:${name}`;

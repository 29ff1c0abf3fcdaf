import { ChatClient, ChatException } from '../client/chat-client.js';
import { Conversation, keyOf } from './conversation.js';
import { Keep } from './keep.js';
import { Past } from './past.js';
import { failureOf, forbiddenIn, isFinal, list } from './words.js';

const Patience = 5_000;      // ms after which a message that is not confirmed is worth a word
const LargestText = 30_000; // bytes, as JSON; the server's default for a call is 32 KiB

// No log ever had this position, so the server answers with all that the log of the user's own messages has.
const TheBeginning = Object.freeze({ epoch: 'x', offset: 0 });

/** The session of a user who is signed in: the conversations, and what is done in them. It reports every change, and shows nothing itself. */
export class Session {
  /** @type {Map<string, Conversation>} */
  conversations = new Map();
  /** @type {?Conversation} */
  current = null;
  /** { state, reason, until? }; until: when its wait ends */
  connection = { state: 'connecting', reason: '' };
  /** Why the server refuses this user. The session is then over. */
  refusal = null;
  wasOnline = false;
  /** Completes when it is known in which groups the user is. @type {Promise<void>} */
  ready;
  #isReady = () => {};
  #chat;
  #past;
  #user;
  #keep;
  #on;
  #isTold = new Set();   // topics whose position is known
  #awaited = new Set();  // after the connection was lost: topics of which is not known yet whether messages are missing
  #lost = new Set();     // names of conversations in which they may be
  #writing = new Map();  // conversation -> completes when all messages so far are sent

  /**
   * @param {string} user the user, as far as known before the server says so @param {(signal: AbortSignal) => string | Promise<string>} token
   * @param {{ changed: () => void, said: (text: string, tone?: string) => void, isLooking: () => boolean }} on
   */
  constructor(user, token, on) {
    this.#user = user;
    this.#on = on;
    this.ready = new Promise(resolve => { this.#isReady = () => resolve(); });
    this.#keep = new Keep(user, () => this.#tabsChanged());
    this.#chat = new ChatClient({ token, since: [['', TheBeginning]] });
    this.#past = new Past(this.#chat, {
      ...on,
      read: key => this.#keep.read(key),
      setRead: (key, upTo) => this.#keep.setRead(key, upTo),
      isRead: conversation => conversation === this.current && on.isLooking(),
      isMine: ({ from }) => from === this.#user,
      missing: (conversation, after) => this.#missing(conversation, after),
    });
    this.#chat.addEventListener('stateChanged', ({ detail }) => this.#stateChanged(detail));
    this.#tabsChanged();
    this.#read();
  }

  get user() { return this.#user; }

  get node() { return this.#chat.node; }

  get groups() { return this.#listed('group'); }

  get directs() { return this.#listed('direct'); }

  get unread() { return [...this.conversations.values()].reduce((sum, one) => sum + one.unread, 0); }

  end() {
    this.#keep.close();
    return this.#chat.dispose();
  }

  hurry() { this.#chat.hurry(); }

  /** Fetches messages from before the oldest one that is loaded. */
  older(conversation) { return this.#past.older(conversation); }

  // --- conversations --------------------------------------------------------------------------------------------

  /** @param {?Conversation} conversation */
  open(conversation) {
    if (this.current && this.current !== conversation) this.current.firstNew = null;
    this.current = conversation;
    if (conversation) {
      conversation.readBefore ??= this.#keep.read(conversation.key);
      this.look();
      this.#past.load(conversation);
    }

    this.#on.changed();
  }

  /** Marks the current conversation as read if the user is looking at it. */
  look() {
    const { current } = this;
    if (!current || !this.#on.isLooking()) return;
    current.unread = 0;
    const upTo = current.isGroup ? current.reached : current.last?.at.getTime();
    if (upTo) this.#keep.setRead(current.key, upTo);
  }

  /** Joins a group, or begins to talk to a person, and shows it. Throws errors in words for the user. */
  async begin(kind, name) {
    if (kind === 'group' && !this.conversations.get(keyOf(kind, name))?.isMember) {
      try {
        await this.#chat.join(name);
      } catch (error) {
        throw new Error(failureOf(error, name), { cause: error });
      }
    }

    if (kind === 'direct') this.#keep.addDirect(name);
    const conversation = this.#of(kind, name);
    if (kind === 'group') Object.assign(conversation, { isMember: true, notice: '' });
    this.open(conversation);
  }

  /** Leaves a group, on all devices; or closes a conversation with a person. */
  async leave(conversation) {
    if (!conversation.isGroup) {
      this.#keep.removeDirect(conversation.name);
    } else if (conversation.isMember) {
      conversation.isLeaving = true;
      try {
        await this.#chat.leave(conversation.name);
      } catch (error) {
        conversation.isLeaving = false;
        this.#on.said(failureOf(error), 'bad');
        return;
      }
    }

    this.#remove(conversation);
  }

  // If it was the current conversation, the next one is shown.
  #remove(conversation) {
    const { key } = conversation;
    if (!this.conversations.delete(key)) return;
    if (this.current === conversation) this.open(this.groups[0] ?? this.directs[0] ?? null);
    else this.#on.changed();
  }

  #listed(kind) {
    return [...this.conversations.values()].filter(one => one.kind === kind).sort((a, b) => a.name.localeCompare(b.name));
  }

  #of(kind, name) {
    const key = keyOf(kind, name);
    let conversation = this.conversations.get(key);
    if (!conversation) this.conversations.set(key, conversation = new Conversation(kind, name));
    return conversation;
  }

  // --- other tabs -----------------------------------------------------------------------------------------------

  #tabsChanged() {
    const { directs, sent } = this.#keep;
    for (const name of directs) this.#of('direct', name);
    for (const { to, ...message } of sent) {
      if (directs.includes(to)) this.#of('direct', to).insert({ ...message, from: this.#user, position: null, sentAt: new Date(message.sentAt) });
    }

    for (const one of this.directs) {
      if (!directs.includes(one.name)) this.#remove(one);
      else if ((this.#keep.read(one.key) ?? 0) >= (one.last?.at.getTime() ?? 0)) one.unread = 0;
    }

    for (const one of this.groups) {
      const read = this.#keep.read(one.key);
      if (read && read.epoch === one.reached?.epoch && read.offset >= one.reached.offset) one.unread = 0;
    }

    this.#on.changed();
  }

  // --- writing --------------------------------------------------------------------------------------------------

  /** Writes a message. Returns why it cannot be written, or an empty string. */
  write(conversation, text) {
    if (new TextEncoder().encode(JSON.stringify(text)).length > LargestText) return 'This is too long for one message.';
    const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, '0')).join('');
    conversation.firstNew = null;
    this.#send(conversation, conversation.pend(id, this.#user, text));
    return '';
  }

  /** Sends it again under its old id: whether or not it got through before, it will be there once, for as long as the server remembers the id. */
  retry(conversation, item) {
    Object.assign(item, { state: 'sending', error: undefined });
    this.#send(conversation, item);
  }

  typing(conversation) { if (conversation.isGroup) this.#chat.typing(conversation.name); }

  // Messages are sent one after the other, so that they keep their order.
  #send(conversation, item) {
    const before = this.#writing.get(conversation) ?? Promise.resolve();
    item.isLate = false;
    const late = setTimeout(() => {
      item.isLate = true;
      this.#on.changed();
    }, Patience);
    this.#writing.set(conversation, before.then(() => this.#deliver(conversation, item)).finally(() => clearTimeout(late)));
    this.#on.changed();
  }

  async #deliver(conversation, item) {
    const { id, text } = item;
    try {
      const { position } = await (conversation.isGroup ? this.#chat.post(conversation.name, text, { id }) : this.#chat.send(conversation.name, text, { id }));
      const message = { from: this.#user, text, id, position: conversation.isGroup ? position : null, sentAt: item.at };
      conversation.insert(message);
      if (!conversation.isGroup) this.#keep.addSent({ to: conversation.name, id, text, sentAt: item.at });
      this.look();
    } catch (error) {
      // A message that was published after all has come back meanwhile.
      if (item.state === 'sending') Object.assign(item, { state: 'failed', error: failureOf(error), isFinal: isFinal(error) });
    }

    this.#on.changed();
  }

  // --- what comes -----------------------------------------------------------------------------------------------

  async #read() {
    try {
      for await (const happened of this.#chat.readAll()) {
        this.#know();
        this.#hear(happened);
        this.#on.changed();
      }
    } catch (error) {
      if (!(error instanceof ChatException)) throw error;
      this.refusal = error.message;
      this.#on.changed();
    }
  }

  // A user who signed in with a token learns from the server who they are.
  #know() {
    if (!this.#chat.user || this.#chat.user === this.#user) return;
    this.#user = this.#chat.user;
    this.#keep.close();
    this.#keep = new Keep(this.#user, () => this.#tabsChanged());
    this.#tabsChanged();
  }

  #hear(happened) {
    const { type, group, user } = happened;
    const conversation = group ? this.conversations.get(keyOf('group', group)) : null;
    switch (type) {
      case 'subscribed': this.#subscribed(happened); break;
      case 'message': this.#message(happened); break;
      case 'deleted': this.#deleted(happened); break;
      case 'unsubscribed':
        this.#left(group, conversation);
        this.#back(group);
        break;
      case 'forbidden': this.#forbidden(happened); break;
      case 'typing': if (user !== this.#user) conversation?.types(user, () => this.#on.changed()); break;
      case 'presence': if (conversation) conversation.present(happened); break;
      case 'userJoined': if (user !== this.#user) conversation?.went(user, 'joined'); break;
      case 'userLeft': if (user !== this.#user) conversation?.went(user, 'left'); break;
    }
  }

  #subscribed({ group, position, recovered }) {
    const isFirst = !this.#isTold.has(group);
    this.#isTold.add(group);
    if (group === null) { // the last one to be reported
      this.#isReady();
      if (!isFirst && !recovered) for (const one of this.directs) this.#missing(one);
      this.#back(group);
      return;
    }

    const conversation = this.#of('group', group);
    Object.assign(conversation, { isMember: true, notice: '', reached: position });
    if (isFirst) this.#past.count(conversation, position);
    else if (!recovered) this.#missing(conversation);
    this.#back(group);
    if (conversation !== this.current) return;
    this.look();
    this.#past.load(conversation);
  }

  /** @param {string} [after] */
  #missing(conversation, after) {
    conversation.line('Messages may be missing here: the server no longer has all that was said while you were away.', 'warn', after);
    if (this.#awaited.size > 0) this.#lost.add(conversation.name);
  }

  // A topic goes on, or is over. The last one of them can tell what was missed: some are fetched only after the connection is back.
  #back(topic) {
    if (!this.#awaited.delete(topic) || this.#awaited.size > 0) return;
    const lost = [...this.#lost];
    this.#lost.clear();
    if (lost.length > 0) this.#on.said(`Back online. Messages may be missing in ${list(lost)}.`, 'warn');
    else this.#on.said('Back online. You have missed nothing.', 'good');
  }

  #message(message) {
    const { group, from } = message;
    const isMine = from === this.#user;
    const conversation = group ? this.#of('group', group) : this.#of('direct', from);
    if (group === null) this.#keep.addDirect(from);
    else conversation.reached = message.position ?? conversation.reached;
    const item = conversation.insert(message);
    if (!item || isMine) return;
    if (conversation === this.current && this.#on.isLooking()) {
      this.look();
    } else if (group !== null || item.at.getTime() > (this.#keep.read(conversation.key) ?? 0)) {
      conversation.unread++;
      conversation.firstNew ??= item.key;
    }
  }

  // A message to the user alone is in the conversation with its sender, whom the notice does not name.
  #deleted({ group, position, messagePosition }) {
    const conversation = group ? this.conversations.get(keyOf('group', group)) : null;
    if (conversation) conversation.reached = position ?? conversation.reached;
    for (const one of conversation ? [conversation] : this.directs) one.delete(messagePosition);
    this.look();
  }

  // The user has left, here or on another device, or was removed by somebody else.
  #left(group, conversation) {
    this.#isTold.delete(group);
    if (!conversation) return;
    const { reached, last, gap } = conversation;
    // If the user is let in again, what was written meanwhile is loaded, and who is there then.
    Object.assign(conversation, { isMember: false, isLoaded: false, members: null, count: null, readBefore: this.#keep.read(conversation.key) });
    conversation.gap = gap ?? (reached && { since: reached, after: last?.key ?? '' }); // no item has an empty key: then the line comes first
    setTimeout(() => {
      // A user who is no longer allowed in it is told so by an event right after this one.
      if (conversation.isMember || conversation.notice || !this.conversations.has(conversation.key)) return;
      if (conversation === this.current && !conversation.isLeaving) this.#on.said(`You have left ${conversation.name}.`);
      this.#remove(conversation);
    });
  }

  #forbidden({ group, until }) {
    const words = forbiddenIn(group, until);
    const conversation = this.#of('group', group);
    if (conversation !== this.current) this.#on.said(words, 'bad');
    Object.assign(conversation, { isMember: false, notice: words });
  }

  #stateChanged({ state, reason, delay }) {
    if (state === 'online') {
      this.#know();
      this.wasOnline = true;
    } else if (this.connection.state === 'online') {
      this.#awaited = new Set([null, ...this.groups.filter(({ isMember }) => isMember).map(({ name }) => name)]);
    }

    // The reason why the connection broke says more than why the next attempt failed.
    const words = state === 'connecting' || (state === 'waiting' && this.connection.state !== 'online' && this.connection.reason) ? this.connection.reason : reason;
    this.connection = { state, reason: state === 'online' ? '' : words, until: state === 'waiting' ? Date.now() + delay : undefined };
    this.#on.changed();
  }
}

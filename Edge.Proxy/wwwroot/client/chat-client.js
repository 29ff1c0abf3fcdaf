// The client library for browsers and Node.js: an ES module without dependencies. docs/CLIENTS.md is its page.
//
//   const chat = await ChatClient.connect({ server: 'https://chat.example.com', token: () => myToken() });
//   await chat.join('lobby');
//   await chat.post('lobby', 'Hello');
//   for await (const happened of chat.readAll()) {
//     if (happened.type === 'message') console.log(happened.group, happened.from, happened.text);
//   }
import { ChatException } from './errors.js';
import { deletionOf, messageOf, positionOf, presenceOf, textOf, timeOf } from './events.js';
import { deletionsOf, Fetching, messagesOf, Nowhere } from './fetching.js';
import { nameOf, optionsOf, wellFormed } from './options.js';
import { EventQueue } from './queue.js';
import { Runner } from './runner.js';
import { Own, TopicStates } from './topics.js';

export { ChatException };

/**
 * @typedef {import('./events.js').HubArgument} HubArgument
 * @typedef {import('./link.js').HubLink} HubLink
 * @typedef {import('./chat-client.d.ts').ChatClientOptions} ChatClientOptions
 * @typedef {import('./chat-client.d.ts').ChatPosition} ChatPosition
 * @typedef {import('./chat-client.d.ts').ChatPublished} ChatPublished
 * @typedef {import('./chat-client.d.ts').ChatState} ChatState
 * @typedef {import('./chat-client.d.ts').Cancellable} Cancellable
 */

/** chat-client.d.ts documents the class and each of its calls, because users and their editors look there. */
export class ChatClient extends EventTarget {
  #events;
  #topics;
  #runner;
  #fetching;
  /** @type {ChatState} */
  #state = 'waiting';
  #user = '';
  #node = '';
  #isRead = false;
  #connections = 0;
  #onOnline = () => this.hurry();
  #onOffline = () => this.#runner.lose('The device is offline.');

  /** @param {ChatClientOptions} options */
  constructor(options) {
    super();
    const all = optionsOf(options);
    this.#events = new EventQueue(all.bufferedEvents);
    this.#topics = new TopicStates(this.#events, all.since);
    this.#runner = new Runner(all, {
      begin: room => {
        this.#events.begin();
        return this.#topics.begin(room);
      },
      on: (name, argument) => this.#on(name, argument),
      enter: (link, over) => this.#enter(link, over),
      room: () => this.#events.room(),
      callBegun: () => this.#events.open(),
      become: (state, reason, delay) => this.#become(state, reason, delay),
      end: () => this.#events.end(),
    });
    this.#fetching = new Fetching(this.#runner, this.#topics);
    globalThis.addEventListener?.('online', this.#onOnline); // browsers only
    globalThis.addEventListener?.('offline', this.#onOffline);
  }

  /** @param {ChatClientOptions} options @param {Cancellable} [more] */
  static async connect(options, { signal } = {}) {
    signal?.throwIfAborted();
    const client = new ChatClient(options);
    const onAbort = () => client.dispose();
    signal?.addEventListener('abort', onAbort);
    try {
      await client.#runner.connected();
      return client;
    } catch (error) {
      await client.dispose();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  get state() { return this.#state; }

  get user() { return this.#user; }

  get node() { return this.#node; }

  get reconnects() { return Math.max(0, this.#connections - 1); }

  get groups() { return this.#topics.groups; }

  get positions() { return this.#topics.positions; }

  /** @param {Cancellable} [more] @returns {AsyncGenerator<import('./chat-client.d.ts').ChatEvent, void, void>} */
  async *readAll({ signal } = {}) {
    if (this.#isRead) throw new TypeError('There is already a reader: only one at a time is possible.');
    this.#isRead = true;
    try {
      yield* this.#events.readAll(signal);
    } finally {
      this.#isRead = false;
    }

    if (this.#runner.refusal !== null) throw new ChatException('refused', this.#runner.refusal);
  }

  /** @param {string} group @param {Cancellable & { since?: ?ChatPosition }} [more] @returns {Promise<import('./chat-client.d.ts').ChatSubscribed>} */
  async join(group, { since = null, signal } = {}) {
    const name = checked(group, 'group');
    const answer = await this.#fetching.join(name, since, signal);
    return { type: 'subscribed', group: name, position: positionOf(answer) ?? Nowhere, recovered: answer.recovered ?? false };
  }

  /** @param {string} group @param {Cancellable} [more] @returns {Promise<import('./chat-client.d.ts').ChatLeft>} */
  async leave(group, { signal } = {}) {
    const name = checked(group, 'group');
    const life = this.#topics.find(name);
    const { nodes = 0, of = 0 } = await this.#runner.call('leave', { group: name }, signal, () => this.#topics.left(name, life));
    return { nodes, of };
  }

  /** @param {string} group @param {string} text @param {Cancellable & { id?: string }} [more] @returns {Promise<ChatPublished>} */
  post(group, text, { id = newId(), signal } = {}) {
    return this.#publish('post', { group: checked(group, 'group'), message: checkedText(text), id }, signal);
  }

  /** @param {string} user @param {string} text @param {Cancellable & { id?: string }} [more] @returns {Promise<ChatPublished>} */
  send(user, text, { id = newId(), signal } = {}) {
    return this.#publish('send', { to: checked(user, 'user'), message: checkedText(text), id }, signal);
  }

  /** @param {string} group @param {Cancellable & { since?: ?ChatPosition, limit?: number }} [more] @returns {Promise<import('./chat-client.d.ts').ChatHistory>} */
  async history(group, { since = null, limit, signal } = {}) {
    const name = checked(group, 'group');
    const answer = await this.#runner.call('history', { group: name, since: textOf(since), limit }, signal);
    const messages = messagesOf(answer).filter(message => !this.#topics.isDeleted(name, message.position));
    return { messages, deletions: deletionsOf(answer), position: positionOf(answer) ?? Nowhere, recovered: answer.recovered ?? false };
  }

  /** @param {string} group */
  typing(group) { this.#runner.send('typing', { group: checked(group, 'group') }); }

  /** @param {string} group @param {Cancellable} [more] */
  watchPresence(group, { signal } = {}) { return this.#presence(group, true, signal); }

  /** @param {string} group @param {Cancellable} [more] */
  presence(group, { signal } = {}) { return this.#presence(group, false, signal); }

  hurry() { this.#runner.hurry(); }

  async dispose() {
    globalThis.removeEventListener?.('online', this.#onOnline);
    globalThis.removeEventListener?.('offline', this.#onOffline);
    await this.#runner.stop();
  }

  /** @param {string} method @param {HubArgument} argument @param {AbortSignal} [signal] @returns {Promise<ChatPublished>} */
  async #publish(method, argument, signal) {
    const answer = await this.#runner.call(method, argument, signal);
    return { id: answer.id ?? argument.id, position: positionOf(answer) ?? Nowhere };
  }

  /** @param {string} group @param {boolean} watch @param {AbortSignal} [signal] */
  async #presence(group, watch, signal) {
    const name = checked(group, 'group');
    const answer = await this.#runner.call('presence', { group: name, watch }, signal, () => this.#topics.watch(name, watch));
    return presenceOf(name, answer);
  }

  // --- what comes -----------------------------------------------------------------------------------------------

  // Returns true once the connection has reported all groups: from then on, calls may be made.
  /** @param {string} name @param {HubArgument} argument */
  #on(name, argument) {
    const isAllTold = this.#hear(name, argument);
    if (this.#events.isFull && this.#runner.calls === 0) this.#runner.lose('More events wait to be read than bufferedEvents allows.');
    return isAllTold;
  }

  /** @param {string} name @param {HubArgument} argument */
  #hear(name, argument) {
    const { group, nick } = argument;
    const topics = this.#topics;
    switch (name) {
      case 'connected':
        this.#user = argument.user ?? '';
        topics.connected(argument.groupsSince ?? 0);
        this.#node = argument.node ?? '';
        break;
      case 'message': topics.message(group, messageOf(group, argument)); break;
      case 'direct': topics.message(Own, messageOf(null, argument)); break;
      case 'deleted': topics.message(group ?? Own, deletionOf(group ?? null, argument)); break;
      case 'subscribed':
        if (!topics.subscribed(group ?? Own, positionOf(argument) ?? Nowhere, argument.recovered ?? false)) break;
        this.#events.addReport();
        return group === undefined; // this one is reported last
      case 'mirror':
        if (argument.method === 'unsubscribe' && argument.payload?.group) topics.unsubscribed(argument.payload.group);
        break;
      case 'forbidden':
        if (!group) break; // because of a ban from everything, which ends the connection
        topics.unsubscribed(group);
        this.#events.add({ type: 'forbidden', group, until: timeOf(argument.until) });
        break;
      case 'joined': this.#events.add({ type: 'userJoined', group, user: nick }); break;
      case 'lost': this.#events.add({ type: 'userLeft', group, user: nick }); break;
      case 'typing': this.#events.add({ type: 'typing', group, user: nick }); break;
      case 'presence': this.#events.add(presenceOf(group, argument)); break;
    }

    return false;
  }

  // The connection has reported all groups: messages that the server did not send by itself are fetched.
  /** @param {HubLink} link @param {AbortSignal} over */
  async #enter(link, over) {
    this.#connections++;
    const { forgotten, behind } = this.#topics.entered();
    const returning = new Map(forgotten.map(call => [call.topic, this.#fetching.return(link, call, 'join', over)]));
    await Promise.all([
      ...returning.values(),
      ...behind.map(call => this.#fetching.return(link, call, 'history', over)),
      ...this.#topics.watched.map(group => this.#watchAgain(link, group, returning.get(group), over)),
    ]);
  }

  /** @param {HubLink} link @param {string} group @param {Promise<void> | undefined} returning only members may watch @param {AbortSignal} over */
  async #watchAgain(link, group, returning, over) {
    await returning;
    try {
      await this.#runner.call('presence', { group, watch: true }, over);
    } catch (error) {
      // Otherwise the group was left meanwhile, or the connection has ended: then there is nothing to watch.
      const isLate = error instanceof ChatException && error.code === 'timeout' && !over.aborted;
      if (isLate) link.end(1006, 'The presence of a group could not be watched again.');
    }
  }

  /** @param {ChatState} state @param {string} reason @param {number} delay */
  #become(state, reason, delay) {
    this.#state = state;
    this.dispatchEvent(new CustomEvent('stateChanged', { detail: { state, reason, delay } }));
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(ChatClient.prototype, Symbol.asyncDispose, { value: ChatClient.prototype.dispose });
}

/** @param {string} name @param {string} what */
function checked(name, what) {
  if (typeof name !== 'string' || name === '') throw new TypeError(`The ${what} must be a text that is not empty.`);
  return nameOf(name);
}

/** @param {string} text */
function checkedText(text) {
  if (text === undefined || text === null) throw new TypeError('The text is missing.');
  return wellFormed(text);
}

// crypto.randomUUID exists on https and localhost only.
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

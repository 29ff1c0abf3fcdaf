// The client library for browsers and Node.js: an ES module without dependencies. docs/CLIENTS.md is its page.
//
//   const chat = await ChatClient.connect({ server: 'https://chat.example.com', token: () => myToken() });
//   await chat.join('lobby');
//   await chat.post('lobby', 'Hello');
//   for await (const happened of chat.readAll()) {
//     if (happened.type === 'message') console.log(happened.group, happened.from, happened.text);
//   }
import { ChatException } from './errors.js';
import { messageOf, positionOf, presenceOf, textOf } from './events.js';
import { Fetching, messagesOf, Nowhere } from './fetching.js';
import { optionsOf } from './options.js';
import { EventQueue } from './queue.js';
import { Runner } from './runner.js';
import { Own, TopicStates } from './topics.js';

export { ChatException };

/**
 * @typedef {import('./options.js').ChatClientOptions} ChatClientOptions
 * @typedef {import('./events.js').ChatEvent} ChatEvent
 * @typedef {import('./events.js').ChatMessage} ChatMessage
 * @typedef {import('./events.js').ChatPosition} ChatPosition
 * @typedef {import('./events.js').ChatPresence} ChatPresence
 * @typedef {import('./events.js').ChatSubscribed} ChatSubscribed
 * @typedef {import('./events.js').HubArgument} HubArgument
 * @typedef {import('./link.js').HubLink} HubLink
 * @typedef {import('./runner.js').ChatState} ChatState
 * @typedef {{ state: ChatState, reason: string, delay: number }} ChatStateChange reason: why, in words; delay: ms until it connects again
 * @typedef {{ id: string, position: ChatPosition }} ChatPublished a message that is in the log, and will not be lost
 * @typedef {{ messages: ChatMessage[], position: ChatPosition, recovered: boolean }} ChatHistory
 *   position: how far it goes; recovered false: the log no longer has all that was asked for
 * @typedef {{ nodes: number, of: number }} ChatLeft how many nodes have confirmed, and how many there are
 */

/**
 * A user of Chat, with one connection that is made again whenever it ends.
 *
 * What happened while it was away is fetched, as far as the server still has it: whoever reads `readAll` sees each message once, in the one
 * order of its group, over any number of connections and on whichever node. Where something may be missing, a `subscribed` says so at that
 * place. Calls may be made at any time. Without a connection they wait for one, and they are made again, with the same id, until the server
 * has answered, or until `callTimeout`.
 *
 * Each change of its state is an event `stateChanged`, whose detail is a ChatStateChange.
 */
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

  /**
   * Begins to connect. `connect` waits for that as well.
   * @param {ChatClientOptions} options
   */
  constructor(options) {
    super();
    const all = optionsOf(options);
    this.#events = new EventQueue(all.bufferedEvents);
    this.#topics = new TopicStates(this.#events, all.since);
    this.#runner = new Runner(all, {
      begin: room => this.#topics.begin(room),
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

  /**
   * Connects, and returns when the server has taken the connection. While nobody answers, it goes on trying.
   * @param {ChatClientOptions} options where, and as whom
   * @param {{ signal?: AbortSignal }} [more] ends the attempt
   * @throws {ChatException} code `refused`: the server does not take this client, and would not the next time
   */
  static async connect(options, { signal } = {}) {
    signal?.throwIfAborted();
    const client = new ChatClient(options);
    const onAbort = () => client.dispose();
    signal?.addEventListener('abort', onAbort);
    try {
      await client.#runner.connected;
      return client;
    } catch (error) {
      await client.dispose();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** How it stands with the connection. */
  get state() { return this.#state; }

  /** Who the client is, as the server has read in its token; empty before the first connection. */
  get user() { return this.#user; }

  /** The node that the client is connected to, or was last. */
  get node() { return this.#node; }

  /** How often the connection was made again. */
  get reconnects() { return Math.max(0, this.#connections - 1); }

  /** The groups that the user is in, as far as this client knows. */
  get groups() { return this.#topics.groups; }

  /**
   * Where this client is, by group; the key of the user's own messages is the empty text. To be kept, and given to a later client as `since`.
   * Of what `readAll` has given and of what waits there to be read.
   */
  get positions() { return this.#topics.positions; }

  /**
   * What happens, in order. It is for one reader at a time, and ends when the client does.
   * @param {{ signal?: AbortSignal }} [more] ends the reading; it can be taken up again
   * @returns {AsyncGenerator<ChatEvent, void, void>}
   * @throws {ChatException} code `refused`: the client has stopped because the server would not take it back
   */
  async *readAll({ signal } = {}) {
    if (this.#isRead) throw new TypeError('Somebody reads already: one reader at a time.');
    this.#isRead = true;
    try {
      yield* this.#events.readAll(signal);
    } finally {
      this.#isRead = false;
    }

    if (this.#runner.refusal !== null) throw new ChatException('refused', this.#runner.refusal);
  }

  /**
   * Joins a group, with all devices of the user. The answer comes among the events as well, before the group's messages.
   * @param {string} group 1 to 128 bytes of printable text
   * @param {{ since?: ?ChatPosition, signal?: AbortSignal }} [more] since: what was written after it comes first. Without it: what comes from now on
   * @returns {Promise<ChatSubscribed>} from where on the client hears the group
   */
  async join(group, { since = null, signal } = {}) {
    const answer = await this.#fetching.join(checked(group, 'group'), since, signal);
    return { type: 'subscribed', group, position: positionOf(answer) ?? Nowhere, recovered: answer.recovered ?? false };
  }

  /**
   * Leaves a group, with all devices of the user on all nodes. Nothing of it comes afterwards.
   * @param {string} group @param {{ signal?: AbortSignal }} [more] @returns {Promise<ChatLeft>}
   */
  async leave(group, { signal } = {}) {
    const life = this.#topics.find(checked(group, 'group'));
    const { nodes = 0, of = 0 } = await this.#runner.call('leave', { group }, signal, () => this.#topics.left(group, life));
    return { nodes, of };
  }

  /**
   * Writes to a group. Who writes hears it, too, in its place among the others'. Await one message before the next where their order matters.
   * @param {string} group @param {string} text up to 32 KiB by default
   * @param {{ id?: string, signal?: AbortSignal }} [more] id: one of your own, different for each message: 1 to 64 bytes of letters, digits
   *   and `_ . @ -`. Under the same one a message is there once, however often it is sent. signal: ends the wait; the message may be published or not
   * @returns {Promise<ChatPublished>} when it is published, and only then
   */
  post(group, text, { id = newId(), signal } = {}) {
    return this.#publish('post', { group: checked(group, 'group'), message: `${text}`, id }, signal);
  }

  /**
   * Writes to a user, who gets it on every device.
   * @param {string} user @param {string} text @param {{ id?: string, signal?: AbortSignal }} [more] as of `post` @returns {Promise<ChatPublished>}
   */
  send(user, text, { id = newId(), signal } = {}) {
    return this.#publish('send', { to: checked(user, 'user'), message: `${text}`, id }, signal);
  }

  /**
   * What a group's log has: the latest messages, or those after a position. The user has to be in the group.
   * @param {string} group
   * @param {{ since?: ?ChatPosition, limit?: number, signal?: AbortSignal }} [more] limit: at most so many; the server has one of its own, 300 by default
   * @returns {Promise<ChatHistory>} the oldest first
   */
  async history(group, { since = null, limit, signal } = {}) {
    const answer = await this.#runner.call('history', { group: checked(group, 'group'), since: textOf(since), limit }, signal);
    return { messages: messagesOf(answer), position: positionOf(answer) ?? Nowhere, recovered: answer.recovered ?? false };
  }

  /**
   * Tells the others in a group that this user is typing: to be called at each key; more than one a second is not sent on. It may get lost,
   * and does nothing without a connection.
   * @param {string} group
   */
  typing(group) { this.#runner.send('typing', { group: checked(group, 'group') }); }

  /**
   * Who is in a group. From then on `presence` events tell who comes and goes, also after reconnects. The user has to be in it.
   * @param {string} group @param {{ signal?: AbortSignal }} [more] @returns {Promise<ChatPresence>} members null: they are too many to be named
   */
  watchPresence(group, { signal } = {}) { return this.#presence(group, true, signal); }

  /**
   * Who is in a group, once. An earlier `watchPresence` is not taken up again after the next reconnect.
   * @param {string} group @param {{ signal?: AbortSignal }} [more] @returns {Promise<ChatPresence>}
   */
  presence(group, { signal } = {}) { return this.#presence(group, false, signal); }

  /** Connects now instead of at the end of a pause. */
  hurry() { this.#runner.hurry(); }

  /** Ends the connection, and what is under way. Who reads the events gets what has come so far. */
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
    const answer = await this.#runner.call('presence', { group: checked(group, 'group'), watch }, signal, () => this.#topics.watch(group, watch));
    return presenceOf(group, answer);
  }

  // --- what comes -----------------------------------------------------------------------------------------------

  // True: the connection has told all groups, and calls may be made.
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
      case 'subscribed':
        return topics.subscribed(group ?? Own, positionOf(argument) ?? Nowhere, argument.recovered ?? false) && group === undefined; // told as the last
      case 'mirror':
        if (argument.method === 'unsubscribe' && argument.payload?.group) topics.unsubscribed(argument.payload.group);
        break;
      case 'forbidden':
        if (!group) break; // of a ban from everything, which ends the connection
        topics.unsubscribed(group);
        this.#events.add({ type: 'forbidden', group, until: argument.until ? new Date(argument.until) : null });
        break;
      case 'joined': this.#events.add({ type: 'userJoined', group, user: nick }); break;
      case 'lost': this.#events.add({ type: 'userLeft', group, user: nick }); break;
      case 'typing': this.#events.add({ type: 'typing', group, user: nick }); break;
      case 'presence': this.#events.add(presenceOf(group, argument)); break;
    }

    return false;
  }

  // The connection has told all it had to: what it could not tell is asked for.
  /** @param {HubLink} link @param {AbortSignal} over */
  async #enter(link, over) {
    this.#connections++;
    const { forgotten, behind } = this.#topics.entered();
    await Promise.all([
      ...forgotten.map(call => this.#fetching.return(link, call, 'join', over)),
      ...behind.map(call => this.#fetching.return(link, call, 'history', over)),
      // One that was left meanwhile is not watched any more, and neither is any on a connection that has ended.
      ...this.#topics.watched.map(group => this.#runner.call('presence', { group, watch: true }, over).catch(() => {})),
    ]);
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
  return name;
}

// crypto.randomUUID exists on https and localhost only.
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

import { isSame, textOf } from './events.js';

/**
 * @typedef {import('./events.js').ChatMessage} ChatMessage
 * @typedef {import('./events.js').ChatPosition} ChatPosition
 * @typedef {import('./queue.js').EventQueue} EventQueue
 */

/** @internal The key of the user's own messages. */
export const Own = '';

const LongestQuery = 4_000;
const MostSeen = 4_096;     // more than a log has by default, of several groups

/** What a client knows of one group, or of its user's own messages. */
class TopicState {
  /** Of the last message given to who reads; null before the first word about it. @type {?ChatPosition} */
  position = null;
  isIn = false;      // as far as the client knows
  isTold = false;    // the present connection has told where it is
  isAsked = false;   // the present connection was told where the client was
  isWatched = false; // presence
  isReturning = false; // the present connection fetches what it could not be told: only once it has, or in the next one, is what comes given
  holds = 0;         // how many calls wait until something that came before is fetched
  /** Messages, and words of the server that something was lost. @type {(ChatMessage | import('./events.js').ChatSubscribed)[]} */
  held = [];

  /** What comes is held, since something that came before is yet to be fetched. */
  get isHeld() { return this.isReturning || this.holds > 0; }
}

/**
 * @internal Where a client is in each group, and in its user's own messages: out of what comes it makes events, each message once
 * and in order, over any number of connections.
 */
export class TopicStates {
  #events;
  /** @type {Map<string, TopicState>} */
  #topics = new Map();
  /** On this connection. @type {string[]} */
  #behind = [];
  #hasEntered = false; // this connection has told where each group is
  /** Topic, sender and id of messages given. A Set keeps the order in which things came. @type {Set<string>} */
  #seen = new Set();

  /** @param {EventQueue} events @param {Iterable<[string, ChatPosition]>} since */
  constructor(events, since) {
    this.#events = events;
    for (const [topic, position] of since) this.#of(topic).position = position;
  }

  /** Where it is, of those that it is in or was told to continue. @returns {Map<string, ChatPosition>} */
  get positions() {
    const positions = new Map();
    for (const [topic, { position }] of this.#topics) if (position) positions.set(topic, position);
    return positions;
  }

  get groups() { return [...this.#topics].filter(([topic, { isIn }]) => topic !== Own && isIn).map(([topic]) => topic); }

  get watched() { return [...this.#topics].filter(([, { isWatched }]) => isWatched).map(([topic]) => topic); }

  /**
   * A connection is about to be made. Returns its query: where the client was, as far as that fits.
   * @param {number} room
   */
  begin(room) {
    const own = this.#of(Own);
    const first = 'positions=true' + (own.position ? `&since.user=${encodeURIComponent(textOf(own.position) ?? '')}` : '');
    const longest = Math.min(LongestQuery, room - first.length - '&since='.length);
    this.#behind = [];
    this.#hasEntered = false;
    let groups = '';
    for (const [topic, state] of this.#topics) {
      state.isTold = state.isAsked = state.isReturning = false;
      state.held = []; // the new connection brings it again, behind what the old one could not fetch any more
      if (topic !== Own && state.position) {
        // Once for the list, in which commas and percent signs have a meaning, and as a whole for the query.
        const more = (groups && '%2C') + encodeURIComponent(`${encodeURIComponent(topic)}:${textOf(state.position)}`);
        if (groups.length + more.length > longest) continue;
        groups += more;
        state.isAsked = true;
      }
    }

    own.isAsked = own.position !== null;
    return first + (groups && `&since=${groups}`);
  }

  /**
   * The connection has told where each group is. Returns those that the client was in and the server did not name, and those in which it
   * has to fetch what it missed, whose messages are held from here on.
   */
  entered() {
    this.#hasEntered = true;
    const forgotten = [];
    for (const [topic, state] of this.#topics) {
      if (topic === Own || !state.isIn || state.isTold) continue;
      state.isReturning = true;
      forgotten.push(topic);
    }

    return { forgotten, behind: this.#behind };
  }

  /**
   * The server says from where on the client hears a topic. True: it is the first word about it on this connection.
   * @param {string} topic @param {ChatPosition} position @param {boolean} recovered
   */
  subscribed(topic, position, recovered) {
    const state = this.#of(topic);
    const isFirst = !state.isTold;
    state.isTold = state.isIn = true;
    if (isFirst && !this.#hasEntered && !state.isAsked && state.position && !isSame(state.position, position) && topic !== Own) {
      state.isReturning = true;
      this.#behind.push(topic);
    } else if (!state.isHeld) {
      state.position = position;
      this.#tell(topic, position, recovered);
    } else if (!recovered) {
      state.held.push({ type: 'subscribed', group: topic, position, recovered });
    }

    return isFirst;
  }

  /** @param {string} topic @param {ChatMessage} message */
  message(topic, message) {
    const state = this.#topics.get(topic); // none: of a group that was left
    if (state?.isHeld) state.held.push(message);
    else if (state?.isIn) this.#give(topic, state, message);
  }

  /** The user is not in the group any more. @param {string} group */
  unsubscribed(group) {
    const state = this.#topics.get(group);
    if (!state) return;
    if (state.isIn) this.#events.add({ type: 'unsubscribed', group });
    Object.assign(state, { isIn: false, isWatched: false, isReturning: false, position: null, held: [] });
    if (state.holds === 0) this.#topics.delete(group);
  }

  /** From now on messages of the topic are held. @param {string} topic */
  hold(topic) { this.#of(topic).holds++; }

  /** What was fetched goes first, then what was held; from then on as usual. @param {string} topic */
  release(topic) {
    const state = this.#of(topic);
    state.holds--;
    this.#giveHeld(topic, state);
  }

  /**
   * The connection has fetched what it could not be told: what was held comes behind it. Where it could not, nothing of what was held is given,
   * or it would stand behind a hole that nobody was told of: the next connection begins where the client was.
   * @param {string} topic
   */
  returned(topic) {
    const state = this.#of(topic);
    state.isReturning = false;
    this.#giveHeld(topic, state);
  }

  /**
   * What a call has begun to fetch will not be: what is held stands behind a hole, and so does what comes.
   * @param {string} topic
   */
  incomplete(topic) {
    const state = this.#of(topic);
    if (!state.position) return;
    const first = state.held.find(one => one.type === 'message')?.position;
    const position = first ? Object.freeze({ ...first, offset: first.offset - 1 }) : state.position;
    state.held.unshift({ type: 'subscribed', group: topic, position, recovered: false });
  }

  /** @param {string} topic @param {TopicState} state */
  #giveHeld(topic, state) {
    if (state.isHeld) return;
    for (const one of state.held) {
      if (one.type === 'message') {
        this.#give(topic, state, one);
      } else if (!(state.position?.epoch === one.position.epoch && state.position.offset > one.position.offset)) { // else it was fetched meanwhile
        state.position = one.position;
        this.#tell(topic, one.position, false);
      }
    }

    state.held = [];
    if (topic !== Own && !state.isIn && !state.position) this.#topics.delete(topic); // could not be joined
  }

  /**
   * The server has answered from where on the client is in a topic, or where what it fetches begins. While it is held: one that was
   * left meanwhile is not.
   * @param {string} topic @param {ChatPosition} position @param {boolean} recovered whether that continues where the client was
   */
  joined(topic, position, recovered) {
    const state = this.#topics.get(topic);
    if (!state?.isHeld) return;
    Object.assign(state, { isTold: true, isIn: true, position });
    this.#tell(topic, position, recovered);
  }

  /** What was fetched of a topic, while it is held: it goes to who reads at once. @param {string} topic @param {ChatMessage[]} messages */
  fetched(topic, messages) {
    const state = this.#topics.get(topic);
    if (!state?.isHeld) return;
    for (const message of messages) this.#give(topic, state, message);
  }

  /** @param {string} topic */
  positionOf(topic) { return this.#topics.get(topic)?.position ?? null; }

  /** @param {string} group */
  isIn(group) { return this.#topics.get(group)?.isIn ?? false; }

  /** @param {string} group @param {boolean} on */
  watch(group, on) {
    const state = this.#topics.get(group);
    if (state) state.isWatched = on;
  }

  /** @param {string} topic */
  #of(topic) {
    let state = this.#topics.get(topic);
    if (!state) this.#topics.set(topic, state = new TopicState());
    return state;
  }

  /** @param {string} topic @param {TopicState} state @param {ChatMessage} message */
  #give(topic, state, message) {
    const { position, from, id } = message;
    if (position) {
      if (state.position?.epoch === position.epoch && position.offset <= state.position.offset) return;
      state.position = position;
    }

    if (id === null || this.#remember(JSON.stringify([topic, from, id]))) this.#events.add(message);
  }

  // Where a log has lost its place, all of it comes again. False: it was given already.
  /** @param {string} key */
  #remember(key) {
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > MostSeen) this.#seen.delete(this.#seen.values().next().value ?? '');
    return true;
  }

  /** @param {string} topic @param {ChatPosition} position @param {boolean} recovered */
  #tell(topic, position, recovered) {
    this.#events.add({ type: 'subscribed', group: topic === Own ? null : topic, position, recovered });
  }
}

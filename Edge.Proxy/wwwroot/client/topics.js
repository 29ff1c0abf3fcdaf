import { isSame, textOf } from './events.js';

/**
 * @typedef {import('./chat-client.d.ts').ChatMessage} ChatMessage
 * @typedef {import('./chat-client.d.ts').ChatPosition} ChatPosition
 * @typedef {import('./queue.js').EventQueue} EventQueue
 */

/** @internal The key of the user's own messages. */
export const Own = '';

const LongestQuery = 4_000;
const MostSeen = 4_096;     // more than a log has by default, of several groups

/** What a client knows of one group, or of its user's own messages, from its joining to its leaving. */
class TopicState {
  /** Of the last message given to who reads; null before the first word about it. @type {?ChatPosition} */
  position = null;
  isIn = false;      // as far as the client knows
  isHeard = false;   // who reads was told from where on
  record = 0;        // of the user's groups (`connected`), which it was in when it was last told; 0: not known
  isTold = false;    // the present connection has told where it is
  isAsked = false;   // the present connection was told where the client was
  isWatched = false; // presence
  isReturning = false; // the present connection fetches what it could not be told: only once it has, or in the next one, is what comes given
  holds = 0;         // how many calls wait until something that came before is fetched
  /** Messages, and words of the server from where on the client hears it. @type {(ChatMessage | import('./chat-client.d.ts').ChatSubscribed)[]} */
  held = [];

  /** What comes is held, since something that came before is yet to be fetched. */
  get isHeld() { return this.isReturning || this.holds > 0; }
}

/** @internal A call that fetches what a topic's log has before what comes, which is held meanwhile. */
export class TopicCall {
  /** The client's part in the topic that it fetches for. @type {TopicState} */
  life;
  hasBegun = false;   // who reads was told from where on it fetches
  isDoubtful = false; // the server put the client out of the topic before it answered: the answer may be older than that, or newer
  isOver = false;     // nobody waits for it any more

  /** @param {string} topic @param {TopicState} life */
  constructor(topic, life) {
    this.topic = topic;
    this.life = life;
  }
}

/**
 * @internal Where a client is in each group, and in its user's own messages: out of what comes it makes events, each message once
 * and in order, over any number of connections.
 */
export class TopicStates {
  #events;
  /** @type {Map<string, TopicState>} */
  #topics = new Map();
  /** On this connection. @type {TopicCall[]} */
  #behind = [];
  #record = 0;         // of the user's groups; 0: the server does not say
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
    this.#record = 0;
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
   * The connection has told where each group is. Returns calls for those that the client was in and Redis has forgotten, and for those in which
   * it has to fetch what it missed, whose messages are held from here on. A group that the server does not name, though Redis has the same record
   * of the user's groups still, was left on another device.
   */
  entered() {
    this.#hasEntered = true;
    const forgotten = [];
    for (const [topic, state] of this.#topics) {
      if (topic === Own || !state.isIn || state.isTold) continue;
      if (state.record === this.#record && this.#record !== 0) {
        this.unsubscribed(topic);
        continue;
      }

      state.isReturning = true;
      forgotten.push(new TopicCall(topic, state));
    }

    return { forgotten, behind: this.#behind.filter(({ life }) => life.isReturning) };
  }

  /**
   * The server begins to tell a connection where each group is, of the record of the user's groups that began at this moment.
   * @param {number} record
   */
  connected(record) { this.#record = record; }

  /**
   * The server says from where on the client hears a topic. True: it is the first word about it on this connection.
   * @param {string} topic @param {ChatPosition} position @param {boolean} recovered
   */
  subscribed(topic, position, recovered) {
    const state = this.#of(topic);
    const [isFirst, wasIn] = [!state.isTold, state.isIn];
    this.#in(state);
    if (isFirst && !this.#hasEntered && !state.isAsked && state.position && !isSame(state.position, position) && topic !== Own) {
      state.isReturning = true;
      this.#behind.push(new TopicCall(topic, state));
    } else if (!state.isHeld) {
      this.#begin(topic, state, position, recovered);
    } else if (!recovered || !wasIn) {
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
    state.isReturning = false;
    this.#topics.delete(group);
    if (state.holds === 0) return;
    this.#of(group).holds = state.holds; // some call waits for what comes after this
  }

  /**
   * The server has answered that the user has left the group.
   * @param {string} group @param {TopicState | undefined} life what `find` returned before the call. Another one has begun since: the user was
   *   told to be out, and is in again
   */
  left(group, life) { if (life && this.find(group) === life) this.unsubscribed(group); }

  /** What is known of a topic; undefined: nothing. @param {string} topic */
  find(topic) { return this.#topics.get(topic); }

  /** From now on messages of the topic are held, until `release` or `abandon`. @param {string} topic */
  hold(topic) {
    const state = this.#of(topic);
    state.holds++;
    return new TopicCall(topic, state);
  }

  /** What was fetched has gone first, then goes what was held; from then on as usual. @param {TopicCall} call */
  release(call) {
    call.isOver = true;
    const state = this.#of(call.topic);
    state.holds--;
    this.#giveHeld(call.topic, state);
  }

  /**
   * What a call has begun to fetch will not be: what is held stands behind a hole, and so does what comes.
   * @param {TopicCall} call
   * @param {boolean} isLast the client has ended: nobody is told of a hole any more, so nothing behind one is given, and a later client begins before it
   */
  abandon(call, isLast) {
    const state = this.#of(call.topic);
    if (isLast) {
      state.held = [];
    } else if (call.hasBegun && state === call.life && state.position) {
      const first = state.held.find(one => one.type === 'message')?.position;
      const position = first ? Object.freeze({ ...first, offset: first.offset - 1 }) : state.position;
      state.held.unshift({ type: 'subscribed', group: call.topic, position, recovered: false });
    }

    this.release(call);
  }

  /**
   * The connection has fetched what it could not be told: what was held comes behind it. Where it could not, nothing of what was held is given,
   * or it would stand behind a hole that nobody was told of: the next connection begins where the client was.
   * @param {TopicCall} call
   */
  returned({ topic, life }) {
    life.isReturning = false;
    if (this.find(topic) === life) this.#giveHeld(topic, life);
  }

  /** @param {string} topic @param {TopicState} state */
  #giveHeld(topic, state) {
    if (state.isHeld) return;
    for (const one of state.isIn ? state.held : []) {
      if (one.type === 'message') {
        this.#give(topic, state, one);
      } else if (!state.isHeard || (!one.recovered && !isBeyond(state, one.position))) {
        this.#begin(topic, state, one.position, one.recovered);
      }
    }

    state.held = [];
    if (topic !== Own && !state.isIn && !state.position) this.#topics.delete(topic); // could not be joined
  }

  /**
   * The server has answered from where on the client is in a topic, and with what was written there before.
   * @param {TopicCall} call
   * @param {ChatPosition} position where what it fetches begins
   * @param {boolean} recovered whether that continues where the client was
   * @param {ChatMessage[]} messages what it has fetched: that goes to who reads at once
   * @param {boolean} isWanted also where the client is in already: it asked for what was written since a position
   */
  joined(call, position, recovered, messages, isWanted) {
    const { topic } = call;
    const state = this.find(topic);
    call.isDoubtful = state !== call.life;
    if (call.isOver || !state?.isHeld) return;
    call.life = state;
    if (!isWanted && state.isHeard) return;
    call.hasBegun = true;
    this.#in(state);
    this.#begin(topic, state, position, recovered);
    for (const message of messages) this.#give(topic, state, message);
  }

  /**
   * The server has answered with more of a topic's log.
   * @param {TopicCall} call @param {?ChatPosition} hole where it begins, if the log no longer has what comes before @param {ChatMessage[]} messages
   */
  fetched({ topic, life, isOver }, hole, messages) {
    if (isOver || this.find(topic) !== life || !life.isHeld) return; // it was left meanwhile, or the call was given up
    if (hole) this.#begin(topic, life, hole, false);
    for (const message of messages) this.#give(topic, life, message);
  }

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

  /** @param {TopicState} state */
  #in(state) { Object.assign(state, { isTold: true, isIn: true, record: this.#record }); }

  // From here on who reads hears it.
  /** @param {string} topic @param {TopicState} state @param {ChatPosition} position @param {boolean} recovered */
  #begin(topic, state, position, recovered) {
    Object.assign(state, { position, isHeard: true });
    this.#events.add({ type: 'subscribed', group: topic === Own ? null : topic, position, recovered });
  }
}

// What was lost before the position has been fetched meanwhile.
/** @param {TopicState} state @param {ChatPosition} position */
const isBeyond = (state, position) => state.position?.epoch === position.epoch && state.position.offset > position.offset;

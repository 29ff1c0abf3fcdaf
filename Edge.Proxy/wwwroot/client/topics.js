import { isSame, textOf } from './events.js';

/**
 * @typedef {import('./chat-client.d.ts').ChatDeleted} ChatDeleted
 * @typedef {import('./chat-client.d.ts').ChatMessage} ChatMessage
 * @typedef {import('./chat-client.d.ts').ChatPosition} ChatPosition
 * @typedef {import('./queue.js').EventQueue} EventQueue
 */

/** @internal The key of the user's own messages. */
export const Own = '';

const LongestQuery = 4_000;
const MostSeen = 4_096;     // more than the logs of several groups have by default

/** What a client knows of one group, or of its user's own messages, from joining to leaving. */
class TopicState {
  /** The position of the last message given to the reader; null before the server has first named a position. @type {?ChatPosition} */
  position = null;
  isIn = false;      // as far as the client knows
  isHeard = false;   // the reader has been told from which position on it gets the topic
  record = 0;        // the record of the user's groups (`connected`) that it was in when the server last named it; 0: not known
  isTold = false;    // the server has told the present connection the topic's position
  isAsked = false;   // the present connection has told the server the client's position
  isWatched = false; // the client watches the group's presence
  isReturning = false; // this connection fetches what the server did not send by itself; live messages wait for that, or for the next connection
  holds = 0;         // how many calls wait for earlier messages to be fetched
  /**
   * What is held: messages, deletions, and the positions from which on the server says that the client gets the topic.
   * @type {(ChatMessage | ChatDeleted | import('./chat-client.d.ts').ChatSubscribed)[]}
   */
  held = [];

  /** Live messages are held, because earlier ones are yet to be fetched. */
  get isHeld() { return this.isReturning || this.holds > 0; }
}

/** @internal A call that fetches the messages of a topic's log before the live ones, which are held meanwhile. */
export class TopicCall {
  /** The state of the topic that the call fetches for. @type {TopicState} */
  life;
  hasBegun = false;   // the reader has been told from which position on the call fetches
  isDoubtful = false; // the server put the client out of the topic before it answered: the answer may be older or newer than that
  isOver = false;     // nobody waits for the call any longer

  /** @param {string} topic @param {TopicState} life @param {?ChatPosition} [live] the position from which on the server sends the messages by itself, if known */
  constructor(topic, life, live = null) {
    this.topic = topic;
    this.life = life;
    this.live = live;
  }
}

/**
 * @internal The client's place in each group, and in its user's own messages. Makes events of what the server sends: each message once and in order,
 *   over any number of connections.
 */
export class TopicStates {
  #events;
  /** @type {Map<string, TopicState>} */
  #topics = new Map();
  /** Calls for the groups to catch up in, on the present connection. @type {TopicCall[]} */
  #behind = [];
  #record = 0;         // when Redis began the record of the user's groups; 0: the server does not say
  #hasEntered = false; // the present connection has reported all groups
  /** Topic, sender and id of the messages that the reader got. A Set keeps the order of insertion. @type {Set<string>} */
  #seen = new Set();
  /** Topic and position of the messages that were deleted. @type {Set<string>} */
  #deleted = new Set();

  /** @param {EventQueue} events @param {Iterable<[string, ChatPosition]>} since */
  constructor(events, since) {
    this.#events = events;
    for (const [topic, position] of since) this.#of(topic).position = position;
  }

  /** The position in each topic that the client is in or was told to continue. @returns {Map<string, ChatPosition>} */
  get positions() {
    const positions = new Map();
    for (const [topic, { position }] of this.#topics) if (position) positions.set(topic, position);
    return positions;
  }

  get groups() { return [...this.#topics].filter(([topic, { isIn }]) => topic !== Own && isIn).map(([topic]) => topic); }

  get watched() { return [...this.#topics].filter(([, { isWatched }]) => isWatched).map(([topic]) => topic); }

  /**
   * A connection is about to be made. Returns its query: the client's positions, as many as fit.
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
      state.held = []; // the new connection sends these again, after what the old one can no longer fetch
      if (topic !== Own && state.position) {
        // The name is encoded once for the list, in which commas and percent signs have a meaning. Then everything is encoded for the query.
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
   * The connection has reported all groups. Returns calls for the groups that the client was in and Redis has forgotten, and calls for the groups in
   * which it has to fetch what it missed. Their messages are held until `returned`. If the server does not name a group, though Redis still has the
   * same record of the user's groups, the group was left on another device.
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
   * The server begins to report the user's groups to a connection. `record` is the time when Redis began the record of them.
   * @param {number} record
   */
  connected(record) { this.#record = record; }

  /**
   * The server says from which position on the client gets a topic. Returns true if it is the first time on this connection.
   * @param {string} topic @param {ChatPosition} position @param {boolean} recovered
   */
  subscribed(topic, position, recovered) {
    const state = this.#of(topic);
    const [isFirst, wasIn] = [!state.isTold, state.isIn];
    this.#in(state);
    if (isFirst && !this.#hasEntered && !state.isAsked && state.position && !this.#goesOn(state.position, position) && topic !== Own) {
      state.isReturning = true;
      this.#behind.push(new TopicCall(topic, state, position));
    } else if (!state.isHeld) {
      this.#begin(topic, state, position, recovered);
    } else if (!recovered || !wasIn) {
      state.held.push({ type: 'subscribed', group: topic, position, recovered });
    }

    return isFirst;
  }

  /**
   * In a topic without a log, whose epoch is empty, nobody knows what was missed.
   * @param {ChatPosition} known @param {ChatPosition} position
   */
  #goesOn(known, position) { return isSame(known, position) && position.epoch !== ''; }

  /** @param {string} topic @param {ChatMessage | ChatDeleted} message a message, or the deletion of one */
  message(topic, message) {
    this.#note(topic, message);
    const state = this.#topics.get(topic); // none: the client is not in the group
    if (state?.isHeld) state.held.push(message);
    else if (state?.isIn) this.#give(topic, state, message);
  }

  /**
   * Whether the message at a position is known to be deleted. An answer may have the message all the same, if it was on its way by then.
   * @param {string} topic @param {?ChatPosition} position
   */
  isDeleted(topic, position) { return this.#deleted.has(JSON.stringify([topic, textOf(position)])); }

  /** The user is no longer in the group. @param {string} group */
  unsubscribed(group) {
    const state = this.#topics.get(group);
    if (!state) return;
    if (state.isIn) this.#events.add({ type: 'unsubscribed', group });
    state.isReturning = false;
    this.#topics.delete(group);
    if (state.holds === 0) return;
    this.#of(group).holds = state.holds; // a call still waits for what comes after this
  }

  /**
   * The server has answered that the user has left the group.
   * @param {string} group @param {TopicState | undefined} life what `find` returned before the call. If `find` returns another state now, the user
   *   was put out and is in again, and stays in
   */
  left(group, life) { if (life && this.find(group) === life) this.unsubscribed(group); }

  /** What the client knows of a topic; undefined if nothing. @param {string} topic */
  find(topic) { return this.#topics.get(topic); }

  /** Holds the topic's messages from now on, until `release` or `abandon`. @param {string} topic */
  hold(topic) {
    const state = this.#of(topic);
    state.holds++;
    return new TopicCall(topic, state);
  }

  /** The call has delivered what it fetched. Delivers the held messages, and from then on messages as they come. @param {TopicCall} call */
  release(call) {
    call.isOver = true;
    const state = this.#of(call.topic);
    state.holds--;
    this.#giveHeld(call.topic, state);
  }

  /**
   * The call will not fetch the rest. If it has begun, there is a hole before the held messages and all later ones, and the reader is told so.
   * @param {TopicCall} call
   * @param {boolean} isLast the client has ended, so the reader cannot be told of a hole any more. Nothing behind the hole is delivered, and a later
   *   client begins before it
   */
  abandon(call, isLast) {
    const state = this.#of(call.topic);
    if (isLast) {
      state.held = [];
    } else if (call.hasBegun && state === call.life) {
      this.#holdHole(call);
    }

    this.release(call);
  }

  /**
   * The connection has fetched what the server did not send by itself. Delivers the held messages after that. If the fetch fails, this is not called,
   * and no held message is delivered: it would stand behind a hole that the reader was not told of. The next connection begins at the client's position.
   * @param {TopicCall} call
   */
  returned({ topic, life }) {
    life.isReturning = false;
    if (this.find(topic) === life) this.#giveHeld(topic, life);
  }

  /** The rest of the log may not be read. Delivers the held messages, behind a hole that the reader is told of. @param {TopicCall} call */
  returnedWithHole(call) {
    this.#holdHole(call);
    this.returned(call);
  }

  /** @param {TopicCall} call */
  #holdHole({ topic, life: { held, position: reached }, live }) {
    const first = held.find(one => one.type !== 'subscribed')?.position;
    const position = live ?? (first ? Object.freeze({ ...first, offset: first.offset - 1 }) : reached);
    if (position) held.unshift({ type: 'subscribed', group: topic, position, recovered: false });
  }

  /** @param {string} topic @param {TopicState} state */
  #giveHeld(topic, state) {
    if (state.isHeld) return;
    for (const one of state.isIn ? state.held : []) {
      if (one.type !== 'subscribed') {
        this.#give(topic, state, one);
      } else if (!state.isHeard || (!one.recovered && !isBeyond(state, one.position))) {
        this.#begin(topic, state, one.position, one.recovered);
      }
    }

    state.held = [];
    if (topic !== Own && !state.isIn && !state.position) this.#topics.delete(topic); // could not be joined
  }

  /**
   * The server has answered with the position from which on the client is in a topic, and with messages that were written there before.
   * @param {TopicCall} call
   * @param {ChatPosition} position where the fetched messages begin
   * @param {boolean} recovered whether they continue at the client's position
   * @param {(ChatMessage | ChatDeleted)[]} messages what was fetched, which goes to the reader at once
   * @param {boolean} isWanted the call asked for the messages since a position, so they are delivered even if the reader gets the topic already
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
   * @param {TopicCall} call @param {?ChatPosition} hole where this part begins, if the log no longer has what comes before it
   * @param {(ChatMessage | ChatDeleted)[]} messages
   */
  fetched({ topic, life, isOver }, hole, messages) {
    if (isOver || this.find(topic) !== life || !life.isHeld) return; // the topic was left meanwhile, or the call was given up
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

  /** @param {string} topic @param {TopicState} state @param {ChatMessage | ChatDeleted} message */
  #give(topic, state, message) {
    this.#note(topic, message);
    const { position } = message;
    if (position) {
      if (state.position?.epoch === position.epoch && position.offset <= state.position.offset) return;
      state.position = position;
    }

    if (message.type === 'deleted' || message.id === null || remember(this.#seen, JSON.stringify([topic, message.from, message.id]))) this.#events.add(message);
  }

  /** @param {string} topic @param {ChatMessage | ChatDeleted} message */
  #note(topic, message) {
    if (message.type === 'deleted' && message.messagePosition) remember(this.#deleted, JSON.stringify([topic, textOf(message.messagePosition)]));
  }

  /** @param {TopicState} state */
  #in(state) { Object.assign(state, { isTold: true, isIn: true, record: this.#record }); }

  // Tells the reader that it gets the topic from here on.
  /** @param {string} topic @param {TopicState} state @param {ChatPosition} position @param {boolean} recovered */
  #begin(topic, state, position, recovered) {
    Object.assign(state, { position, isHeard: true });
    this.#events.add({ type: 'subscribed', group: topic === Own ? null : topic, position, recovered });
  }
}

// When a log has lost its place, all of it comes again. Returns false if the key is there already.
/** @param {Set<string>} keys @param {string} key */
function remember(keys, key) {
  if (keys.has(key)) return false;
  keys.add(key);
  if (keys.size > MostSeen) keys.delete(keys.values().next().value ?? '');
  return true;
}

// Past the position: what was lost before it has been fetched meanwhile.
/** @param {TopicState} state @param {ChatPosition} position */
const isBeyond = (state, position) => state.position?.epoch === position.epoch && state.position.offset > position.offset;

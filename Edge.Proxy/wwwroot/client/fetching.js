import { ChatException } from './errors.js';
import { deletionOf, messageOf, positionOf, textOf } from './events.js';

/**
 * @typedef {import('./chat-client.d.ts').ChatDeleted} ChatDeleted
 * @typedef {import('./chat-client.d.ts').ChatMessage} ChatMessage
 * @typedef {import('./chat-client.d.ts').ChatPosition} ChatPosition
 * @typedef {import('./events.js').HubArgument} HubArgument
 * @typedef {import('./link.js').HubLink} HubLink
 * @typedef {import('./runner.js').Runner} Runner
 * @typedef {import('./topics.js').TopicCall} TopicCall
 * @typedef {import('./topics.js').TopicStates} TopicStates
 */

/** @internal The position if the server names none. */
export const Nowhere = Object.freeze({ epoch: '', offset: 0 });

/**
 * @internal Fetches messages that were written in groups before the live ones: for a join, and for a new connection whose server did not send them by itself.
 */
export class Fetching {
  #runner;
  #topics;

  /** @param {Runner} runner @param {TopicStates} topics */
  constructor(runner, topics) {
    this.#runner = runner;
    this.#topics = topics;
  }

  /** @param {string} group @param {?ChatPosition} since @param {AbortSignal} [signal] @returns {Promise<HubArgument>} the first answer */
  async join(group, since, signal) {
    const call = this.#topics.hold(group);
    try {
      // Where the program has told the client to continue, and it has yet to, a join does.
      const continues = since === null && !call.life.isHeard && call.life.position !== null;
      const answer = continues ? await this.#missed(call, 'join', false, signal) : await this.#first(call, 'join', since, since !== null, signal);
      if (call.isDoubtful) await this.#assure(call, signal);
      await this.#rest(call, answer, signal);
      this.#topics.release(call);
      return answer;
    } catch (error) {
      this.#topics.abandon(call, error instanceof ChatException && ['stopped', 'refused'].includes(error.code));
      throw error;
    }
  }

  /**
   * Fetches what the connection has missed in a group, whose live messages are held meanwhile. If the fetch fails, the next connection tries again,
   * from the same position. If the user may be in the group but not read its log, the messages go on behind a hole.
   * @param {HubLink} link @param {TopicCall} call @param {string} method @param {AbortSignal} over
   */
  async return(link, call, method, over) {
    try {
      const answer = await this.#missed(call, method, true, over);
      if (call.isDoubtful && method === 'join') {
        link.end(1006, 'The user has left a group on another device, before this one was back in it or after.'); // the next connection is told which
        return;
      }

      await this.#rest(call, answer, over);
      this.#topics.returned(call);
    } catch (error) {
      if (over.aborted) return; // the connection has ended
      const isPassing = !(error instanceof ChatException) || error.isWorthRetrying || error.code === 'timeout';
      const isIn = method === 'history' || call.hasBegun;
      if (isPassing) link.end(1006, 'What was missed could not be fetched.');
      else if (isIn && error.code === 'forbidden') this.#topics.returnedWithHole(call);
      else this.#topics.left(call.topic, call.life);
    }
  }

  /** @param {TopicCall} call @param {string} method @param {boolean} isWanted @param {AbortSignal} [signal] @returns {Promise<HubArgument>} */
  async #missed(call, method, isWanted, signal) {
    try {
      return await this.#first(call, method, call.life.position, isWanted, signal);
    } catch (error) {
      if (method !== 'join' || !(error instanceof ChatException) || error.code !== 'forbidden') throw error;
      return { ...await this.#first(call, method, null, isWanted, signal, true), recovered: false }; // whoever may not read the log may perhaps join
    }
  }

  // Asks for a group's log after a position, and delivers the first part.
  /** @param {TopicCall} call @param {string} method @param {?ChatPosition} since @param {boolean} isWanted @param {AbortSignal} [signal] @param {boolean} [leavesHole] */
  #first(call, method, since, isWanted, signal, leavesHole = false) {
    return this.#runner.call(method, { group: call.topic, since: textOf(since) }, signal, answer => {
      this.#topics.joined(call, startOf(answer, since), !leavesHole && (answer.recovered ?? false), entriesOf(answer), isWanted);
    });
  }

  // Fetches and delivers the rest, up to where the held messages begin.
  /** @param {TopicCall} call @param {HubArgument} answer @param {AbortSignal} [signal] */
  async #rest(call, answer, signal) {
    while (entriesOf(answer).length > 0) {
      answer = await this.#runner.call('history', { group: call.topic, since: textOf(positionOf(answer)) }, signal, more => {
        this.#topics.fetched(call, more.recovered ? null : startOf(more, null), entriesOf(more));
      });
    }
  }

  // The user has left the group on another device, before or after this join. This call finds out which, because only members may read the log.
  /** @param {TopicCall} call @param {AbortSignal} [signal] */
  async #assure({ topic, life }, signal) {
    try {
      await this.#runner.call('history', { group: topic, limit: 1 }, signal);
    } catch (error) {
      const code = error instanceof ChatException ? error.code : '';
      if (code === 'forbidden') return; // even a member may be forbidden to read the log
      if (code === 'not_member') this.#topics.left(topic, life);
      throw error;
    }
  }
}

/** @internal @param {HubArgument} answer @returns {ChatMessage[]} */
export const messagesOf = answer => (answer.messages ?? []).map((/** @type {HubArgument} */ message) => messageOf(message.group, message));

/** @internal @param {HubArgument} answer @returns {ChatDeleted[]} */
export const deletionsOf = answer => (answer.deletions ?? []).map((/** @type {HubArgument} */ notice) => deletionOf(notice.group, notice));

// Both in the order of the log, whose offsets go on from epoch to epoch.
/** @param {HubArgument} answer @returns {(ChatMessage | ChatDeleted)[]} */
const entriesOf = answer => [...messagesOf(answer), ...deletionsOf(answer)].sort((one, other) => (one.position?.offset ?? 0) - (other.position?.offset ?? 0));

/** @param {HubArgument} answer @param {?ChatPosition} since @returns {ChatPosition} */
function startOf(answer, since) {
  if (answer.recovered && since) return since;
  const first = entriesOf(answer)[0]?.position;
  return first ? { ...first, offset: first.offset - 1 } : positionOf(answer) ?? Nowhere;
}

const WorthRetrying = new Set([
  'not_published', 'unavailable', 'topic_busy', 'too_many_messages', 'too_many_bytes', 'too_many_new_topics', 'internal',
]);

const Doubtful = new Set(['not_published', 'internal']);

/** chat-client.d.ts lists its codes. */
export class ChatException extends Error {
  /** @param {string} code @param {string} message @param {unknown} [cause] */
  constructor(code, message, cause) {
    super(message, { cause });
    this.name = 'ChatException';
    /** @readonly */
    this.code = code;
    // An error of the hub is only a sentence, so the time is read from its text.
    const [, time] = (code === 'forbidden' || code === 'refused') && / until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\./.exec(message) || [];
    /** @readonly @type {?Date} */
    this.until = time ? new Date(time) : null;
  }

  /** @internal */
  get isWorthRetrying() { return WorthRetrying.has(this.code); }

  /** @internal The call may have been carried out all the same. */
  get isDoubtful() { return Doubtful.has(this.code); }
}

/**
 * @internal How a connection ended, or why it could not be made.
 * @typedef {object} LinkEnd
 * @property {number} code the WebSocket close code; 1006 if there was no closing handshake
 * @property {string} reason the reason in words
 * @property {number} [status] the HTTP status with which the connection was refused, if it was
 * @property {number} [retryAfter] the pause that the server asked for, in ms
 * @property {boolean} [mayReconnect] false: the hub has said that the client must not come back
 */

/** @internal The connection ended, or was refused. */
export class LinkException extends Error {
  /** @param {LinkEnd} end */
  constructor(end) {
    super(end.reason);
    this.end = end;
  }
}

/**
 * @internal Extracts what the hub threw from what SignalR says: "An unexpected error occurred invoking 'post' on the server. HubException:
 *   not_member: You are not in that group."
 * @param {string} error
 */
export function exceptionOf(error) {
  const mark = 'HubException: ';
  const at = error.indexOf(mark);
  const text = at < 0 ? error : error.slice(at + mark.length);
  const [, code, words] = /^([a-z_]+): (.*)$/s.exec(text) ?? [];
  return code ? new ChatException(code, words) : new ChatException('malformed', text);
}

// Turns what the hub sends into what a client is told.

/**
 * @typedef {import('./chat-client.d.ts').ChatDeleted} ChatDeleted
 * @typedef {import('./chat-client.d.ts').ChatMessage} ChatMessage
 * @typedef {import('./chat-client.d.ts').ChatPosition} ChatPosition
 * @typedef {import('./chat-client.d.ts').ChatPresence} ChatPresence
 */

/**
 * The objects that the hub sends, of all kinds. HUB.md names their properties.
 * @internal @typedef {Record<string, any>} HubArgument
 */

/** @internal @param {HubArgument} of @returns {?ChatPosition} */
export const positionOf = ({ epoch, offset }) => (epoch === undefined || epoch === null ? null : Object.freeze({ epoch, offset: offset ?? 0 }));

/** @internal @param {?ChatPosition} [position] */
export const textOf = position => (position ? `${position.epoch}:${position.offset}` : undefined);

/** @internal @param {?ChatPosition} one @param {?ChatPosition} other */
export const isSame = (one, other) => one?.epoch === other?.epoch && one?.offset === other?.offset;

const LatestTime = Date.UTC(9999, 11, 31);

// Other systems on the same Redis may have written anything, and what formats a date that is none throws an exception.
/** @internal @param {number} [milliseconds] */
export const timeOf = (milliseconds = 0) => (milliseconds > 0 && milliseconds <= LatestTime ? new Date(milliseconds) : null);

/** @internal @param {?string} group @param {HubArgument} message @returns {ChatMessage} */
export const messageOf = (group, message) => ({
  type: 'message',
  group,
  from: message.nick ?? '',
  text: message.message ?? '',
  id: message.id ?? null,
  position: positionOf(message),
  sentAt: timeOf(message.at),
});

/** @internal @param {?string} group @param {HubArgument} notice @returns {ChatDeleted} */
export const deletionOf = (group, { nick, at, deleted, ...notice }) => ({
  type: 'deleted',
  group,
  by: nick ?? '',
  messageId: deleted?.id ?? null,
  messagePosition: positionOf(deleted ?? {}),
  position: positionOf(notice),
  deletedAt: timeOf(at),
});

/** @internal @param {string} group @param {HubArgument} argument @returns {ChatPresence} */
export const presenceOf = (group, argument) => ({
  type: 'presence',
  group,
  count: argument.count ?? 0,
  members: argument.members?.map((/** @type {any} */ { nick, connections }) => ({ user: nick, connections })) ?? null,
  joined: argument.joined ?? [],
  left: argument.left ?? [],
});

// What a client is told. Each event has a `type`, by which they are told apart.

/**
 * A place in a group's log, or in the log of a user's own messages. Compare epochs for equality only.
 * @typedef {{ epoch: string, offset: number }} ChatPosition
 */

/**
 * Somebody, perhaps this user, has written something. Of each group they come in the one order that all its members see, each once.
 * @typedef {object} ChatMessage
 * @property {'message'} type
 * @property {?string} group null for a message to this user alone
 * @property {string} from the user who wrote it
 * @property {string} text
 * @property {?string} id which nobody else's message in that group has; null where another system published it past the nodes
 * @property {?ChatPosition} position its place in the log; null where it is in none
 * @property {?Date} sentAt by the clock of the node that published it
 */

/**
 * This client hears a group, or its user's own messages, from here on. It comes for each at the first connection, for a group that is
 * joined, here or on another device, after each reconnect, and when something was lost.
 * @typedef {object} ChatSubscribed
 * @property {'subscribed'} type
 * @property {?string} group null for the user's own messages
 * @property {ChatPosition} position messages that follow have higher offsets
 * @property {boolean} recovered false: between what came before and what comes next, messages may be missing that the log no longer has
 */

/**
 * This user has left a group, here or on another device. Nothing of it comes any more.
 * @typedef {{ type: 'unsubscribed', group: string }} ChatUnsubscribed
 */

/**
 * This user may not be in a group any more, and is out of it: a ChatUnsubscribed stands before it, where the client was in.
 * @typedef {{ type: 'forbidden', group: string, until: ?Date }} ChatForbidden
 */

/**
 * Somebody joins a group, or leaves it with all devices, or is typing there. A notice: it may get lost.
 * @typedef {{ type: 'userJoined' | 'userLeft' | 'typing', group: string, user: string }} ChatNotice
 */

/**
 * Who is in a group now, after watchPresence: a whole list, or what has changed in it.
 * @typedef {object} ChatPresence
 * @property {'presence'} type
 * @property {string} group
 * @property {number} count how many users
 * @property {?{ user: string, connections: number }[]} members the whole list; null if it is a change, or if they are too many to be named
 * @property {string[]} joined who is in it now and was not
 * @property {string[]} left who is not in it any more
 */

/** @typedef {ChatMessage | ChatSubscribed | ChatUnsubscribed | ChatForbidden | ChatNotice | ChatPresence} ChatEvent */

/**
 * The objects that the hub sends, whichever: HUB.md names their properties.
 * @internal @typedef {Record<string, any>} HubArgument
 */

/** @internal @param {HubArgument} of @returns {?ChatPosition} */
export const positionOf = ({ epoch, offset }) => (epoch === undefined || epoch === null ? null : Object.freeze({ epoch, offset: offset ?? 0 }));

/** @internal @param {?ChatPosition} [position] */
export const textOf = position => (position ? `${position.epoch}:${position.offset}` : undefined);

/** @internal @param {?ChatPosition} one @param {?ChatPosition} other */
export const isSame = (one, other) => one?.epoch === other?.epoch && one?.offset === other?.offset;

/** @internal @param {?string} group @param {HubArgument} message @returns {ChatMessage} */
export const messageOf = (group, message) => ({
  type: 'message',
  group,
  from: message.nick ?? '',
  text: message.message ?? '',
  id: message.id ?? null,
  position: positionOf(message),
  sentAt: message.at > 0 ? new Date(message.at) : null,
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

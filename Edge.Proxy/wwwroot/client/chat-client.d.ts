// The library's types, for editors and for TypeScript. The documentation of each call is here; the library's page is docs/CLIENTS.md.
/// <reference lib="esnext.disposable" />

/**
 * A client of Chat for one user. It has one connection, and makes it again whenever it ends.
 *
 * After a reconnect, the client fetches what it has missed, as far as the server still has it. The reader of `readAll` gets each message once, in the
 * one order of its group, over any number of connections and from whichever nodes. Where messages may be missing, a `subscribed` at that place says so.
 * Calls may be made at any time. Without a connection, they wait for one. They are made again, with the same id, until the server has answered or
 * `callTimeout` has passed. If a call is refused, its `ChatException` says why.
 */
export class ChatClient extends EventTarget {
  #private; // only objects of this class are accepted where one is required

  /** Begins to connect. `connect` waits for the connection as well. */
  constructor(options: ChatClientOptions);

  /**
   * Connects, and returns when the server has accepted the connection. As long as nobody answers, the client keeps trying.
   * @param options where to connect, and as whom
   * @param more signal: ends the attempt
   * @throws {ChatException} code `refused`: the server does not accept this client, and would not accept it the next time
   */
  static connect(options: ChatClientOptions, more?: Cancellable): Promise<ChatClient>;

  /** The state of the connection. Each change raises the event `stateChanged`. */
  get state(): ChatState;

  /** The user that the server has read in the client's token; empty before the first connection. */
  get user(): string;

  /** The node that the client is connected to, or was last. */
  get node(): string;

  /** How often the client has reconnected. */
  get reconnects(): number;

  /** The groups that the user is in, as far as this client knows. */
  get groups(): string[];

  /**
   * The client's positions, by group; the key of the user's own messages is the empty string. Save them, and give them to a later client as `since`.
   * They include the events that `readAll` has returned, and those that still wait to be read.
   */
  get positions(): Map<string, ChatPosition>;

  /**
   * Returns what happens, in order. Only one reader may use it at a time. It ends when the client does.
   * @param more signal: ends the reading; another call continues it
   * @throws {ChatException} code `refused`: the client has stopped because the server would not accept it again
   */
  readAll(more?: Cancellable): AsyncGenerator<ChatEvent, void, void>;

  /**
   * Joins a group, with all devices of the user. The answer also comes as an event, before the group's messages.
   * @param group 1 to 128 bytes of printable text. Here and elsewhere, a name is converted to Unicode normalization form C, and events have it in that form
   * @param more since: the messages written after this position come first. Default: the one in the option `since`, unless the client has already
   *   continued from there. Without that, only messages from now on
   * @returns the position from which on the client gets the group's messages
   */
  join(group: string, more?: Cancellable & { since?: ChatPosition | null }): Promise<ChatSubscribed>;

  /** Leaves a group, with all devices of the user on all nodes. Nothing of the group comes afterwards. */
  leave(group: string, more?: Cancellable): Promise<ChatLeft>;

  /**
   * Writes a message to a group. The writer gets it as well, at its place among the messages of the others. If the order of messages matters, await
   * each call before the next.
   * @param group the group, by its name
   * @param text up to 32 KiB by default; an unpaired surrogate, as where an emoji was cut in two, becomes U+FFFD
   * @param more id: an id of your own, different for each message: 1 to 64 bytes of letters, marks and digits of any script and `_ . @ -`. A message
   *   that is sent several times with the same id is published once, as long as the log keeps it. signal: ends the wait; the message may or may not be published then
   * @returns the message's id and position, as soon as it is published, and not before
   */
  post(group: string, text: string, more?: Cancellable & { id?: string }): Promise<ChatPublished>;

  /** Writes a message to a user, who gets it on every device. Otherwise the same as `post`. */
  send(user: string, text: string, more?: Cancellable & { id?: string }): Promise<ChatPublished>;

  /**
   * Returns messages of a group's log: the latest, or those after a position. The user has to be in the group.
   * @param group the group
   * @param more limit: the largest number of messages to return; the server has a limit of its own, 300 by default
   * @returns the messages, the oldest first
   */
  history(group: string, more?: Cancellable & { since?: ChatPosition | null; limit?: number }): Promise<ChatHistory>;

  /**
   * Tells the others in a group that this user is typing. Call it at each keystroke: the server passes on at most one notice a second. A notice may
   * get lost, and without a connection none is sent.
   */
  typing(group: string): void;

  /**
   * Returns who is in a group. From then on, `presence` events say who comes and goes, also after reconnects. The user has to be in the group.
   * @returns members null: there are too many to list
   */
  watchPresence(group: string, more?: Cancellable): Promise<ChatPresence>;

  /** Returns who is in a group, once. An earlier `watchPresence` is not resumed after the next reconnect. */
  presence(group: string, more?: Cancellable): Promise<ChatPresence>;

  /** Connects now instead of at the end of a pause. */
  hurry(): void;

  /** Ends the connection and the pending calls. The reader still gets the events that have already arrived. */
  dispose(): Promise<void>;

  [Symbol.asyncDispose](): Promise<void>;

  addEventListener<Name extends keyof ChatClientEvents>(
    type: Name, listener: (this: ChatClient, event: ChatClientEvents[Name]) => unknown, options?: ListenerOptions): void;
  addEventListener(...of: Parameters<EventTarget['addEventListener']>): void;
}

/** The events of a `ChatClient`, as an `EventTarget`. What happens in groups is not among them: `readAll` returns that. */
export interface ChatClientEvents {
  stateChanged: CustomEvent<ChatStateChange>;
}

type ListenerOptions = Parameters<EventTarget['addEventListener']>[2];

/** The signal that ends a call, or the wait for it. */
export interface Cancellable { signal?: AbortSignal; }

/** How a client connects. Times are in milliseconds, and 24 days at most: more counts as that, except for `callTimeout`. */
export interface ChatClientOptions {
  /** The address of the edge, such as `https://chat.example.com`. Default, in a browser: the origin of the page. */
  server?: string | URL;
  /**
   * Returns a token of the user. Called before each connection, and again before the token expires. An exception counts as a failed attempt; the
   * client calls this again later. So throw one if there is no token. Any other text, such as an error page, is rejected by the server, and after
   * three such rejections in a row the client stops.
   */
  token: (signal: AbortSignal) => string | Promise<string>;
  /**
   * The `positions` of an earlier client of the same user: this client continues from there, in groups that the user is not in when it joins
   * them. Default: it gets only messages from now on.
   */
  since?: Iterable<[string, ChatPosition]>;
  /**
   * How long a call may take, including all attempts and reconnects: 1,000 or more; more than 24 days means without end. A message that may have been
   * published is not sent again after 8 minutes. Default 60,000.
   */
  callTimeout?: number;
  /**
   * How long one attempt of a call may take before the call is made again, with the same id: 100 or more. Default 5,000: the server answers within
   * 2,000, or not at all.
   */
  attemptTimeout?: number;
  /** How long connecting may take: 100 or more. Default 10,000. */
  connectTimeout?: number;
  /**
   * How long the server may be silent before the client considers the connection dead: 1,000 or more. Default 35,000: the server sends something every 15,000.
   */
  silenceLimit?: number;
  /**
   * The longest pause after the first failure. It doubles with each further failure. The actual pause is random, between zero and this value (full
   * jitter). Default 500.
   */
  firstDelay?: number;
  /** The longest pause after any number of failures. Default 30,000. */
  longestDelay?: number;
  /**
   * How many events may wait for the reader, besides those that say where a connection begins: 1 or more. If there are as many and no call is pending,
   * the client disconnects from the server until half of them are read, and then continues. Default 10,000.
   */
  bufferedEvents?: number;
  /** The largest size of a call in bytes, as JSON: what the server accepts. Default 32,768. */
  largestCall?: number;
  /** The class to connect with. Default: the runtime's own, which browsers have, and Node.js since version 22. */
  WebSocket?: any;
}

/** The state of a client's connection. `stopped` is final: the client was disposed of, or refused in a way that would be repeated. */
export type ChatState = 'connecting' | 'online' | 'waiting' | 'stopped';

export interface ChatStateChange {
  state: ChatState;
  /** The reason, in words. */
  reason: string;
  /** While waiting: milliseconds until the client connects again. */
  delay: number;
}

/** A place in a group's log, or in the log of a user's own messages. Compare epochs for equality only. */
export interface ChatPosition { epoch: string; offset: number; }

/** A published message: it is in the log, and will not be lost. */
export interface ChatPublished { id: string; position: ChatPosition; }

export interface ChatHistory {
  messages: ChatMessage[];
  /** What this part of the log says about messages that were deleted; they may stand before it, and are not among `messages`. */
  deletions: ChatDeleted[];
  /** How far the messages go: ask from there for more. */
  position: ChatPosition;
  /** False: the log no longer has everything that was asked for. */
  recovered: boolean;
}

/** How many nodes have confirmed that the user has left, and how many nodes there are. */
export interface ChatLeft { nodes: number; of: number; }

/** Something that happened; `type` tells the events apart. */
export type ChatEvent = ChatMessage | ChatDeleted | ChatSubscribed | ChatUnsubscribed | ChatForbidden | ChatNotice | ChatPresence;

/** A message that somebody, perhaps this user, has written. The messages of a group come in the one order that all its members see, each once. */
export interface ChatMessage {
  type: 'message';
  /** Null for a message to this user alone. */
  group: string | null;
  /** The user who wrote it. */
  from: string;
  text: string;
  /** Different for each message of its sender to that group; null if another system published the message without a node. */
  id: string | null;
  /** The message's place in the log; null if it is in no log. */
  position: ChatPosition | null;
  /** The time of publication, by the clock of the publishing node. */
  sentAt: Date | null;
}

/**
 * A message was deleted by a backend: take it off the screen. The event has a place of its own in the order, behind the message. It may be about a
 * message that this client never got.
 */
export interface ChatDeleted {
  type: 'deleted';
  /** Null for a message to this user alone. */
  group: string | null;
  /** Who had it deleted: a user, or the name of a backend. */
  by: string;
  /** The id of the message. Other senders may have used the same. */
  messageId: string | null;
  /** The place of the message in the log. */
  messagePosition: ChatPosition | null;
  /** The place of this event in the log. */
  position: ChatPosition | null;
  /** By the clock of the node that deleted it. */
  deletedAt: Date | null;
}

/**
 * From here on, this client gets a group's messages, or the messages to its user. The event comes for each group and for the user's own messages at
 * the first connection and after each reconnect, for a group that is joined here or on another device, and when something was lost.
 */
export interface ChatSubscribed {
  type: 'subscribed';
  /** Null for the user's own messages. */
  group: string | null;
  /** The messages that follow have higher offsets. */
  position: ChatPosition;
  /** False: between the messages before and after this event, some may be missing that the log no longer has. */
  recovered: boolean;
}

/** This user has left a group, here or on another device. Nothing more of the group follows. */
export interface ChatUnsubscribed { type: 'unsubscribed'; group: string; }

/** This user may no longer be in a group, and was taken out of it. If the client was in the group, a `ChatUnsubscribed` precedes this event. */
export interface ChatForbidden { type: 'forbidden'; group: string; until: Date | null; }

/** Somebody joins a group, or leaves it with all devices, or is typing there. This notice may get lost. */
export interface ChatNotice { type: 'userJoined' | 'userLeft' | 'typing'; group: string; user: string; }

/** Who is in a group now, after `watchPresence`: the whole list, or the changes in it. */
export interface ChatPresence {
  type: 'presence';
  group: string;
  /** The number of users in the group. */
  count: number;
  /** The whole list; null if this is a change, or if there are too many users to list. */
  members: { user: string; connections: number }[] | null;
  /** The users who have come. */
  joined: string[];
  /** The users who have gone. */
  left: string[];
}

/**
 * The server refused something, or something did not happen in time. `code` is the server's, such as `not_member` (HUB.md, Errors), or one of this
 * library's: `refused` (the server does not accept this client, and would not accept it the next time), `timeout` (no answer within `callTimeout`,
 * or none to a message within 8 minutes; a message may or may not be published), `stopped` (the client was disposed of).
 */
export class ChatException extends Error {
  constructor(code: string, message: string, cause?: unknown);
  readonly code: string;
  /** With the codes `forbidden` and `refused`: when this ends, if the server says so, as for a mute or a ban that ends by itself. */
  readonly until: Date | null;
}

export {}; // only what is exported by name is visible

// What the library offers, for editors and for TypeScript: the documentation of each call stands here. docs/CLIENTS.md is its page.
/// <reference lib="esnext.disposable" />

/**
 * A user of Chat, with one connection that is made again whenever it ends.
 *
 * What happened while it was away is fetched, as far as the server still has it: whoever reads `readAll` sees each message once, in the one
 * order of its group, over any number of connections and on whichever node. Where something may be missing, a `subscribed` says so at that
 * place. Calls may be made at any time. Without a connection they wait for one, and they are made again, with the same id, until the server
 * has answered, or until `callTimeout`. What a call was refused for, its `ChatException` says.
 */
export class ChatClient extends EventTarget {
  #private; // no object of another class will do

  /** Begins to connect. `connect` waits for that as well. */
  constructor(options: ChatClientOptions);

  /**
   * Connects, and returns when the server has taken the connection. While nobody answers, it goes on trying.
   * @param options where, and as whom
   * @param more signal: ends the attempt
   * @throws {ChatException} code `refused`: the server does not take this client, and would not the next time
   */
  static connect(options: ChatClientOptions, more?: Cancellable): Promise<ChatClient>;

  /** How it stands with the connection. Each change is an event `stateChanged`. */
  get state(): ChatState;

  /** Who the client is, as the server has read in its token; empty before the first connection. */
  get user(): string;

  /** The node that the client is connected to, or was last. */
  get node(): string;

  /** How often the connection was made again. */
  get reconnects(): number;

  /** The groups that the user is in, as far as this client knows. */
  get groups(): string[];

  /**
   * Where this client is, by group; the key of the user's own messages is the empty text. To be kept, and given to a later client as `since`.
   * Of what `readAll` has given and of what waits there to be read.
   */
  get positions(): Map<string, ChatPosition>;

  /**
   * What happens, in order. It is for one reader at a time, and ends when the client does.
   * @param more signal: ends the reading; it can be taken up again
   * @throws {ChatException} code `refused`: the client has stopped because the server would not take it back
   */
  readAll(more?: Cancellable): AsyncGenerator<ChatEvent, void, void>;

  /**
   * Joins a group, with all devices of the user. The answer comes among the events as well, before the group's messages.
   * @param group 1 to 128 bytes of printable text
   * @param more since: what was written after it comes first. Without it: what comes from now on
   * @returns from where on the client hears the group
   */
  join(group: string, more?: Cancellable & { since?: ChatPosition | null }): Promise<ChatSubscribed>;

  /** Leaves a group, with all devices of the user on all nodes. Nothing of it comes afterwards. */
  leave(group: string, more?: Cancellable): Promise<ChatLeft>;

  /**
   * Writes to a group. Who writes hears it, too, in its place among the others'. Await one message before the next where their order matters.
   * @param group which the user is in
   * @param text up to 32 KiB by default
   * @param more id: one of your own, different for each message: 1 to 64 bytes of letters, digits and `_ . @ -`. Under the same one a message
   *   is there once, however often it is sent. signal: ends the wait; the message may be published or not
   * @returns when it is published, and only then
   */
  post(group: string, text: string, more?: Cancellable & { id?: string }): Promise<ChatPublished>;

  /** Writes to a user, who gets it on every device. Otherwise as `post`. */
  send(user: string, text: string, more?: Cancellable & { id?: string }): Promise<ChatPublished>;

  /**
   * What a group's log has: the latest messages, or those after a position. The user has to be in the group.
   * @param group which
   * @param more limit: at most so many; the server has one of its own, 300 by default
   * @returns the oldest first
   */
  history(group: string, more?: Cancellable & { since?: ChatPosition | null; limit?: number }): Promise<ChatHistory>;

  /**
   * Tells the others in a group that this user is typing: to be called at each key; more than one a second is not sent on. It may get lost,
   * and does nothing without a connection.
   */
  typing(group: string): void;

  /**
   * Who is in a group. From then on `presence` events tell who comes and goes, also after reconnects. The user has to be in it.
   * @returns members null: they are too many to be named
   */
  watchPresence(group: string, more?: Cancellable): Promise<ChatPresence>;

  /** Who is in a group, once. An earlier `watchPresence` is not taken up again after the next reconnect. */
  presence(group: string, more?: Cancellable): Promise<ChatPresence>;

  /** Connects now instead of at the end of a pause. */
  hurry(): void;

  /** Ends the connection, and what is under way. Who reads the events gets what has come so far. */
  dispose(): Promise<void>;

  [Symbol.asyncDispose](): Promise<void>;

  addEventListener<Name extends keyof ChatClientEvents>(
    type: Name, listener: (this: ChatClient, event: ChatClientEvents[Name]) => unknown, options?: ListenerOptions): void;
  addEventListener(...of: Parameters<EventTarget['addEventListener']>): void;
}

/** The events of a `ChatClient`, as an `EventTarget`. What happens in groups is not among them: `readAll` gives that. */
export interface ChatClientEvents {
  stateChanged: CustomEvent<ChatStateChange>;
}

type ListenerOptions = Parameters<EventTarget['addEventListener']>[2];

/** What may end a call, or the wait for it. */
export interface Cancellable { signal?: AbortSignal; }

/** How a client connects. Times are in milliseconds. */
export interface ChatClientOptions {
  /** Where the edge is, such as `https://chat.example.com`. Default, in a browser: where the page is from. */
  server?: string | URL;
  /**
   * Gives a token of the user: asked before each connection, and again before the token is over. What it throws counts as a failed attempt,
   * and it is asked again later.
   */
  token: (signal: AbortSignal) => string | Promise<string>;
  /**
   * Where an earlier client of the same user was (its `positions`): this one continues from there. Default: it hears what comes from now on.
   */
  since?: Iterable<[string, ChatPosition]>;
  /** How long a call, with all attempts and reconnects in between, may take: 1,000 or more, or Infinity. Default 60,000. */
  callTimeout?: number;
  /**
   * How long one attempt of a call may take before it is made again, with the same id: 100 or more. Default 5,000: the server answers within
   * 2,000, or not at all.
   */
  attemptTimeout?: number;
  /** How long connecting may take: 100 or more. Default 10,000. */
  connectTimeout?: number;
  /**
   * After how long without anything from the server the connection is considered dead: 1,000 or more. Default 35,000: the server sends
   * something every 15,000.
   */
  silenceLimit?: number;
  /**
   * The longest pause after the first failure; it doubles with each further one. The real pause is random, from none to that (full jitter).
   * Default 500.
   */
  firstDelay?: number;
  /** The longest pause of all. Default 30,000. */
  longestDelay?: number;
  /**
   * How many events may wait for who reads them: 1 or more. With more, and no call under way, the client leaves the server until half of them
   * are read, and continues from there. Default 10,000.
   */
  bufferedEvents?: number;
  /** How many bytes a call may have, as JSON: what the server takes. Default 32,768. */
  largestCall?: number;
  /** The class to connect with. Default: the runtime's own, which browsers have, and Node.js from version 22 on. */
  WebSocket?: any;
}

/** How it stands with a client's connection; `stopped` is for good: disposed of, or refused in a way that would be repeated. */
export type ChatState = 'connecting' | 'online' | 'waiting' | 'stopped';

export interface ChatStateChange {
  state: ChatState;
  /** Why, in words. */
  reason: string;
  /** Milliseconds until it connects again. */
  delay: number;
}

/** A place in a group's log, or in the log of a user's own messages. Compare epochs for equality only. */
export interface ChatPosition { epoch: string; offset: number; }

/** A message that is in the log, and will not be lost. */
export interface ChatPublished { id: string; position: ChatPosition; }

export interface ChatHistory {
  messages: ChatMessage[];
  /** How far it goes. */
  position: ChatPosition;
  /** False: the log no longer has all that was asked for. */
  recovered: boolean;
}

/** How many nodes have confirmed that the user left, and how many there are. */
export interface ChatLeft { nodes: number; of: number; }

/** What a client is told; the events are told apart by their `type`. */
export type ChatEvent = ChatMessage | ChatSubscribed | ChatUnsubscribed | ChatForbidden | ChatNotice | ChatPresence;

/** Somebody, perhaps this user, has written something. Of each group they come in the one order that all its members see, each once. */
export interface ChatMessage {
  type: 'message';
  /** Null for a message to this user alone. */
  group: string | null;
  /** The user who wrote it. */
  from: string;
  text: string;
  /** Which nobody else's message in that group has; null where another system published it past the nodes. */
  id: string | null;
  /** Its place in the log; null where it is in none. */
  position: ChatPosition | null;
  /** By the clock of the node that published it. */
  sentAt: Date | null;
}

/**
 * This client hears a group, or its user's own messages, from here on. It comes for each at the first connection, for a group that is
 * joined, here or on another device, after each reconnect, and when something was lost.
 */
export interface ChatSubscribed {
  type: 'subscribed';
  /** Null for the user's own messages. */
  group: string | null;
  /** Messages that follow have higher offsets. */
  position: ChatPosition;
  /** False: between what came before and what comes next, messages may be missing that the log no longer has. */
  recovered: boolean;
}

/** This user has left a group, here or on another device. Nothing of it comes any more. */
export interface ChatUnsubscribed { type: 'unsubscribed'; group: string; }

/** This user may not be in a group any more, and is out of it: a `ChatUnsubscribed` stands before it, where the client was in. */
export interface ChatForbidden { type: 'forbidden'; group: string; until: Date | null; }

/** Somebody joins a group, or leaves it with all devices, or is typing there. A notice: it may get lost. */
export interface ChatNotice { type: 'userJoined' | 'userLeft' | 'typing'; group: string; user: string; }

/** Who is in a group now, after `watchPresence`: a whole list, or what has changed in it. */
export interface ChatPresence {
  type: 'presence';
  group: string;
  /** How many users. */
  count: number;
  /** The whole list; null if it is a change, or if they are too many to be named. */
  members: { user: string; connections: number }[] | null;
  /** Who is in it now and was not. */
  joined: string[];
  /** Who is not in it any more. */
  left: string[];
}

/**
 * Something that the server refused, or that did not happen in time. Its `code` is the server's, such as `not_member`
 * (HUB.md, Errors), or one of this library's: `refused` (the server does not take this client, and would not the next time),
 * `timeout` (no answer within `callTimeout`; a message may be published or not), `stopped` (the client was disposed of).
 */
export class ChatException extends Error {
  constructor(code: string, message: string, cause?: unknown);
  readonly code: string;
  /** With the codes `forbidden` and `refused`: until when, where the server says so, as of a mute or a ban that ends by itself. */
  readonly until: Date | null;
}

export {}; // what is not exported by name is not offered

import { ChatException, LinkException } from './errors.js';
import { HubLink } from './link.js';
import { whyRefused } from './refusal.js';
import { endOf } from './token.js';

/**
 * @typedef {import('./errors.js').LinkEnd} LinkEnd
 * @typedef {import('./events.js').HubArgument} HubArgument
 * @typedef {import('./chat-client.d.ts').ChatClientOptions} ChatClientOptions
 * @typedef {import('./chat-client.d.ts').ChatState} ChatState
 */

/**
 * What a connection is for.
 * @typedef {object} Use
 * @property {(room: number) => string} begin a connection is about to be made; returns its query, for which there is about so much room
 * @property {(name: string, argument: HubArgument) => boolean} on what the hub calls; true: it has told where all groups are
 * @property {(link: HubLink, over: AbortSignal) => Promise<void>} enter calls may come
 * @property {() => Promise<void>} room completes when more may come
 * @property {() => void} callBegun somebody waits for an answer, which comes the same way
 * @property {(state: ChatState, reason: string, delay: number) => void} become
 * @property {() => void} end nothing more comes
 */

const GoingAway = 1012; // the node stops, or has too many connections
const TooMuch = 1008;
const TokenExpired = 4401;
const MostRefusals = 3; // of tokens, in a row
const Stable = 10_000;
const PauseAfterTooMuch = 5_000;
const LongestPauseOfCalls = 10_000;
const ShortestTokenLife = 1_000;
const LongestTokenDoubt = 5 * 60_000;
const LongestWait = 24 * 3_600_000; // a timer has a limit
const MostDoublings = 30;
const LongestLine = 8_000; // servers take 8 KB

/** @internal A connection: made, kept, made again; and calls over whichever there is. */
export class Runner {
  #options;
  #use;
  #hub;
  #stopping = new AbortController();
  /** @type {PromiseWithResolversOf<HubLink>} */
  #link = deferred();
  /** @type {?HubLink} */
  #present = null; // opening, or open
  #failures = 0;   // in a row
  #refusals = 0;
  #hurry = () => {};
  /** @type {Promise<void>} */
  running;
  /** Why the server does not want this client, when it has stopped because of that. @type {?string} */
  refusal = null;
  /** How many calls wait for their answer. */
  calls = 0;

  /** @param {Required<ChatClientOptions> & { server: URL }} options @param {Use} use */
  constructor(options, use) {
    this.#options = options;
    this.#use = use;
    this.#hub = new URL(`${options.server.pathname.replace(/\/+$/, '')}/signalr/chat`, options.server);
    this.running = Promise.resolve().then(() => this.#run()); // not at once: who makes it wants to hear of it
  }

  /** Completes when it is online, or fails when it stops. */
  get connected() { return this.#link.promise.then(() => {}); }

  /** Connects now instead of at the end of a pause. */
  hurry() { this.#hurry(); }

  /** Ends the present connection, in words; another will be made. @param {string} reason */
  lose(reason) { this.#present?.end(1006, reason); }

  stop() {
    this.#stopping.abort(new ChatException('stopped', 'The client has been disposed of.'));
    this.#present?.end();
    return this.running;
  }

  /** Without an answer; nothing happens without a connection. @param {string} method @param {HubArgument} argument */
  send(method, argument) { if (this.#present?.wasOpen) this.#present.send(method, argument); }

  /**
   * Makes a call until it is answered, over as many connections as that takes.
   * What an answer says of a group is taken in its place among the server's words (onAnswer): whoever waits for it goes on later, and the server
   * may have said the contrary by then.
   * @param {string} method @param {HubArgument} argument @param {AbortSignal} [signal] @param {(answer: HubArgument) => void} [onAnswer]
   * @returns {Promise<HubArgument>}
   */
  async call(method, argument, signal, onAnswer) {
    const { callTimeout, firstDelay } = this.#options;
    const deadline = new AbortController();
    const onAbort = () => deadline.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    /** @type {?ChatException} */
    let last = null;
    const late = () => deadline.abort(
      new ChatException('timeout', `${method} was not answered within ${callTimeout / 1000} s${last ? `: ${last.message}` : ''}`, last));
    const timer = Number.isFinite(callTimeout) ? setTimeout(late, callTimeout) : undefined;
    this.calls++;
    this.#use.callBegun();
    try {
      for (let failures = 0; ; failures++) {
        /** @type {?HubLink} */
        let link = null;
        try {
          link = await until(this.#link.promise, deadline.signal);
          const answer = await until(link.invoke(method, argument, onAnswer), deadline.signal);
          if (answer) return answer; // or it is lost, or late
        } catch (error) {
          link = null;
          if (error instanceof ChatException && error.isWorthRetrying) last = error;
          else if (!(error instanceof LinkException)) throw error;
        }

        // If no answer came because the connection is dead, the next one need not be waited for after that.
        await pause(backoff(failures, firstDelay, LongestPauseOfCalls), deadline.signal, link?.ended);
      }
    } finally {
      this.calls--;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #run() {
    const { signal } = this.#stopping;
    let reason = 'disposed of';
    try {
      while (true) {
        signal.throwIfAborted();
        if (this.calls === 0) await until(this.#use.room(), signal);
        this.#use.become('connecting', '', 0);
        const end = await this.#runOnce();
        signal.throwIfAborted();
        if (this.#isFinal(end)) {
          reason = this.refusal = end.reason || `The server closed the connection with ${end.code}.`;
          break;
        }

        const delay = this.#delayAfter(end);
        const hurried = new Promise(resolve => { this.#hurry = () => resolve(undefined); }); // who hears of the pause may end it at once
        this.#use.become('waiting', end.reason, delay);
        await pause(delay, signal, hurried);
        this.#hurry = () => {};
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#link.reject(new ChatException(this.refusal === null ? 'stopped' : 'refused', this.refusal ?? 'The client has been disposed of.'));
      this.#use.end();
      this.#use.become('stopped', reason, 0);
    }
  }

  // One connection, from the token to the end. Returns how it ended.
  /** @returns {Promise<LinkEnd>} */
  async #runOnce() {
    const { connectTimeout, token: ask } = this.#options;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(new LinkException({ code: 1006, reason: `No answer within ${connectTimeout / 1000} s.` })), connectTimeout);
    const onStop = () => patience.abort(this.#stopping.signal.reason);
    this.#stopping.signal.addEventListener('abort', onStop);
    try {
      let token;
      try {
        token = await until(Promise.resolve(ask(patience.signal)), patience.signal);
      } catch (error) {
        // Of the token's source anything may come; it is asked again.
        return error instanceof LinkException ? error.end : { code: 1006, reason: `There was no token: ${error instanceof Error ? error.message : error}` };
      }

      const link = this.#present = this.#open(token);
      if (!link) return { code: 1002, reason: 'The runtime does not allow a WebSocket to this address.' };
      patience.signal.addEventListener('abort', () => { if (!link.wasOpen) link.end(1006, patience.signal.reason.message); });
      try {
        await link.opened;
      } catch (error) {
        const { end } = /** @type {LinkException} */ (error);
        const isUnknown = end.code === 1006 && !patience.signal.aborted;
        return isUnknown ? await until(whyRefused(this.#hub, token, patience.signal), patience.signal).catch(() => null) ?? end : end;
      }

      clearTimeout(timer);
      return await this.#serve(link, token);
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener('abort', onStop);
      this.#present = null;
    }
  }

  /** @param {string} token */
  #open(token) {
    try {
      return new HubLink(this.#url(token), this.#options);
    } catch {
      return null; // of http on a page of https, for example
    }
  }

  /** @param {HubLink} link @param {string} token */
  async #serve(link, token) {
    const over = new AbortController();
    const began = performance.now();
    const refreshing = this.#refresh(link, token, over.signal);
    let entering = Promise.resolve();
    link.read((name, argument) => {
      if (!this.#use.on(name, argument)) return;
      this.#refusals = 0;
      this.#use.become('online', '', 0);
      this.#link.resolve(link);
      this.#link.isDone = true;
      entering = this.#use.enter(link, over.signal);
    });
    const end = await link.ended;

    // New calls wait for the next connection, before those of this one fail and are made again.
    if (this.#link.isDone) {
      this.#link = deferred();
      if (performance.now() - began >= Stable) this.#failures = 0;
    }

    link.failCalls(end);
    over.abort();
    await refreshing;
    await entering;
    return end;
  }

  // Shows the server a newer token before the one it knows is over.
  /** @param {HubLink} link @param {string} token @param {AbortSignal} over */
  async #refresh(link, token, over) {
    // By a clock that is fast every token is over as soon as it comes: then it is asked for less and less often. When the token that the server
    // knows really is over, that ends the connection, and the next one comes with a new one.
    let shortest = ShortestTokenLife;
    try {
      for (let end = endOf(token); end !== null; end = endOf(token)) {
        const wait = (end - Date.now()) * 0.8;
        const isDoubtful = wait < ShortestTokenLife;
        await pause(isDoubtful ? shortest : Math.min(wait, LongestWait), over);
        if (wait > LongestWait) continue;
        shortest = isDoubtful ? Math.min(shortest * 2, LongestTokenDoubt) : ShortestTokenLife;
        token = await until(Promise.resolve(this.#options.token(over)), over);
        await until(link.invoke('refresh', { token }), over);
      }
    } catch {
      // When its token is over the server closes the connection, and the next one comes with whatever token there is then.
    }
  }

  /** @param {string} token */
  #url(token) {
    const url = new URL(this.#hub);
    url.protocol = url.protocol.replace('http', 'ws');
    const shown = `access_token=${encodeURIComponent(token)}`; // browsers let a page set no header here
    url.search = `${this.#use.begin(LongestLine - url.href.length - shown.length)}&${shown}`;
    return url.href;
  }

  /** @param {LinkEnd} end */
  #isFinal({ code, status = 0, mayReconnect = true }) {
    if (status === 401 || status === 403) this.#refusals++;
    else if (status !== 0) this.#refusals = 0;
    return !mayReconnect || [400, 404, 405].includes(status) || [1002, 1003, 1007].includes(code) || this.#refusals >= MostRefusals;
  }

  /** @param {LinkEnd} end */
  #delayAfter({ code, retryAfter = 0 }) {
    if (code === GoingAway) return Math.random() * 1_000; // the node spreads its closings itself
    const { firstDelay, longestDelay } = this.#options;
    const delay = code === TokenExpired ? 0 : backoff(this.#failures, firstDelay, longestDelay);
    this.#failures++;
    return delay + (code === TooMuch ? PauseAfterTooMuch : retryAfter);
  }
}

// Exponential, with full jitter, so that those whose node died do not come back all at once
// ("Exponential Backoff And Jitter", AWS Architecture Blog).
/** @param {number} failures @param {number} first @param {number} longest */
const backoff = (failures, first, longest) => Math.random() * Math.min(longest, first * 2 ** Math.min(failures, MostDoublings));

/** @param {number} delay @param {AbortSignal} signal @param {Promise<unknown>} [sooner] ends it as well @returns {Promise<void>} */
function pause(delay, signal, sooner) {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const onOver = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const timer = setTimeout(onOver, delay);
    sooner?.then(onOver);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Waits no longer than until the signal. @template T @param {Promise<T>} promise @param {AbortSignal} signal @returns {Promise<T>} */
function until(promise, signal) {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * @template T @typedef {{ promise: Promise<T>, resolve: (value: T) => void, reject: (error: Error) => void, isDone?: boolean }} PromiseWithResolversOf
 */

/** @returns {PromiseWithResolversOf<any>} */
function deferred() {
  /** @type {any} */
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  made.promise.catch(() => {}); // perhaps nobody asks
  return made;
}

import { ChatException, LinkException } from './errors.js';
import { HubLink } from './link.js';
import { LongestTime } from './options.js';
import { whyRefused } from './refusal.js';
import { endOf } from './token.js';

/**
 * @typedef {import('./errors.js').LinkEnd} LinkEnd
 * @typedef {import('./events.js').HubArgument} HubArgument
 * @typedef {import('./chat-client.d.ts').ChatClientOptions} ChatClientOptions
 * @typedef {import('./chat-client.d.ts').ChatState} ChatState
 */

/**
 * What the runner tells and asks its owner.
 * @typedef {object} Use
 * @property {(room: number) => string} begin a connection is about to be made; returns its query, which may have about `room` characters
 * @property {(name: string, argument: HubArgument) => boolean} on called for each call by the hub; returns true once all groups are reported
 * @property {(link: HubLink, over: AbortSignal) => Promise<void>} enter from now on, calls may be made
 * @property {() => Promise<void>} room completes when there is room for more events
 * @property {() => void} callBegun a call waits for its answer, which comes over the same connection as the events
 * @property {(state: ChatState, reason: string, delay: number) => void} become
 * @property {() => void} end no more events come
 */

const GoingAway = 1012; // the node stops, or has too many connections
const TooMuch = 1008;
const TokenExpired = 4401;
const MostRefusals = 3; // of tokens, in a row
const Stable = 10_000;
const PauseAfterTooMuch = 5_000;
const LongestPauseOfCalls = 10_000;
const LongestDoubt = 8 * 60_000; // a log knows the ids of its messages for up to 10 minutes (Chat:Backplane:Group:Age)
const ShortestTokenLife = 1_000;
const LongestTokenDoubt = 5 * 60_000;
const LongestWait = 24 * 3_600_000; // a timer has an upper limit
const MostDoublings = 30;
const LongestLine = 8_000; // servers accept 8 KB

/** @internal Makes the connection, keeps it and makes it again, and makes calls over whichever connection there is. */
export class Runner {
  #options;
  #use;
  #hub;
  #stopping = new AbortController();
  /** @type {PromiseWithResolversOf<HubLink>} */
  #link = deferred();
  /** @type {?HubLink} */
  #present = null; // connecting, or connected
  #failures = 0;   // in a row
  #refusals = 0;
  #wasTaken = false; // by the server, at some time
  #hurry = () => {};
  /** @type {Promise<void>} */
  running;
  /** Why the server does not accept this client, if the client has stopped because of that. @type {?string} */
  refusal = null;
  /** The number of calls that wait for their answer. */
  calls = 0;

  /** @param {Required<ChatClientOptions> & { server: URL, now: () => number }} options @param {Use} use */
  constructor(options, use) {
    this.#options = options;
    this.#use = use;
    this.#hub = new URL(`${options.server.pathname.replace(/\/+$/, '')}/signalr/chat`, options.server);
    this.running = Promise.resolve().then(() => this.#run()); // not at once: the creator wants to hear of it
  }

  /** Completes when the client is online, or fails when it stops. Counts as a call: whoever waits for this reads no events yet. */
  async connected() {
    this.calls++;
    try {
      await this.#link.promise;
    } finally {
      this.calls--;
    }
  }

  /** Connects now instead of at the end of a pause. */
  hurry() { this.#hurry(); }

  /** Ends the present connection, for a reason in words; another one will be made. @param {string} reason */
  lose(reason) { this.#present?.end(1006, reason); }

  stop() {
    this.#stopping.abort(new ChatException('stopped', 'The client has been disposed of.'));
    this.#present?.end();
    return this.running;
  }

  /** Makes a call without an answer. Without a connection, nothing happens. @param {string} method @param {HubArgument} argument */
  send(method, argument) { if (this.#present?.wasOpen) this.#present.send(method, argument); }

  /**
   * Makes a call until it is answered, over as many connections as that takes. A message that may be published is not sent again once the server may
   * have forgotten its id.
   * `onAnswer` applies what an answer says about a group, at the answer's place in the order of what the server sends. The caller who awaits the
   * answer continues later; by then, the server may have said the opposite.
   * @param {string} method @param {HubArgument} argument @param {AbortSignal} [signal] @param {(answer: HubArgument) => void} [onAnswer]
   * @returns {Promise<HubArgument>}
   */
  async call(method, argument, signal, onAnswer) {
    const { callTimeout, firstDelay, now } = this.#options;
    const deadline = new AbortController();
    const onAbort = () => deadline.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    /** @type {?ChatException} */
    let last = null;
    let doubt = 0; // the time of the first attempt that may have published the message
    const late = () => deadline.abort(
      new ChatException('timeout', `${method} was not answered within ${callTimeout / 1000} s${last ? `: ${last.message}` : ''}`, last));
    const timer = callTimeout <= LongestTime ? setTimeout(late, callTimeout) : undefined;
    this.calls++;
    this.#use.callBegun();
    try {
      for (let failures = 0; ; failures++) {
        /** @type {?HubLink} */
        let link = null;
        let [began, isDoubtful] = [0, true];
        try {
          link = await until(this.#link.promise, deadline.signal);
          began = now(); // timers and performance.now() may stand still while the machine sleeps
          if (argument.id !== undefined && doubt > 0 && began - doubt > LongestDoubt) {
            throw new ChatException('timeout', `${method} was not answered. Sent again so late, the message could be published twice.`, last);
          }

          const answer = await until(link.invoke(method, argument, onAnswer), deadline.signal);
          if (answer) return answer; // otherwise, the answer is lost or late
        } catch (error) {
          link = null;
          if (error instanceof ChatException && error.isWorthRetrying) [last, isDoubtful] = [error, error.isDoubtful];
          else if (!(error instanceof LinkException)) throw error;
        }

        if (isDoubtful) doubt ||= began;

        // If no answer came and this connection turns out to be dead, the pause before the next attempt ends with it.
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
        const hurried = new Promise(resolve => { this.#hurry = () => resolve(undefined); }); // set first: a listener may end the pause at once
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

  // Runs one connection, from the token to the end. Returns how it ended.
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
        // The token callback may throw anything. The next attempt calls it again.
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
      return null; // for example, http is not allowed on a page of https
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
      this.#wasTaken = true;
      this.#use.become('online', '', 0);
      this.#link.resolve(link);
      this.#link.isDone = true;
      entering = this.#use.enter(link, over.signal);
    });
    const end = await link.ended;

    // New calls have to wait for the next connection before the pending calls of this one fail and are made again.
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

  // Gives the server a newer token before the one that it knows expires.
  /** @param {HubLink} link @param {string} token @param {AbortSignal} over */
  async #refresh(link, token, over) {
    // If the clock of this machine is fast, every token seems expired as soon as it arrives. Then the client asks for one less and less often. When
    // the token that the server knows really expires, the server closes the connection, and the next connection brings a new token.
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
      // When its token expires, the server closes the connection. The next connection brings whatever token there is then.
    }
  }

  /** @param {string} token */
  #url(token) {
    const url = new URL(this.#hub);
    url.protocol = url.protocol.replace('http', 'ws');
    const shown = `access_token=${encodeURIComponent(token)}`; // browsers do not let a page set a header here
    url.search = `${this.#use.begin(LongestLine - url.href.length - shown.length)}&${shown}`;
    return url.href;
  }

  /** @param {LinkEnd} end */
  #isFinal({ code, status = 0, mayReconnect = true }) {
    if (status === 401 || status === 403) this.#refusals++;
    else if (status !== 0) this.#refusals = 0;
    // Where there was a server, there is none for a moment: some proxies say so while what stands behind them is replaced.
    const isNowhere = status === 404 && !this.#wasTaken;
    return !mayReconnect || isNowhere || [400, 405].includes(status) || [1002, 1003, 1007].includes(code) || this.#refusals >= MostRefusals;
  }

  /** @param {LinkEnd} end */
  #delayAfter({ code, retryAfter = 0 }) {
    if (code === GoingAway) return Math.random() * 1_000; // the node itself spreads its closings
    const { firstDelay, longestDelay } = this.#options;
    const delay = code === TokenExpired ? 0 : backoff(this.#failures, firstDelay, longestDelay);
    this.#failures++;
    return delay + (code === TooMuch ? PauseAfterTooMuch : retryAfter);
  }
}

// Exponential, with full jitter, so that the clients of a dead node do not come back all at once
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

/** Waits for the promise, but not beyond the signal. @template T @param {Promise<T>} promise @param {AbortSignal} signal @returns {Promise<T>} */
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
  made.promise.catch(() => {}); // perhaps nobody awaits it
  return made;
}

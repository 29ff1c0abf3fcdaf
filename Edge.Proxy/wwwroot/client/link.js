import { ChatException, exceptionOf, LinkException } from './errors.js';
import { argumentOf, MalformedError, recordOf } from './shape.js';

/**
 * @typedef {import('./errors.js').LinkEnd} LinkEnd
 * @typedef {import('./events.js').HubArgument} HubArgument
 * @typedef {(name: string, argument: HubArgument) => void} OnEvent
 */

const Separator = '\u001e';
const TryLater = 1013;
const LargestRecord = 16 * 1024 * 1024; // many times the server's largest answer
const Invocation = 1;
const Completion = 3;
const Ping = 6;
const Close = 7;
const PingInterval = 15_000; // as SignalR's clients do
const TendInterval = 1_000;

/** @internal One WebSocket to the hub, in SignalR's JSON protocol (its HubProtocol.md), from its handshake to its end. */
export class HubLink {
  #socket;
  #options;
  /** @type {Map<string, { onAnswer?: (answer: HubArgument) => void, resolve: (answer: HubArgument) => void, reject: (error: Error) => void }>} */
  #calls = new Map();
  #lastCall = 0;
  #rest = '';        // the beginning of a record whose rest has not come
  /** Records that came before anybody read. @type {?string[]} */
  #unread = [];
  /** @type {OnEvent} */
  #onEvent = () => {};
  /** @type {any} */
  #close = null;     // the hub's close message
  /** @type {?LinkEnd} */
  #end = null;
  #isOpen = false;   // the handshake was answered
  #heardAt = performance.now();
  #pingedAt = performance.now();
  /** @type {any} */
  #tending;

  /** Completes with how the connection ended. @type {Promise<LinkEnd>} */
  ended;
  /** Completes when the hub has accepted the connection. @type {Promise<void>} */
  opened;
  /** @type {(end: LinkEnd) => void} */
  #settleEnded = () => {};
  #settleOpened = () => {};

  /** @param {string} url @param {{ WebSocket: any, attemptTimeout: number, silenceLimit: number, largestCall: number }} options */
  constructor(url, options) {
    this.#options = options;
    this.ended = new Promise(resolve => { this.#settleEnded = resolve; });
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpened = () => resolve();
      this.ended.then(end => reject(new LinkException(end)));
    });
    const socket = this.#socket = new options.WebSocket(url);
    let isConnected = false;
    socket.onopen = () => {
      isConnected = true;
      this.#write(JSON.stringify({ protocol: 'json', version: 1 }));
    };
    socket.onmessage = (/** @type {{ data: unknown }} */ { data }) => this.#receive(data);
    // The close event says what is wrong, as far as anything is told. But if Node.js 20 could not connect, no close event follows.
    socket.onerror = () => { if (!isConnected) this.#closed(1006, ''); };
    socket.onclose = (/** @type {{ code: number, reason: string }} */ { code, reason }) => this.#closed(code, reason);
  }

  /** Whether the hub had accepted the connection before it ended. */
  get wasOpen() { return this.#isOpen; }

  get hasCalls() { return this.#calls.size > 0; }

  /** Passes on what the hub calls, beginning with what has already come. @param {OnEvent} onEvent */
  read(onEvent) {
    this.#onEvent = onEvent;
    const unread = this.#unread ?? [];
    this.#unread = null;
    this.#takeAll(unread);
  }

  /**
   * Calls a method of the hub, and returns its answer.
   * @param {string} method @param {HubArgument} argument
   * @param {(answer: HubArgument) => void} [onAnswer] called with the answer, at its place among the calls by the hub
   * @returns {Promise<?HubArgument>} null if no answer came in time
   */
  invoke(method, argument, onAnswer) {
    const id = `${++this.#lastCall}`;
    const record = JSON.stringify({ type: Invocation, invocationId: id, target: method, arguments: [argument] });
    if (new TextEncoder().encode(record).length >= this.#options.largestCall) { // the separator counts as well
      return Promise.reject(new ChatException('too_big', 'The message is too big.')); // it would end this connection, and then the next one
    }

    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => resolve(null)), this.#options.attemptTimeout);
      const settle = (/** @type {() => void} */ act) => {
        clearTimeout(timer);
        this.#calls.delete(id);
        act();
      };
      this.#calls.set(id, { onAnswer, resolve: answer => settle(() => resolve(answer)), reject: error => settle(() => reject(error)) });
      if (this.#end) this.failCalls(this.#end);
      else this.#write(record);
    });
  }

  /** Calls a method of the hub, without an answer. @param {string} method @param {HubArgument} argument */
  send(method, argument) {
    if (!this.#end) this.#write(JSON.stringify({ type: Invocation, target: method, arguments: [argument] }));
  }

  /** Fails the pending calls: this connection will answer none of them. @param {LinkEnd} end */
  failCalls(end) {
    for (const call of [...this.#calls.values()]) call.reject(new LinkException(end));
  }

  /** Closes the connection. Whatever still comes is ignored. @param {number} [code] @param {string} [reason] */
  end(code = 1000, reason = '') {
    this.#finish({ code, reason });
    this.#socket.close(1000);
  }

  /** @param {unknown} data */
  #receive(data) {
    if (this.#end) return;
    this.#heardAt = performance.now();
    if (typeof data !== 'string' || this.#rest.length + data.length > LargestRecord) {
      this.end(1002, 'The server sent something that is not SignalR\'s JSON protocol.');
      return;
    }

    const records = (this.#rest + data).split(Separator);
    this.#rest = records.pop() ?? '';
    this.#takeAll(records);
    this.#ping(PingInterval * 2 / 3); // in hidden pages, browsers run timers only once a minute; the server would not wait that long for a ping
  }

  /** @param {string[]} records */
  #takeAll(records) {
    try {
      for (const record of records) {
        if (this.#isOpen && this.#unread) this.#unread.push(record);
        else if (!this.#end) this.#take(recordOf(record));
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.end(1002, `The server sent something that is not SignalR's JSON protocol: ${error.message}`);
    }
  }

  /** @param {any} record */
  #take(record) {
    if (!this.#isOpen) {
      this.#begin(record);
    } else if (record.type === Invocation) {
      this.#onEvent(record.target, argumentOf(record.arguments?.[0]));
    } else if (record.type === Completion) {
      this.#answer(record);
    } else if (record.type === Close) {
      this.#close = record;
    }
  }

  /** @param {any} record */
  #answer({ invocationId, error, result }) {
    const call = this.#calls.get(invocationId);
    if (!call) return;
    if (error) {
      call.reject(exceptionOf(error));
      return;
    }

    const answer = argumentOf(result);
    call.onAnswer?.(answer);
    call.resolve(answer);
  }

  // Takes the answer to the handshake.
  /** @param {any} record */
  #begin(record) {
    if (record.type === Close) {
      this.#close = record;
      this.end(TryLater, record.error ?? ''); // the hub could not even begin
    } else if (record.error) {
      this.end(record.allowReconnect ? TryLater : 1002, record.error);
    } else {
      this.#isOpen = true;
      this.#tending = setInterval(() => this.#tend(), TendInterval);
      this.#settleOpened();
    }
  }

  #tend() {
    const { silenceLimit } = this.#options;
    if (performance.now() - this.#heardAt > silenceLimit) this.end(1006, `Nothing was heard from the server for ${silenceLimit / 1000} s.`);
    else this.#ping(PingInterval);
  }

  /** @param {number} interval since the last one */
  #ping(interval) {
    if (!this.#isOpen || this.#end || performance.now() - this.#pingedAt < interval) return;
    this.#pingedAt = performance.now();
    this.#write(JSON.stringify({ type: Ping }));
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    if (code === 1005) this.#finish({ code, reason: this.#close?.error ?? '' });
    else this.#finish({ code, reason: this.#close?.error ?? (reason || (code === 1006 ? 'The connection was lost.' : '')) });
  }

  /** @param {LinkEnd} end */
  #finish(end) {
    if (this.#end) return;
    this.#end = { mayReconnect: this.#close?.allowReconnect ?? this.#close === null, ...end };
    clearInterval(this.#tending);
    this.#settleEnded(this.#end);
  }

  /** @param {string} record */
  #write(record) {
    // A socket that is closing accepts what is written and drops it; the end is reported then.
    this.#socket.send(record + Separator);
  }
}

// A client whose events are all read, and the helpers of the specs.
const Deadline = 10_000; // only a failing spec waits this long

export class Listener {
  #events = [];
  #wake = () => {};
  #sockets = [];

  static async connect(ChatClient, options, user) {
    const listener = new Listener();
    listener.user = user;
    const keep = socket => listener.#sockets.push(socket);
    class Socket extends WebSocket {
      constructor(url) {
        super(url);
        keep(this);
      }
    }

    listener.chat = await ChatClient.connect({ firstDelay: 50, longestDelay: 1_000, WebSocket: Socket, ...options }, { signal: AbortSignal.timeout(Deadline) });
    listener.reading = listener.#read();
    listener.reading.catch(() => {}); // specs that need the error await it
    return listener;
  }

  /** Ends the connection without telling the client. */
  cut() { this.#sockets.at(-1).close(4000); }

  /** Ends the connection and returns when there is another one. */
  async break() {
    const { reconnects } = this.chat;
    this.cut();
    await until(() => this.chat.reconnects > reconnects && this.chat.state === 'online');
  }

  /** The next event of this type that meets the condition; events before it are dropped. */
  async next(type, condition = () => true) {
    return (await this.until(one => (!type || one.type === type) && condition(one))).at(-1);
  }

  /** All events up to and including the first that meets the condition. */
  async until(condition) {
    const end = performance.now() + Deadline;
    for (let seen = 0; ; seen++) {
      while (this.#events.length <= seen) {
        if (performance.now() > end) throw new Error(`${this.user} did not hear ${condition}, but: ${JSON.stringify(this.#events.slice(-20))}`);
        await Promise.race([new Promise(resolve => { this.#wake = resolve; }), new Promise(resolve => setTimeout(resolve, 200))]);
      }

      if (condition(this.#events[seen])) return this.#events.splice(0, seen + 1);
    }
  }

  /** The messages up to and including the one with this text. */
  async messagesUntil(text) {
    return (await this.until(one => one.type === 'message' && one.text === text)).filter(one => one.type === 'message');
  }

  async #read() {
    for await (const one of this.chat.readAll()) {
      this.#events.push(one);
      this.#wake();
    }
  }
}

/** Posts numbers one after the other until it is stopped. Stopping returns the published messages. */
export function posts({ chat }, group, first) {
  let isOver = false;
  const published = (async () => {
    const done = [];
    for (let i = first; !isOver; i++) done.push(await chat.post(group, `${i}`));
    return done;
  })();
  return { stop: () => (isOver = true, published) };
}

/**
 * A class of WebSockets to a hub that sends given records: `connections` has those for each connection, all of which but the last then end, and
 * `toCalls` those that answer each call, at once. It collects the addresses in `urls`. A connection that is ended by hand is ended through `last`. An
 * error as the first record is the answer to the handshake.
 */
export const hubThatSays = (connections, urls, toCalls = {}, { isEndedByHand = false } = {}) => class Socket {
  static last;

  constructor(url) {
    urls.push(url);
    Socket.last = this;
    setTimeout(() => this.onopen());
  }

  send(data) {
    for (const { protocol, target, invocationId, arguments: [argument] = [] } of data.split('\u001e').filter(Boolean).map(one => JSON.parse(one))) {
      if (protocol) {
        const records = connections.shift();
        this.#say(records[0]?.error ? records : [{}, ...records]);
        if (connections.length > 0 && !isEndedByHand) this.close();
      } else if (toCalls[target]) {
        setTimeout(() => this.#say(toCalls[target](invocationId, argument)));
      }
    }
  }

  close(code = 1006) { setTimeout(() => this.onclose({ code, reason: '' })); }

  #say(records) { this.onmessage({ data: records.map(one => `${JSON.stringify(one)}\u001e`).join('') }); }
};

export const all = (count, make) => Array.from({ length: count }, (_, i) => make(i));

export function equal(actual, expected) {
  const [a, e] = [JSON.stringify(actual, sorted), JSON.stringify(expected, sorted)];
  if (a !== e) throw new Error(`Expected ${e.slice(0, 2_000)}, and it was ${a.slice(0, 2_000)}.`);
}

/** The error with which a promise is rejected. */
export async function rejects(promise, code) {
  try {
    await Promise.race([promise, new Promise((_, reject) => setTimeout(reject, Deadline, new Error('It took too long.')))]);
  } catch (error) {
    if (code) equal(error.code, code);
    return error;
  }

  throw new Error('It was not refused.');
}

export async function until(condition) {
  const end = performance.now() + Deadline;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Not so in time: ${condition}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

// The order of properties does not matter.
const sorted = (_, value) => (value?.constructor === Object ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value);

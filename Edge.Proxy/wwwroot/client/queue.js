/** @typedef {import('./chat-client.d.ts').ChatEvent} ChatEvent */

/** @internal The events that wait for the reader. The queue never refuses an event; whoever fills it asks whether it is full. */
export class EventQueue {
  /** @type {ChatEvent[]} */
  #events = [];
  #first = 0; // index of the first event: taking events off the front one by one would cost as much each time as there are events
  #most;
  #reports = 0; // how many events say where the present connection begins. They must not fill the queue before the connection has said all it has to
  #isOver = false;
  #wake = () => {};    // for the reader
  #makeRoom = () => {}; // for whoever waits for room

  /** @param {number} most */
  constructor(most) { this.#most = most; }

  get isFull() { return this.#count >= this.#most + this.#reports; }

  get #count() { return this.#events.length - this.#first; }

  /** @param {ChatEvent} one */
  add(one) {
    if (this.#isOver) return;
    this.#events.push(one);
    this.#wake();
  }

  /** No more events come. */
  end() {
    this.#isOver = true;
    this.#wake();
    this.#makeRoom();
  }

  /** A connection begins. */
  begin() { this.#reports = 0; }

  /** The connection says where it begins in one more topic. */
  addReport() { this.#reports++; }

  /** Completes when half of it is read, or when `open` is called. @returns {Promise<void>} */
  room() { return this.#count >= this.#most && !this.#isOver ? new Promise(resolve => { this.#makeRoom = resolve; }) : Promise.resolve(); }

  /** Lets whoever waits for room continue. */
  open() { this.#makeRoom(); }

  /** @param {AbortSignal} [signal] @returns {AsyncGenerator<ChatEvent, void, void>} */
  async *readAll(signal) {
    const onAbort = () => this.#wake();
    signal?.addEventListener('abort', onAbort);
    try {
      while (true) {
        signal?.throwIfAborted();
        if (this.#count > 0) {
          yield this.#take();
        } else if (this.#isOver) {
          return;
        } else {
          await new Promise(resolve => { this.#wake = () => resolve(undefined); });
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #take() {
    const one = this.#events[this.#first];
    this.#first++;
    if (this.#first * 2 > this.#events.length) {
      this.#events.splice(0, this.#first);
      this.#first = 0;
    }

    if (this.#count <= this.#most / 2) this.#makeRoom();
    return one;
  }
}

/** @typedef {import('./chat-client.d.ts').ChatEvent} ChatEvent */

/** @internal The events that wait for who reads them. It never refuses one; who fills it asks whether it is full. */
export class EventQueue {
  /** @type {ChatEvent[]} */
  #events = [];
  #first = 0; // of those in it: taking them off the front one by one would cost as much as there are
  #most;
  #isOver = false;
  #wake = () => {};    // who reads
  #makeRoom = () => {}; // who waits for room

  /** @param {number} most */
  constructor(most) { this.#most = most; }

  get isFull() { return this.#count >= this.#most; }

  get #count() { return this.#events.length - this.#first; }

  /** @param {ChatEvent} one */
  add(one) {
    if (this.#isOver) return;
    this.#events.push(one);
    this.#wake();
  }

  /** Nothing more comes. */
  end() {
    this.#isOver = true;
    this.#wake();
    this.#makeRoom();
  }

  /** Completes when half of it is read, or when `open` is called. @returns {Promise<void>} */
  room() { return this.isFull && !this.#isOver ? new Promise(resolve => { this.#makeRoom = resolve; }) : Promise.resolve(); }

  /** Lets who waits for room go on. */
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

// The data that this browser keeps for a user: how far they have read, with whom they talk, and the direct messages that they wrote,
// which the server keeps for the recipient only. All tabs of the user share it.
import { forever } from '../storage.js';

const MostSent = 300;
const Names = ['read', 'direct', 'sent'];

export class Keep {
  #user;
  #parts = {};
  #onStorage;

  /** @param {string} user @param {() => void} changed called when another tab has changed something */
  constructor(user, changed) {
    this.#user = user;
    for (const name of Names) this.#load(name);
    this.#onStorage = event => {
      const name = Names.find(one => event.key === this.#key(one));
      if (!name) return;
      this.#load(name);
      changed();
    };
    addEventListener('storage', this.#onStorage);
  }

  close() { removeEventListener('storage', this.#onStorage); }

  /** Up to where a conversation was read: a position in a group, otherwise a time. */
  read(key) { return this.#parts.read[key]; }

  setRead(key, upTo) {
    if (JSON.stringify(this.#parts.read[key]) !== JSON.stringify(upTo)) this.#store('read', { ...this.#load('read'), [key]: upTo });
  }

  get directs() { return Object.keys(this.#parts.direct); }

  addDirect(name) { if (!Object.hasOwn(this.#parts.direct, name)) this.#store('direct', { ...this.#load('direct'), [name]: 1 }); }

  removeDirect(name) {
    const { [name]: _, ...others } = this.#load('direct');
    this.#store('direct', others);
  }

  /** The user's direct messages, oldest first. */
  get sent() { return Object.values(this.#parts.sent); }

  addSent(message) {
    const all = { ...this.#load('sent'), [message.id]: message };
    this.#store('sent', Object.fromEntries(Object.entries(all).slice(-MostSent)));
  }

  #key(name) { return `chat.${name}.${this.#user}`; }

  #load(name) {
    try {
      this.#parts[name] = JSON.parse(forever.get(this.#key(name))) ?? {};
    } catch {
      this.#parts[name] ??= {}; // no data of ours
    }

    return this.#parts[name];
  }

  #store(name, value) {
    this.#parts[name] = value;
    forever.set(this.#key(name), JSON.stringify(value));
  }
}

// What the browser keeps for the pages. Where that is blocked or full, it is kept as long as the page is.
class Store {
  #browser;
  #own = new Map(); // what the browser did not take

  /** @param {() => Storage} browser throws where storage is blocked */
  constructor(browser) { this.#browser = browser; }

  /** @param {string} key @returns {?string} */
  get(key) {
    if (this.#own.has(key)) return this.#own.get(key);
    try {
      return this.#browser().getItem(key);
    } catch {
      return null;
    }
  }

  /** @param {string} key @param {string} value */
  set(key, value) {
    try {
      this.#browser().setItem(key, value);
      this.#own.delete(key);
    } catch {
      this.#own.set(key, value);
    }
  }

  /** @param {string} key */
  remove(key) {
    this.#own.delete(key);
    try {
      this.#browser().removeItem(key);
    } catch {
      // Nothing can be there.
    }
  }
}

/** For all tabs, until somebody deletes it. */
export const forever = new Store(() => localStorage);

/** For this tab, until it is closed. */
export const forTab = new Store(() => sessionStorage);

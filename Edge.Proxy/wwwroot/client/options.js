/** @typedef {import('./events.js').ChatPosition} ChatPosition */

/**
 * How a client connects. Times are in milliseconds.
 * @typedef {object} ChatClientOptions
 * @property {string | URL} [server] where the edge is, such as `https://chat.example.com`. Default, in a browser: where the page is from
 * @property {(signal: AbortSignal) => string | Promise<string>} token gives a token of the user: asked before each connection, and again
 *   before the token is over. What it throws counts as a failed attempt, and it is asked again later
 * @property {Iterable<[string, ChatPosition]>} [since] where an earlier client of the same user was (its `positions`): this one continues from
 *   there. Default: it hears what comes from now on
 * @property {number} [callTimeout] how long a call, with all attempts and reconnects in between, may take: 1,000 or more, or Infinity. Default 60,000
 * @property {number} [attemptTimeout] how long one attempt of a call may take before it is made again, with the same id: 100 or more. Default
 *   5,000: the server answers within 2,000, or not at all
 * @property {number} [connectTimeout] how long connecting may take: 100 or more. Default 10,000
 * @property {number} [silenceLimit] after how long without anything from the server the connection is considered dead: 1,000 or more. Default
 *   35,000: the server sends something every 15,000
 * @property {number} [firstDelay] the longest pause after the first failure; it doubles with each further one. The real pause is random, from
 *   none to that (full jitter). Default 500
 * @property {number} [longestDelay] the longest pause of all. Default 30,000
 * @property {number} [bufferedEvents] how many events may wait for who reads them: 1 or more. With more, and no call under way, the client
 *   leaves the server until half of them are read, and continues from there. Default 10,000
 * @property {number} [largestCall] how many bytes a call may have, as JSON: what the server takes. Default 32,768
 * @property {any} [WebSocket] the class to connect with. Default: the runtime's own, which browsers have, and Node.js from version 22 on
 */

const Defaults = {
  callTimeout: 60_000,
  attemptTimeout: 5_000,
  connectTimeout: 10_000,
  silenceLimit: 35_000,
  firstDelay: 500,
  longestDelay: 30_000,
  bufferedEvents: 10_000,
  largestCall: 32_768,
};

/** @type {[keyof typeof Defaults, number][]} */
const Least = [
  ['callTimeout', 1_000], ['attemptTimeout', 100], ['connectTimeout', 100], ['silenceLimit', 1_000], ['firstDelay', 0], ['bufferedEvents', 1],
  ['largestCall', 1_024],
];

/**
 * @internal With defaults, and checked.
 * @param {ChatClientOptions} given @returns {Required<ChatClientOptions> & { server: URL }}
 */
export function optionsOf(given) {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...Defaults, since: [], WebSocket: globalThis.WebSocket, server: globalThis.location?.href, ...named };
  const { server, token, firstDelay, longestDelay } = /** @type {any} */ (options);
  const url = server && URL.canParse(server) ? new URL(server) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError(`server must be an absolute http or https URL, and is ${server}.`);
  if (!named.server) url.pathname = '/';
  if (typeof token !== 'function') throw new TypeError('token must be a function that gives a token.');
  if (!options.WebSocket) throw new TypeError('This runtime has no WebSocket: give a class as the option WebSocket.');
  for (const [name, least] of Least) {
    if (!(options[name] >= least)) throw new RangeError(`${name} must be ${least} or more, and is ${options[name]}.`);
  }

  if (!(longestDelay >= firstDelay)) throw new RangeError('longestDelay must not be less than firstDelay.');
  return { .../** @type {any} */ (options), server: url };
}

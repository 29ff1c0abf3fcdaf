/** @typedef {import('./chat-client.d.ts').ChatClientOptions} ChatClientOptions */

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

/**
 * @internal A text that was cut in the middle of an emoji has half a character at its end, which no JSON of UTF-8 can hold: the server would not take it.
 * @param {string} text
 */
export const wellFormed = text => `${text}`.replace(/\p{Surrogate}/gu, '\ufffd');

/** @internal The server converts names to Unicode form C, and gives them in that form in all that it sends. @param {string} name */
export const nameOf = name => wellFormed(name).normalize();

/** @internal A timer cannot hold much more: it would be over at once. */
export const LongestTime = 24 * 86_400_000;

const Times = /** @type {const} */ (['attemptTimeout', 'connectTimeout', 'silenceLimit', 'firstDelay', 'longestDelay']);

/** @type {[keyof typeof Defaults, number][]} */
const Least = [
  ['callTimeout', 1_000], ['attemptTimeout', 100], ['connectTimeout', 100], ['silenceLimit', 1_000], ['firstDelay', 0], ['bufferedEvents', 1],
  ['largestCall', 1_024],
];

/**
 * @internal Returns the options with defaults, and checked.
 * @param {ChatClientOptions} given @returns {Required<ChatClientOptions> & { server: URL, now: () => number }} now: tests have clocks of their own
 */
export function optionsOf(given) {
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...Defaults, now: () => Date.now(), since: [], WebSocket: globalThis.WebSocket, server: globalThis.location?.href, ...named };
  const { server, token, firstDelay, longestDelay } = /** @type {any} */ (options);
  const url = server && URL.canParse(server) ? new URL(server) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError(`server must be an absolute http or https URL, and is ${server}.`);
  if (!named.server) url.pathname = '/';
  if (typeof token !== 'function') throw new TypeError('token must be a function that gives a token.');
  if (!options.WebSocket) throw new TypeError('This runtime has no WebSocket, as Node.js before 22 has none: give a class as the option WebSocket.');
  for (const [name, least] of Least) {
    if (!(options[name] >= least)) throw new RangeError(`${name} must be ${least} or more, and is ${options[name]}.`);
  }

  if (!(longestDelay >= firstDelay)) throw new RangeError('longestDelay must not be less than firstDelay.');
  const times = Object.fromEntries(Times.map(name => [name, Math.min(options[name], LongestTime)]));
  const since = [.../** @type {any} */ (options).since].map(([topic, position]) => [nameOf(topic), position]);
  return { .../** @type {any} */ (options), ...times, since, server: url };
}

/** @typedef {import('./events.js').HubArgument} HubArgument */

/** @typedef {(value: any) => boolean} Is */

/** @type {Is} */
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
/** @type {Is} */
const isText = value => typeof value === 'string';
/** @type {Is} */
const isTruth = value => typeof value === 'boolean';
/** @type {(is: Is) => Is} */
const listOf = is => value => Array.isArray(value) && value.every(is);
/** @type {(names: string, is: Is) => Record<string, Is>} */
const each = (names, is) => Object.fromEntries(names.split(' ').map(name => [name, is]));

/** Whether each property that is present has the right kind of value. @type {(value: any, shape: Record<string, Is>) => boolean} */
const has = (value, shape) => isObject(value) && Object.entries(shape).every(([name, is]) => value[name] === undefined || value[name] === null || is(value[name]));

const RecordShape = { ...each('type', Number.isInteger), ...each('target invocationId error', isText), arguments: Array.isArray, allowReconnect: isTruth };

/** @type {Is} */
const isArgument = value => has(value, ArgumentShape);

/** @type {Record<string, Is>} */
const ArgumentShape = {
  ...each('user node group to nick message id epoch method', isText),
  ...each('offset at until count nodes of groupsSince', Number.isInteger),
  recovered: isTruth,
  payload: isArgument,
  deleted: isArgument,
  messages: listOf(isArgument),
  deletions: listOf(isArgument),
  members: listOf(value => isObject(value) && isText(value.nick) && Number.isInteger(value.connections)),
  joined: listOf(isText),
  left: listOf(isText),
};

/** @internal The data is not SignalR's JSON protocol, or not what the hub sends. */
export class MalformedError extends Error {}

/** @internal @param {string} text @returns {any} a record */
export function recordOf(text) {
  let record;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(error instanceof Error ? error.message : '', { cause: error });
  }

  if (!has(record, RecordShape)) throw new MalformedError('a record that is none');
  return record;
}

/**
 * @internal Reads the argument of a call by the hub, or an answer. Its properties are checked here, and nowhere else. @param {unknown} value @returns
 *   {HubArgument}
 */
export function argumentOf(value) {
  const argument = value ?? {};
  if (!isArgument(argument)) throw new MalformedError('an argument or an answer that is none');
  return argument;
}

// Puts into words what happens.
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export const timeOf = date => clock.format(date);
export const fullTimeOf = date => full.format(date);

export function dayOf(date) {
  const days = Math.round((new Date().setHours(12, 0, 0, 0) - new Date(date).setHours(12, 0, 0, 0)) / 86_400_000);
  return days === 0 ? 'Today' : days === 1 ? 'Yesterday' : day.format(date);
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export const list = names => (names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`);

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Why the user is no longer in a group. */
export const forbiddenIn = (group, until) => `You are not allowed in ${group}${until ? ` until ${moment.format(until)}` : ' any more'}.`;

// The server's times are UTC.
const inLocalTime = text => text.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, time => moment.format(new Date(time)));

/** Why the server did not do what was asked. @param {string} [group] the group, if the user asked to join it */
export function failureOf(error, group) {
  switch (error.code) {
    case 'forbidden': return `You are not allowed to ${group ? `join ${group}` : 'write here'}${error.until ? ` until ${moment.format(error.until)}` : ''}.`;
    case 'timeout': return 'The server has not confirmed it. You can try again.';
    case 'stopped': case 'refused': return 'You are no longer signed in.';
    case 'too_big': return 'It is too long.';
    default: return error.message || 'It did not work.';
  }
}

/** Whether doing the same again would end the same way. */
export const isFinal = error => !['timeout', undefined].includes(error.code);

/** Why the connection was lost, or was never made. */
export function lossOf(reason, wasOnline) {
  switch (reason) {
    case 'draining': case 'edge draining': return 'The server is being restarted.';
    case 'rebalancing': case 'node cut off': return 'You are being moved to another server.';
    case 'token expired': return 'Your sign-in has expired.';
    case 'The device is offline.': return 'You are offline.';
    case 'too many messages': case 'too many bytes': return 'You have sent too much at once.';
    default: return wasOnline ? 'The connection was lost.' : 'The server cannot be reached.';
  }
}

/** Why the server does not take this user. */
export function refusalOf(reason) {
  if (reason === 'banned') return 'You have been banned.';
  if (reason === 'disconnected') return 'You have been signed out by the server.';
  return inLocalTime(reason).replace(/^This user is banned/, 'You are banned').replace(/^The server answered 401\.$/, 'Your token is not valid.');
}

// Refuses most of what the server does not take for an id, in words.
export function nameError(what, name) {
  if (!name) return `${what} is missing.`;
  if (/[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) return `${what} has characters that cannot be seen.`;
  return new TextEncoder().encode(name).length > 128 ? `${what} is too long.` : '';
}

export const clean = text => (text ?? '').trim().normalize('NFC');

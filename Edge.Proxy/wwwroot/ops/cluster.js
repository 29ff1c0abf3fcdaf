// The page's requests to the cluster, and the key that they carry.
import { forTab } from '../storage.js';

const Kept = 'chat-ops-key'; // in this tab only
const NotAccepted = 'That key is not accepted.';

/** The cluster requires a key, or does not accept this one. */
export class Refused extends Error {}

/** The request was not carried out. The message says why. */
export class NotDone extends Error {}

export const hasKey = () => forTab.get(Kept) !== null;
export const forgetKey = () => forTab.remove(Kept);
export const keepKey = key => forTab.set(Kept, key.trim());

function headers() {
  const id = length => Array.from(crypto.getRandomValues(new Uint8Array(length)), byte => byte.toString(16).padStart(2, '0')).join('');
  const key = forTab.get(Kept);
  if (/[^\x20-\xff]/.test(key ?? '')) throw new Refused(NotAccepted); // no header can carry it
  return {
    traceparent: `00-${id(16)}-${id(8)}-00`, // not sampled: a report every two seconds is not worth a trace each time
    ...key === null ? {} : /^[\w-]+\.[\w-]+\.[\w-]+$/.test(key) ? { Authorization: `Bearer ${key}` } : { 'X-Api-Key': key },
  };
}

async function ask(path, options) {
  const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(10_000), headers: headers(), ...options });
  if (answer.status === 401 || answer.status === 403) throw new Refused(hasKey() ? NotAccepted : '');
  if (answer.status === 404 && !answer.headers.has('X-Node')) throw new NotDone('This page is switched off at this edge (Edge:Operations).');
  if (!answer.ok) throw new NotDone((await answer.json().catch(() => ({}))).detail ?? `The cluster answered ${answer.status}.`);
  return answer.json();
}

export const report = () => ask('report');
export const drain = node => ask(`drain?node=${encodeURIComponent(node)}`, { method: 'POST' });

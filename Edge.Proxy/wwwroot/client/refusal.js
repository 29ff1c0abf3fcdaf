const MostRetryAfter = 300; // seconds
const MostWords = 300;

/**
 * @internal Finds out why a WebSocket could not be opened. Browsers do not say. But the hub's negotiation is refused for the same reasons, and states them.
 * @param {URL} hub @param {string} token @param {AbortSignal} signal
 * @returns {Promise<?import('./errors.js').LinkEnd>} null: the hub would not refuse, or nobody answers
 */
export async function whyRefused(hub, token, signal) {
  const negotiation = new URL(`${hub.pathname}/negotiate?negotiateVersion=1`, hub);
  try {
    const answer = await fetch(negotiation, { method: 'POST', headers: { authorization: `Bearer ${token}` }, cache: 'no-store', signal });
    if (answer.ok) {
      await answer.body?.cancel(); // whatever it is: what nobody takes keeps its connection open in Node.js
      return null;
    }

    const words = (await answer.text()).trim();
    const isSentence = answer.headers.get('content-type')?.startsWith('text/plain') && words && words.length <= MostWords;
    return {
      code: 1006,
      reason: isSentence ? words : `The server answered ${answer.status}.`,
      status: answer.status,
      retryAfter: Math.min(Math.max(Number(answer.headers.get('retry-after')) || 0, 0), MostRetryAfter) * 1000,
    };
  } catch {
    return null;
  }
}

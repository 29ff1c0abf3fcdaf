/**
 * @internal When a token is over, as it says itself (RFC 7519, `exp`), in Unix milliseconds. Nothing is verified: the server does that.
 * @param {string} token @returns {?number} null: it does not say, or is of another kind
 */
export function endOf(token) {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    const { exp } = JSON.parse(atob(parts[1].replaceAll('-', '+').replaceAll('_', '/')));
    return Number.isFinite(exp) ? exp * 1000 : null;
  } catch {
    return null;
  }
}

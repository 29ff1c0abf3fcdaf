/**
 * @internal When a token expires, according to the token itself (RFC 7519, `exp`), in Unix milliseconds. Nothing is verified: the server does that.
 * @param {string} token @returns {?number} null: the token does not say, or is of another kind
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

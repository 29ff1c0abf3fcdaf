// Numbers and reasons, as people read them.
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

export const None = '–';

export const count = number => number === null || number === undefined ? None : whole.format(number);
export const rate = number => number === null || number === undefined ? None : number < 10 && number > 0 ? one.format(number) : whole.format(number);
export const ms = number => number === null || number === undefined ? None : `${number < 10 ? one.format(number) : whole.format(number)} ms`;
export const share = number => number === null || number === undefined ? None : percent.format(number);
export const bytes = number => number < 1024 * 1024 ? `${whole.format(number / 1024)} KiB` : `${whole.format(number / 1024 / 1024)} MiB`;

/** How long since then, in its largest unit. */
export function since(time) {
  const seconds = Math.max(0, (Date.now() - new Date(time)) / 1000);
  for (const [unit, length] of [['d', 86_400], ['h', 3600], ['min', 60]]) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
  }

  return `${Math.floor(seconds)} s`;
}

// docs/OPERATIONS.md says more about each.
const codes = {
  1000: 'left by themselves',
  1001: 'vanished without a word',
  1002: 'broke the protocol',
  1003: 'sent binary frames',
  1006: 'broke off',
  1007: 'sent what is no UTF-8',
  1008: 'over a limit',
  1009: 'sent too large a message',
  1011: 'a fault of the server',
  1012: 'sent to another node',
  1013: 'asked to come back later',
  4401: 'token ran out',
  4403: 'may not be there',
  4410: 'disconnected by a backend',
  4423: 'banned',
};

/** What a close means. */
export const meaning = code => codes[code] ?? 'closed';

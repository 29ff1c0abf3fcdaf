// The few functions with which the views are written. Text goes into the page as text, whatever it looks like.

/**
 * Makes an element. Properties that it does not have become attributes. A property that is false or null is left out.
 * @param {string} tag @param {Record<string, any>} [properties] @param {...(Node | string | null)} children
 */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name in made) made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  }

  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

// A web address, as far as its characters can be seen. A sentence's punctuation after it does not belong to it.
const Address = /https?:\/\/[^\s\p{C}<>"]*[^\s\p{C}<>"'.,;:!?()\[\]{}]/giu;

/** Returns the text as it is, but with links for the addresses in it. @param {string} text @returns {(string | Node)[]} */
export function textWithLinks(text) {
  const parts = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(Address)) {
    if (!URL.canParse(address)) continue;
    parts.push(text.slice(end, index), el('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, address));
    end = index + address.length;
  }

  return [...parts, text.slice(end)];
}

export const $ = id => document.getElementById(id);

/** One of the drawings in index.html. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A person's first letter on a color of their own. */
export function avatar(name) {
  const [letter = '?'] = name.trim();
  const made = el('span', { className: 'avatar', ariaHidden: 'true' }, letter.toUpperCase());
  made.style.setProperty('--hue', [...name].reduce((sum, one) => (sum * 31 + one.codePointAt(0)) % 360, 7));
  return made;
}

/**
 * Makes the children of a parent match the rows, in their order. A child with the same key and version stays as it is, with its focus
 * and whatever is selected in it. If the focus was in a child that does not stay, it goes to what is in that place now.
 * @param {Element} parent @param {{ key: string, version: string, make: () => Element }[]} rows
 */
export function reconcile(parent, rows) {
  const focused = document.activeElement;
  const focusedAt = [...parent.children].findIndex(child => child.contains(focused));
  const focusedRow = parent.children[focusedAt];
  const keys = new Set(rows.map(({ key }) => key));
  const known = new Map();
  for (const child of [...parent.children]) {
    if (keys.has(child.dataset.key)) known.set(child.dataset.key, child);
    else child.remove(); // first of all, so that no other one has to move
  }

  let next = parent.firstElementChild;
  for (const { key, version, make } of rows) {
    const old = known.get(key);
    if (old && old.dataset.version === version) {
      if (old === next) next = next.nextElementSibling;
      else parent.insertBefore(old, next);
      continue;
    }

    const made = make();
    made.dataset.key = key;
    made.dataset.version = version;
    if (old === next) next = next?.nextElementSibling ?? null;
    old?.remove();
    parent.insertBefore(made, next);
  }

  if (!focusedRow || document.activeElement === focused) return;
  const same = [...parent.children].find(child => child.dataset.key === focusedRow.dataset.key);
  focusAgain(same ?? parent.children[Math.min(focusedAt, parent.children.length - 1)], focused, focusedRow);
}

// Somebody who uses the keyboard would have to begin at the top of the page otherwise.
function focusAgain(row, focused, focusedRow) {
  if (!row) return;
  const [before, now] = [focusedRow, row].map(one => [...one.querySelectorAll(`${focused.localName}:not(:disabled)`)]);
  const target = row.contains(focused) ? focused : now[before.indexOf(focused)] ?? now[0] ?? row;
  if (target === row) row.tabIndex = -1;
  target.focus({ preventScroll: true });
}

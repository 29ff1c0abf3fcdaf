// Puts reports on the page. Everything that comes from the cluster is text, never markup.
import { None, bytes, count, meaning, ms, rate, share, since } from './words.js';

const $ = id => document.getElementById(id);

function cell(text, { className = '', label = '' } = {}) {
  const made = document.createElement('td');
  made.textContent = text;
  made.className = className;
  made.dataset.label = label; // for phones, where the table has no head
  return made;
}

function row(...cells) {
  const made = document.createElement('tr');
  made.append(...cells);
  return made;
}

function fill(body, rows, none) {
  if (rows.length === 0) {
    const only = cell(none, { className: 'none' });
    only.colSpan = 3;
    rows = [row(only)];
  }

  $(body).replaceChildren(...rows);
}

/** The cluster in numbers: [name, value, warn or bad or nothing]. */
export function showNumbers(numbers) {
  $('numbers').replaceChildren(...numbers.map(([name, value, level]) => {
    const group = document.createElement('div');
    group.className = level ?? '';
    const term = group.appendChild(document.createElement('dt'));
    const number = group.appendChild(document.createElement('dd'));
    [term.textContent, number.textContent] = [name, value];
    return group;
  }));
}

export function showTopics(topics) {
  fill('topics', topics.map(({ topic, members }) => row(cell(topic, { className: 'name' }), cell(count(members), { className: 'n' }))), 'Nobody is connected.');
}

export function showCloses(closes, minutes) {
  $('minutes').textContent = minutes;
  fill('closes', closes.map(({ code, reason, count: number }) =>
    row(cell(`${code} ${reason || meaning(code)}`, { className: code === 1011 || code === 1013 ? 'warn' : '' }), cell(count(number), { className: 'n' }))), 'None.');
}

export function showWaiting(waiting) {
  fill('waiting', waiting.map(({ user, node, bytes: number }) =>
    row(cell(user, { className: 'name' }), cell(node), cell(bytes(number), { className: 'n' }))), 'Nobody is slow.');
}

/** The nodes, one row each. A row stays as long as its node does, so that its button keeps the focus. */
export class NodeRows {
  #rows = new Map(); // node id -> { row, last, drain, node }
  #onDrain;

  constructor(onDrain) { this.#onDrain = onDrain; }

  show(nodes, rates) {
    const ready = nodes.filter(node => node.state === 'ready').length;
    for (const [id, { row: gone }] of this.#rows) {
      if (nodes.some(node => node.id === id)) continue;
      gone.remove();
      this.#rows.delete(id);
    }

    for (const node of nodes) {
      const shown = this.#rows.get(node.id) ?? this.#add(node.id);
      shown.node = node;
      shown.drain.disabled = node.state !== 'ready' || ready < 2;
      shown.drain.title = node.state !== 'ready' ? 'It is already draining.' : ready < 2 ? 'It is the only node that accepts clients.' : '';
      const of = rates.get(node.id);
      const { report } = node;
      const health = cell('', { label: 'Health' });
      [health.appendChild(document.createElement('span')).textContent, health.firstChild.className] = healthOf(node);
      const name = cell(node.id, { className: 'name', label: 'Node' });
      name.title = `${node.address}${node.version ? `, ${node.version}` : ''}`;
      shown.row.replaceChildren(
        name, health, cell(count(node.connections), { className: 'n', label: 'Connections' }),
        cell(rate(of?.published), { className: 'n', label: 'Published/s' }), cell(rate(of?.delivered), { className: 'n', label: 'Delivered/s' }),
        cell(ms(report?.roundTripMs), { className: 'n', label: 'Redis' }), cell(share(of?.cpu), { className: 'n', label: 'CPU' }),
        cell(report ? bytes(report.memory) : None, { className: 'n', label: 'Memory' }), cell(since(node.startedAt), { label: 'Up for' }), shown.last);
    }
  }

  #add(id) {
    const last = document.createElement('td');
    const drain = last.appendChild(document.createElement('button'));
    const shown = { row: $('nodes').appendChild(document.createElement('tr')), last, drain, node: null };
    drain.type = 'button';
    drain.textContent = 'Drain …';
    drain.setAttribute('aria-label', `Drain ${id} …`);
    drain.addEventListener('click', () => this.#onDrain(shown.node));
    this.#rows.set(id, shown);
    return shown;
  }
}

function healthOf({ state, report }) {
  if (state === 'draining') return ['draining', 'health warn'];
  if (!report) return ['no answer', 'health warn'];
  const failing = Object.entries(report.failing);
  return failing.length === 0 ? ['ready', 'health good'] : [failing.map(([name, why]) => `${name}: ${why}`).join('; '), 'health bad'];
}

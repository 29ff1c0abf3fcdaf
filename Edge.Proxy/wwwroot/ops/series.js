// Makes rates out of two reports. Nodes only count; they keep no history for anybody.
const Kept = 150; // points: five minutes

/** What each node does per second. */
export class Rates {
  #last = new Map(); // node id -> its previous report

  /**
   * @param {{ id: string, report?: object }[]} nodes as they were reported
   * @returns {Map<string, { published: number, delivered: number, cpu: number, publishMs: number | null }>} of the nodes of which there are two reports
   */
  take(nodes) {
    const rates = new Map();
    for (const { id, report } of nodes) {
      const before = this.#last.get(id);
      // A node whose reports nobody asked for in a while has begun to count anew.
      if (report && before && report.ms > before.ms && report.counts.sinceMs === before.counts.sinceMs) {
        const grown = name => report.counts[name] - before.counts[name];
        const seconds = (report.ms - before.ms) / 1000;
        rates.set(id, {
          published: grown('published') / seconds,
          delivered: grown('delivered') / seconds,
          cpu: (report.cpuMs - before.cpuMs) / (report.ms - before.ms),
          publishMs: grown('published') > 0 ? grown('publishMs') / grown('published') : null,
        });
      }
    }

    this.#last = new Map(nodes.filter(node => node.report).map(node => [node.id, node.report]));
    return rates;
  }
}

/** The last minutes of one number. */
export class Series {
  /** @type {{ at: number, value: number }[]} */
  points = [];

  add(at, value) {
    if (value === null) return;
    this.points.push({ at, value });
    if (this.points.length > Kept) this.points.shift();
  }

  get now() { return this.points.at(-1)?.value ?? null; }

  get most() { return Math.max(0, ...this.points.map(point => point.value)); }
}

/** @param {Iterable<number | null | undefined>} numbers @returns {number | null} null: there are none */
export function sum(numbers) {
  const there = [...numbers].filter(number => number !== null && number !== undefined);
  return there.length === 0 ? null : there.reduce((all, number) => all + number, 0);
}

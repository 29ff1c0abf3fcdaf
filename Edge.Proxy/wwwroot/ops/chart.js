// A line over the last minutes, drawn as SVG. The words beside it say the same.
const Svg = 'http://www.w3.org/2000/svg';
const [Width, Height] = [300, 64];
const Minutes = 5;

function element(name, attributes = {}) {
  const made = document.createElementNS(Svg, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** @returns {number} the least of 1, 2, 5, 10, 20 … that is not below the value, so that the scale does not jump with each point */
export function ceiling(value) {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map(step => step * unit).find(top => top >= value);
}

export class Chart {
  #series; #format; #title; #now; #top; #line; #area; #mark; #svg;

  /**
   * @param {HTMLElement} parent @param {string} title @param {import('./series.js').Series} series
   * @param {(value: number | null) => string} format @param {string} kind the name of a class
   */
  constructor(parent, title, series, format, kind) {
    [this.#series, this.#format, this.#title] = [series, format, title];
    const figure = parent.appendChild(document.createElement('figure'));
    figure.className = `card chart ${kind}`;
    const caption = figure.appendChild(document.createElement('figcaption'));
    caption.append(title);
    this.#now = caption.appendChild(document.createElement('b'));
    this.#svg = figure.appendChild(element('svg', { viewBox: `0 0 ${Width} ${Height}`, preserveAspectRatio: 'none', role: 'img' }));
    this.#area = this.#svg.appendChild(element('path', { class: 'area' }));
    this.#line = this.#svg.appendChild(element('path', { class: 'line', 'vector-effect': 'non-scaling-stroke' }));
    this.#mark = this.#svg.appendChild(element('line', { class: 'mark', y1: 0, y2: Height, visibility: 'hidden', 'vector-effect': 'non-scaling-stroke' }));
    const scale = figure.appendChild(document.createElement('p'));
    scale.className = 'scale';
    scale.append(`the last ${Minutes} minutes`);
    this.#top = scale.appendChild(document.createElement('span'));
    this.#svg.addEventListener('pointermove', event => this.#point(event));
    this.#svg.addEventListener('pointerleave', () => this.#unpoint());
    this.draw();
  }

  draw() {
    const { points, now, most } = this.#series;
    const top = ceiling(most);
    const at = points.map(point => [this.#x(point.at), Height - 2 - (point.value / top) * (Height - 4)].map(number => number.toFixed(1)).join(' '));
    this.#line.setAttribute('d', at.length > 1 ? `M${at.join('L')}` : '');
    this.#area.setAttribute('d', at.length > 1 ? `M${at.join('L')}L${this.#x(points.at(-1).at).toFixed(1)} ${Height}L${this.#x(points[0].at).toFixed(1)} ${Height}Z` : '');
    this.#top.textContent = `scale to ${this.#format(top)}`;
    if (this.#mark.getAttribute('visibility') === 'hidden') this.#now.textContent = this.#format(now);
    this.#svg.setAttribute('aria-label', `${this.#title}: ${this.#format(now)} now, at most ${this.#format(most)} in the last ${Minutes} minutes`);
  }

  #x(at) {
    const last = this.#series.points.at(-1)?.at ?? at;
    return Width - ((last - at) / (Minutes * 60_000)) * Width;
  }

  // Shows the value under the pointer instead of the present one.
  #point(event) {
    const box = this.#svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * Width;
    const nearest = this.#series.points.reduce((best, point) => best && Math.abs(this.#x(best.at) - x) <= Math.abs(this.#x(point.at) - x) ? best : point, null);
    if (!nearest) return;
    this.#mark.setAttribute('visibility', 'visible');
    this.#mark.setAttribute('x1', this.#x(nearest.at));
    this.#mark.setAttribute('x2', this.#x(nearest.at));
    this.#now.textContent = `${this.#format(nearest.value)} at ${new Date(nearest.at).toLocaleTimeString()}`;
  }

  #unpoint() {
    this.#mark.setAttribute('visibility', 'hidden');
    this.draw();
  }
}

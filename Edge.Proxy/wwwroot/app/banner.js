import { $, el } from './dom.js';
import { lossOf } from './words.js';

const NoticeTime = 6_000;
const Patience = 700; // ms; a connection that is back within this time is not worth a word

/** Shows the state of the connection, and short notices. */
export class Banner {
  #ticking = 0;
  #since = 0;

  constructor(act) {
    $('hurry').addEventListener('click', () => {
      act.hurry();
      act.focus(); // the button is hidden now
    });
  }

  /** @param {import('./session.js').Session} session */
  show({ connection, wasOnline }) {
    clearInterval(this.#ticking);
    if (connection.state === 'online') {
      this.#since = 0;
      $('banner').hidden = true;
      return;
    }

    this.#since ||= performance.now();
    const tick = () => this.#say(connection, wasOnline);
    tick();
    this.#ticking = setInterval(tick, 250);
  }

  #say({ state, reason, until }, wasOnline) {
    const seconds = Math.ceil(((until ?? 0) - Date.now()) / 1000);
    const [doing, again] = wasOnline ? ['Reconnecting', 'Reconnecting'] : ['Connecting', 'Trying again'];
    const next = state === 'waiting' && seconds > 0 ? `${again} in ${seconds} s.` : `${doing} …`;
    const words = reason ? `${lossOf(reason, wasOnline)} ${next}` : next;
    if ($('banner-text').textContent !== words) $('banner-text').textContent = words;
    $('hurry').hidden = state !== 'waiting' || seconds <= 1;
    $('banner').hidden = performance.now() - this.#since < Patience;
  }

  /** @param {string} text @param {'good' | 'warn' | 'bad' | ''} [tone] */
  notice(text, tone = '') {
    const made = el('p', { className: `toast ${tone}` }, text);
    $('toasts').append(made);
    setTimeout(() => made.remove(), NoticeTime);
  }
}

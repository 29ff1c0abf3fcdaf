import { $ } from './dom.js';
import { clean, nameError } from './words.js';

/** The page that is shown before anybody is signed in, and after the server has refused somebody. */
export class SignIn {
  #form = $('sign-in-form');
  #enter;

  /** @param {(name: string, token: string) => void} enter */
  constructor(enter) {
    this.#enter = enter;
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#submit();
    });
    $('by-token').addEventListener('click', () => this.#useToken($('token-field').hidden));
  }

  /** @param {string} [error] in words @param {{ byToken?: boolean }} [how] */
  show(error = '', { byToken = false } = {}) {
    $('sign-in').hidden = false;
    $('sign-in-error').textContent = error;
    if (byToken) this.#useToken(true);
    (byToken ? this.#form.elements.token : this.#form.elements.name).focus();
  }

  hide() { $('sign-in').hidden = true; }

  #submit() {
    const isByToken = !$('token-field').hidden;
    const name = clean(this.#form.elements.name.value);
    const token = this.#form.elements.token.value.trim();
    const error = isByToken ? (token ? '' : 'A token is missing.') : nameError('A name', name);
    $('sign-in-error').textContent = error;
    if (error) return;
    this.#form.elements.token.value = '';
    this.#enter(isByToken ? '' : name, isByToken ? token : '');
  }

  #useToken(isByToken) {
    $('token-field').hidden = !isByToken;
    $('name-field').hidden = isByToken;
    $('by-token').textContent = isByToken ? 'Use a name instead' : 'Use a token instead';
    (isByToken ? this.#form.elements.token : this.#form.elements.name).focus();
  }
}

import { $ } from './dom.js';

const TypingInterval = 1_000; // ms; the server passes on no more than one notice in this time

/** The field in which the user writes. */
export class Composer {
  #act;
  #text = $('text');
  #conversation = null;
  #typedAt = -Infinity;

  /** @param {{ write: (conversation: any, text: string) => string, typing: (conversation: any) => void }} act */
  constructor(act) {
    this.#act = act;
    $('composer').addEventListener('submit', event => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener('input', () => this.#typed());
  }

  /** @param {import('./conversation.js').Conversation} conversation */
  show(conversation) {
    const isOpen = !conversation.notice;
    $('composer').hidden = !isOpen;
    $('notice').hidden = isOpen;
    $('notice-text').textContent = conversation.notice;
    if (conversation === this.#conversation) return;
    this.#text.blur(); // whoever is put out of a group while they write does not go on in the next one
    if (this.#conversation) this.#conversation.draft = this.#text.value;
    this.#conversation = conversation;
    this.#text.value = conversation.draft;
    this.#text.placeholder = conversation.isGroup ? `Write to everyone in ${conversation.name}` : `Write to ${conversation.name}`;
    this.#complain('');
    this.#fit();
  }

  focus() { if (matchMedia('(hover: hover)').matches) this.#text.focus(); } // on a phone it would open the keyboard

  #submit() {
    const text = this.#text.value.trim();
    if (!text || !this.#conversation) return;
    const error = this.#act.write(this.#conversation, text);
    this.#complain(error);
    if (error) return;
    this.#text.value = '';
    this.#typedAt = -Infinity;
    this.#fit();
  }

  #typed() {
    this.#fit();
    this.#complain('');
    if (!this.#conversation || !this.#text.value || performance.now() - this.#typedAt < TypingInterval) return;
    this.#typedAt = performance.now();
    this.#act.typing(this.#conversation);
  }

  #complain(words) { $('composer-error').textContent = words; }

  // Makes the field as high as its text; the style sheet limits the height.
  #fit() {
    $('send').disabled = !this.#text.value.trim();
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }
}

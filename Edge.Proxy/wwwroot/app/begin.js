import { $ } from './dom.js';
import { clean, nameError } from './words.js';

/** The dialog in which the user joins a group, or begins to talk to somebody. */
export class Begin {
  #dialog = $('begin');
  #form = $('begin-form');
  #act;

  /** @param {{ begin: (kind: string, name: string) => Promise<void>, focus: () => void }} act begin throws errors in words for the user */
  constructor(act) {
    this.#act = act;
    $('new').addEventListener('click', () => this.open());
    $('begin-cancel').addEventListener('click', () => this.#dialog.close());
    this.#form.addEventListener('change', () => this.#name());
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#submit();
    });
    this.#dialog.addEventListener('click', event => { if (event.target === this.#dialog) this.#dialog.close(); }); // a click beside it
  }

  open() {
    this.#form.reset();
    $('begin-error').textContent = '';
    this.#name();
    this.#dialog.showModal();
    this.#form.elements.name.focus();
  }

  #name() {
    const isGroup = this.#form.elements.kind.value === 'group';
    $('begin-label').textContent = isGroup ? 'Name of the group' : 'Name of the person';
    $('begin-hint').textContent = isGroup ? 'You join it with all your devices. If the group does not exist yet, you are its first member.' : 'Only the two of you can read it.';
    $('begin-go').textContent = isGroup ? 'Join' : 'Start';
    this.#form.elements.name.placeholder = isGroup ? 'lobby' : 'ben';
  }

  async #submit() {
    const { kind, name } = this.#form.elements;
    const wanted = clean(name.value);
    const error = nameError('A name', wanted);
    $('begin-error').textContent = error;
    if (error) return;
    $('begin-go').disabled = true;
    try {
      await this.#act.begin(kind.value, wanted);
      this.#dialog.close();
      this.#act.focus(); // closing the dialog has put the focus back to where it was
    } catch (failure) {
      $('begin-error').textContent = failure.message;
    } finally {
      $('begin-go').disabled = false;
    }
  }
}

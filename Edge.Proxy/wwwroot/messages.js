// The list of messages, and the lines in between that say what the connection did.
const Shown = 500; // older ones leave the page

const marks = { sending: '…', sent: '✓', failed: '!' };
const meanings = { sending: 'sending', sent: 'sent', failed: 'not sent' };
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export class Messages {
  #list;
  #actions;
  #me = '';
  #deliveries = new Map(); // id -> its element
  #isInterrupted = false;  // said once, however often connecting fails

  constructor(list, actions) {
    this.#list = list;
    this.#actions = actions;
  }

  begin(me) {
    this.#me = me;
    this.#isInterrupted = false;
    this.#deliveries.clear();
    this.#list.replaceChildren();
  }

  add({ from, msg, at, missed }) {
    const item = this.#message(from, msg, at ?? Date.now());
    item.classList.toggle('missed', missed);
    this.#append(item);
  }

  /** A message of our own, or what became of it. */
  deliver(delivery) {
    const known = this.#deliveries.get(delivery.id);
    const item = known ?? this.#message(this.#me, delivery.text, Date.now(), delivery.to);
    const { state } = delivery;
    item.classList.remove('sending', 'sent', 'failed');
    item.classList.add(state);
    const mark = element('span', 'mark', marks[state]);
    mark.title = meanings[state];
    mark.setAttribute('aria-label', meanings[state]);
    const foot = item.querySelector('.foot');
    foot.replaceChildren(foot.firstChild, mark);
    if (state === 'failed') {
      foot.insertBefore(element('span', 'why', delivery.error), mark);
      if (!delivery.final) {
        const again = element('button', '', 'Try again');
        again.type = 'button';
        again.addEventListener('click', () => this.#actions.retry(delivery));
        foot.insertBefore(again, mark);
      }
    }

    if (state === 'sent') this.#deliveries.delete(delivery.id);
    else this.#deliveries.set(delivery.id, item);
    if (!known) this.#append(item, true);
  }

  line(text, kind) {
    this.#isInterrupted &&= kind !== 'good';
    this.#append(element('li', `line ${kind}`, text));
  }

  interrupted(why) {
    if (this.#isInterrupted) return;
    this.line(`Disconnected: ${why}. What you write now is sent on return.`, 'bad');
    this.#isInterrupted = true;
  }

  #message(from, text, at, to) {
    const isMine = from === this.#me;
    const item = element('li', isMine ? 'message mine' : 'message');
    const name = element(isMine ? 'span' : 'button', 'from', to ? `${from} to ${to}` : from);
    if (!isMine) {
      name.type = 'button';
      name.addEventListener('click', () => this.#actions.answer(from));
    }

    name.style.setProperty('--hue', [...from].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7));
    const time = element('time', '', clock.format(at));
    time.dateTime = new Date(at).toISOString();
    const foot = element('div', 'foot');
    foot.append(time);
    item.append(name, element('div', 'words', text), foot);
    return item;
  }

  #append(item, always = false) {
    const list = this.#list;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    list.append(item);
    while (list.childElementCount > Shown) list.firstElementChild.remove();
    if (atEnd || always) list.scrollTop = list.scrollHeight; // who reads further up is left there
  }
}

function element(tag, className, text = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

import { $, avatar, el, icon, reconcile, textWithLinks } from './dom.js';
import { dayOf, fullTimeOf, plural, timeOf } from './words.js';

const Together = 5 * 60_000; // ms; what somebody writes within this time is shown under one name
const Near = 80;             // pixels; nearer to the end than this counts as at the end
const Shown = 500;           // items of a conversation; scrolling back shows more
const ShownMore = 200;

const states = { sending: 'sending', sent: 'sent', failed: 'not sent' };

/** Shows the messages of the current conversation. */
export class Log {
  #act;
  #scroll = $('scroll');
  #list = $('log');
  #conversation = null;
  #me = '';
  #isAtEnd = true;
  #below = 0; // messages that came while the user reads further up
  #lastKey = '';
  #shown = Shown;
  #filledFrom = null; // the oldest message when more was asked for because the screen had room

  /** @param {{ older: (c: any) => Promise<void>, retry: (c: any, item: any) => void, talkTo: (name: string) => void, read: () => void, focus: () => void }} act */
  constructor(act) {
    this.#act = act;
    this.#scroll.addEventListener('scroll', () => this.#scrolled());
    $('latest').addEventListener('click', () => {
      this.toEnd();
      this.#act.read();
      this.#act.focus(); // the button is hidden now
    });
    new ResizeObserver(() => {
      if (this.#isAtEnd) this.toEnd();
      this.#fill();
    }).observe(this.#scroll);
  }

  get isAtEnd() { return this.#isAtEnd; }

  toEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#isAtEnd = true;
    this.#below = 0;
    this.#showBelow();
  }

  /** @param {import('./conversation.js').Conversation} conversation @param {string} me */
  show(conversation, me) {
    this.#me = me;
    const isOther = conversation !== this.#conversation;
    if (isOther) {
      this.#conversation = conversation;
      this.#shown = Shown;
      this.#filledFrom = null;
      this.#list.replaceChildren();
    }

    const { last } = conversation;
    const isNew = !isOther && last && last.key !== this.#lastKey;
    if (isNew && !this.#isAtEnd && last.from !== me) this.#below++;
    this.#lastKey = last?.key ?? '';
    const mineIsNew = conversation.items.at(-1)?.state === 'sending' && this.#list.lastElementChild?.dataset.key !== conversation.items.at(-1).key;

    const { scrollHeight, scrollTop } = this.#scroll;
    const first = this.#list.querySelector('.message')?.dataset.key;
    reconcile(this.#list, this.#rows(conversation, me));
    this.#showBeginning(conversation);
    const isOlder = first && this.#list.querySelector('.message')?.dataset.key !== first;
    if (isOther || this.#isAtEnd || mineIsNew) this.toEnd();
    else if (isOlder) this.#scroll.scrollTop = scrollTop + this.#scroll.scrollHeight - scrollHeight; // the text that is being read stays where it is
    this.#showBelow();
    const divider = isOther && this.#list.querySelector('.new');
    if (divider) {
      divider.scrollIntoView({ block: 'center' });
      this.#scrolled();
    }

    this.#fill();
  }

  #rows(conversation, me) {
    const rows = [];
    let before = null;
    for (const item of conversation.items.slice(-this.#shown)) {
      if (item.kind === 'line') {
        rows.push({ key: item.key, version: item.text, make: () => el('li', { className: `line ${item.tone}` }, item.text) });
        before = null;
        continue;
      }

      const day = dayOf(item.at);
      if (!before || dayOf(before.at) !== day) {
        if (!rows.some(row => row.version === day)) rows.push({ key: `d${day}`, version: day, make: () => el('li', { className: 'day' }, el('span', {}, day)) });
      }

      if (item.key === conversation.firstNew) {
        rows.push({ key: 'new', version: item.key, make: () => el('li', { className: 'new' }, el('span', {}, 'New')) });
        before = null;
      }

      const isMore = before?.from === item.from && item.at - before.at < Together && dayOf(before.at) === day;
      rows.push({ key: item.key, version: JSON.stringify([item.state, isMore, item.error, item.isLate, item.isDeleted]), make: () => this.#message(conversation, item, isMore, item.from === me) });
      before = item;
    }

    return rows;
  }

  #message(conversation, item, isMore, isMine) {
    const time = el('time', { dateTime: item.at.toISOString(), title: fullTimeOf(item.at) }, timeOf(item.at));
    const name = isMine ? el('b', { className: 'from' }, item.from) : el('button', { type: 'button', className: 'from', title: `Write to ${item.from}` }, item.from);
    if (!isMine) name.addEventListener('click', () => this.#act.talkTo(item.from));
    const mark = isMine ? el('span', { className: 'mark', role: 'img', ariaLabel: states[item.state], title: states[item.state] }, icon(item.state)) : null;
    const made = el(
      'li', { className: `message ${item.state}${isMore ? ' more' : ''}${isMine ? ' mine' : ''}` },
      isMore ? el('span', { className: 'beside' }, time) : avatar(item.from),
      el(
        'div', { className: 'body' },
        isMore ? el('span', { className: 'unseen' }, `${item.from}: `) : el('div', { className: 'head' }, name, time),
        item.isDeleted ? el('div', { className: 'text gone' }, 'This message was deleted.') : el('div', { className: 'text' }, ...textWithLinks(item.text)),
        item.state === 'failed' ? this.#failure(conversation, item) : null,
        item.state === 'sending' && item.isLate ? el('p', { className: 'late' }, 'The server has not confirmed it yet. It is being sent again.') : null),
      mark);
    return made;
  }

  #failure(conversation, item) {
    const again = item.isFinal ? null : el('button', { type: 'button', className: 'link' }, 'Try again');
    again?.addEventListener('click', () => this.#act.retry(conversation, item));
    return el('p', { className: 'failure', role: 'alert' }, `Not sent. ${item.error} `, again);
  }

  #showBeginning(conversation) {
    const { isGroup, isLoading, hasMore, isLoaded, name, items } = conversation;
    const isAll = items.length <= this.#shown;
    const words = isLoading ? 'Loading …'
      : isGroup && isLoaded && !hasMore && isAll ? `This is as far back as the server keeps ${name}.`
      : !isGroup && items.length === 0 ? `Nothing was said between you and ${name} yet.` : '';
    $('beginning').textContent = words;
  }

  #showBelow() {
    $('latest').hidden = this.#isAtEnd;
    $('latest-text').textContent = this.#below > 0 ? plural(this.#below, 'new message') : 'To the latest';
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    const wasAtEnd = this.#isAtEnd;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < Near;
    if (this.#isAtEnd && !wasAtEnd) this.#act.read();
    if (this.#isAtEnd) this.#below = 0;
    this.#showBelow();
    if (scrollTop <= Near && scrollHeight > clientHeight) this.#further();
  }

  // On a high screen there may be nothing to scroll, and so no way to ask for more. Done once for each oldest message: a request that fails
  // is not repeated forever.
  #fill() {
    const { scrollHeight, clientHeight } = this.#scroll;
    const first = this.#conversation?.isLoaded && this.#conversation.messages[0]?.key;
    if (!first || first === this.#filledFrom || clientHeight === 0 || scrollHeight > clientHeight) return;
    this.#filledFrom = first;
    this.#further();
  }

  // Makes room in advance for what comes: a user who is at the very top already cannot scroll there once more to see it.
  #further() {
    const conversation = this.#conversation;
    if (!conversation) return;
    const isHidden = conversation.items.length > this.#shown;
    if (conversation.items.length + ShownMore > this.#shown) this.#shown += ShownMore;
    if (isHidden) this.show(conversation, this.#me);
    this.#act.older(conversation);
  }
}

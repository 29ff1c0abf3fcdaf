import { failureOf } from './words.js';

const Page = 50; // messages fetched at once
const MostUnread = 99;
const Nothing = Object.freeze({ messages: [], deletions: [], recovered: false });

/**
 * The messages that are in a group's log already. They are fetched when the user looks at the group or scrolls back, and counted if they
 * came while this browser was away.
 */
export class Past {
  #chat;
  #on;

  /**
   * @param {import('../client/chat-client.js').ChatClient} chat
   * @param {{ changed: () => void, said: (text: string, tone: string) => void, read: (key: string) => any,
   *   setRead: (key: string, upTo: any) => void, isRead: (conversation: any) => boolean,
   *   isMine: (message: any) => boolean, missing: (conversation: any, after?: string) => void }} on
   */
  constructor(chat, on) {
    this.#chat = chat;
    this.#on = on;
  }

  /** Loads the latest messages, or those that were written while the user was put out of the group; and who is there. */
  async load(conversation) {
    if (!conversation.isGroup || conversation.isLoaded || conversation.isLoading || !conversation.isMember) return;
    const isRead = (conversation.oldest || await this.#latest(conversation)) && (!conversation.gap || await this.#fill(conversation));
    if (!conversation.isMember) return; // put out meanwhile
    if (isRead) {
      conversation.isLoaded = true;
      this.#mark(conversation);
    }

    await this.#watch(conversation);
  }

  /** Loads messages from before the oldest one that is loaded. */
  async older(conversation) {
    let isBare = true;
    while (isBare && conversation.oldest && conversation.hasMore && !conversation.isLoading) {
      const { epoch, offset } = conversation.oldest;
      const since = { epoch, offset: Math.max(0, offset - 1 - Page) };
      const before = conversation.items.length;
      const isRead = await this.#fetch(conversation, { since, limit: Page }, ({ messages, recovered }) => {
        const isWhole = recovered || messages[0]?.position.offset === since.offset + 1; // otherwise the log begins here
        conversation.hasMore = since.offset > 0 && isWhole;
        conversation.oldest = { epoch, offset: since.offset + 1 }; // perhaps of a message that was deleted
      });
      isBare = isRead && conversation.items.length === before; // all of them were deleted: nobody sees that there is more to scroll to
    }
  }

  /** Counts the messages that came while this browser was away: up to a position, without those of the user. */
  async count(conversation, position) {
    const read = this.#on.read(conversation.key);
    if (!read) {
      this.#on.setRead(conversation.key, position);
    } else if (read.epoch !== position.epoch || read.offset < position.offset) {
      conversation.unread = 0; // they are counted again, if the user was put out of the group and is in it again
      const past = await this.#chat.history(conversation.name, { since: read, limit: MostUnread + 1 }).catch(() => null);
      if (!past || this.#on.isRead(conversation)) return;
      const { messages, recovered } = past;
      if (read.epoch !== position.epoch) {
        // Either the log goes on from there, with the same offsets; or it is another log, and its messages so far do not count.
        this.#on.setRead(conversation.key, recovered ? { ...position, offset: read.offset } : position);
        if (!recovered) return;
      }

      conversation.unread += messages.filter(one => !this.#on.isMine(one) && one.position.offset <= position.offset).length;
      this.#on.changed();
    }
  }

  #latest(conversation) {
    return this.#fetch(conversation, { limit: Page }, ({ messages }) => {
      conversation.hasMore = messages.length > 0 && messages[0].position.offset > 1;
      conversation.oldest = messages[0]?.position ?? null;
    });
  }

  // Returns whether the gap is filled, as far as the log still has what belongs there.
  async #fill(conversation) {
    let { since, after } = conversation.gap;
    for (let isWhole = true, isOver = false; !isOver;) {
      const isRead = await this.#fetch(conversation, { since, limit: Page }, ({ messages, deletions, position, recovered }) => {
        for (const { messagePosition } of deletions) conversation.delete(messagePosition);
        if (isWhole && !recovered) this.#on.missing(conversation, after);
        isWhole &&= recovered;
        isOver = messages.length + deletions.length === 0;
        since = position;
      });
      if (!isRead) return false;
    }

    Object.assign(conversation, { gap: null, firstNew: null }); // what is new may begin further up now
    return true;
  }

  // Returns whether it was answered.
  async #fetch(conversation, what, take) {
    conversation.isLoading = true;
    this.#on.changed();
    try {
      const answer = await this.#chat.history(conversation.name, what).catch(error => {
        if (error.code !== 'forbidden') throw error;
        return Nothing; // the user may not read the group's past
      });
      for (const message of answer.messages) conversation.insert(message);
      take(answer);
      return true;
    } catch (error) {
      if (error.code !== 'not_member') this.#on.said(failureOf(error), 'bad');
      return false;
    } finally {
      conversation.isLoading = false;
      this.#on.changed();
    }
  }

  async #watch(conversation) {
    try {
      conversation.present(await this.#chat.watchPresence(conversation.name));
    } catch {
      conversation.members = conversation.count = null; // presence is not kept, or not for this user to see
    }

    this.#on.changed();
  }

  // Marks where the unread messages begin.
  #mark(conversation) {
    const read = conversation.readBefore;
    if (!read || conversation.firstNew) return;
    const isOfThisLog = read.epoch === conversation.reached?.epoch || conversation.messages.some(one => one.position?.epoch === read.epoch);
    const isNew = one => isOfThisLog && one.position?.offset > read.offset;
    conversation.firstNew = conversation.messages.find(one => isNew(one) && !this.#on.isMine(one))?.key ?? null;
  }
}

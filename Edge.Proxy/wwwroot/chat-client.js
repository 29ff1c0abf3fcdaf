// A client of the raw endpoints in JSON format, as PROTOCOL.md describes them. No dependencies; made to be copied.
//
//   const chat = new ChatClient('/chat/group/42/anna');
//   chat.addEventListener('message', ({ detail: m }) => show(m.from, m.msg));
//   chat.addEventListener('delivery', ({ detail: d }) => mark(d.id, d.state)); // sending, sent, failed
//   chat.open();
//   chat.send('Hello');
//
// Events, all with a detail:
//   state     { state: connecting | online | waiting | stopped, delay?, code?, reason? }
//   message   { topic, from, msg, id?, at?, missed }   missed: it is part of a replay
//   joined    { topic, from }                          on /chat/channel
//   left      { topic, from }                          for good, on every device
//   caughtup  { missed }                               a replay is through
//   gap       { topic }                                messages may be missing that the log no longer has
//   delivery  { id, text, to, state: sending | sent | failed, error?, final? }   final: trying again would fail again
//   refused   { code, msg }                            an error that is about no message of ours

const AckTimeout = 5_000;      // the server answers within its Redis timeout of 2 s, or not at all
const ConnectTimeout = 10_000;
const FirstDelay = 500;
const LongestDelay = 30_000;
const LongestRetry = 10_000;
const MostTries = 8;           // over half a minute online; then a person decides. The same MsgId makes trying again safe
const ReplayQuiet = 250;       // a replay comes in one go: this much silence ends it
const Remembered = 1_000;      // ids of messages, against duplicates; more than a log holds
const MaxBytes = 32 * 1024;    // the server's default for a message

const TokenExpired = 4401;
const LeftGroup = 4403; // or may not be in it any more
const Disconnected = 4410;
const Banned = 4423;
const Terminal = new Set([1002, 1003, 1007, LeftGroup, Disconnected, Banned]); // the client is at fault, and would be again; or is not wanted back

export class ChatClient extends EventTarget {
  #path;
  #kind;            // user, group, all, channel
  #me;
  #history;
  #token;
  #attempt = null;  // to connect; another, or the end, makes it void
  #socket = null;
  #state = 'stopped';
  #failures = 0;    // in a row; decides how long to wait
  #pause = null;    // that a draining node has asked for, ms
  #timer = 0;       // to connect again, or the deadline of connecting
  #stable = 0;      // after which the failures are forgotten
  #positions = new Map();   // topic -> { epoch, offset }
  #groups = new Set();      // joined on a channel, to be joined again
  #seen = new Set();        // topic, sender and id of messages shown or sent
  #queue = [];      // deliveries not settled; only the first is under way, so that repeating it keeps the order
  #underWay = 0;    // timer: its answer is awaited, or it waits to be repeated
  #replay = null;   // { missed, timer } while one comes in
  #onOnline = () => { if (this.#state === 'waiting') this.#connect(); };
  #onOffline = () => { if (this.#socket) this.#lost(1006, 'offline'); };

  /**
   * @param {string} path such as /chat/user/anna, /chat/group/42/anna, /chat/all/anna or /chat/channel/anna
   * @param {{ history?: boolean, token?: string | (() => ?string | Promise<?string>) }} options
   *   history: begin with what the log still has. token: where one is needed; a function is asked before each connect,
   *   and may say null.
   */
  constructor(path, { history = false, token = null } = {}) {
    super();
    const [, , kind, ...ids] = path.split('/').map(part => decodeURIComponent(part).normalize('NFC'));
    this.#path = path;
    this.#kind = kind;
    this.#me = ids.at(-1);
    this.#history = history;
    this.#token = token;
    this.topic = { user: `user:${this.#me}`, group: `group:${ids[0]}`, all: 'all', channel: `user:${this.#me}` }[kind];
  }

  get state() { return this.#state; }

  open() {
    addEventListener('online', this.#onOnline);
    addEventListener('offline', this.#onOffline);
    this.#connect();
  }

  close() {
    removeEventListener('online', this.#onOnline);
    removeEventListener('offline', this.#onOffline);
    clearTimeout(this.#underWay);
    const socket = this.#detach();
    socket?.close(1000);
    this.#become('stopped', { code: 1000, reason: '' });
  }

  /** Connects now instead of at the end of a wait. */
  hurry() { if (this.#state === 'waiting') this.#connect(); }

  /** Queues a message. to: the user for it, on user and channel connections; group: the group, on channel ones. */
  send(text, { to, group } = {}) {
    const delivery = { id: crypto.randomUUID?.() ?? randomId(), text, to, group, state: 'sending', tries: 0 };
    this.#enqueue(delivery);
    return delivery;
  }

  /** Tries a failed delivery again. With its old id: whether or not it got through, it will be there once. */
  retry(delivery) {
    Object.assign(delivery, { state: 'sending', error: undefined, tries: 0 });
    this.#enqueue(delivery);
  }

  #enqueue(delivery) {
    this.#queue.push(delivery);
    this.#tell('delivery', delivery);
    if (this.#queue[0] === delivery) this.#next();
  }

  /** Joins a group on a channel connection, and again after each reconnect. */
  join(group) {
    this.#groups.add(group);
    if (this.#state === 'online') this.#writeJoin(group);
  }

  #writeJoin(group) {
    const position = this.#positions.get(`group:${group}`);
    this.#write({ Method: 'UserGroup', Group: group, Since: position && `${position.epoch}:${position.offset}` });
  }

  // --- the connection -------------------------------------------------------------------------------------------

  #url(token) {
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('format', 'json');
    if (token) url.searchParams.set('access_token', token); // browsers let a page set no header here
    const since = topic => {
      const position = this.#positions.get(topic);
      // No log ever had this position, so the answer is all that the log has.
      return position ? `${position.epoch}:${position.offset}` : this.#history ? 'x:0' : null;
    };
    if (since(this.topic)) url.searchParams.set('since', since(this.topic));
    if (this.#kind === 'channel' && since('all')) url.searchParams.set('since.all', since('all'));
    return url;
  }

  async #connect() {
    this.#detach();
    const attempt = this.#attempt = {};
    this.#timer = setTimeout(() => this.#lost(1006, 'no answer'), ConnectTimeout);
    this.#become('connecting');
    let token = this.#token;
    if (typeof token === 'function') {
      try { token = await token(); } catch { token = undefined; }
      if (attempt !== this.#attempt) return;
      if (token === undefined) { this.#lost(1006, 'no token'); return; }
    }

    const socket = new WebSocket(this.#url(token));
    this.#socket = socket;
    socket.onmessage = ({ data }) => { if (socket === this.#socket) this.#receive(JSON.parse(data)); };
    socket.onclose = ({ code, reason }) => { if (socket === this.#socket) this.#lost(code, reason); };
  }

  // Forgets the socket: whatever still comes from it is ignored.
  #detach() {
    const socket = this.#socket;
    this.#socket = null;
    this.#attempt = null;
    clearTimeout(this.#timer);
    clearTimeout(this.#stable);
    if (this.#replay) this.#caughtUp();
    return socket;
  }

  #lost(code, reason) {
    this.#detach()?.close();
    clearTimeout(this.#underWay);
    if (code === 1009 && this.#queue.length) this.#settle(this.#queue[0], 'failed', 'The message is too big.', true);
    const isLastToken = code === TokenExpired && typeof this.#token !== 'function';
    if (Terminal.has(code) || isLastToken || (code === 1008 && reason.includes('malformed'))) {
      this.#become('stopped', { code, reason });
      return;
    }

    const delay = this.#delayAfter(code);
    this.#failures++;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#become('waiting', { delay, code, reason });
  }

  // Full jitter, so that the clients of a lost node do not come back all at once.
  #delayAfter(code) {
    if (code === 1012) { // a draining node spreads its closings itself
      const asked = this.#pause;
      this.#pause = null;
      return asked ?? Math.random() * 1_000;
    }

    const delay = Math.random() * Math.min(LongestDelay, FirstDelay * 2 ** this.#failures);
    return code === 1008 ? 5_000 + delay : delay;
  }

  #become(state, more = {}) {
    this.#state = state;
    this.#tell('state', { state, ...more });
  }

  // --- what comes in --------------------------------------------------------------------------------------------

  #receive(frame) {
    switch (frame.type) {
      case 'subscribed': this.#subscribed(frame); break;
      case 'message': this.#message(frame); break;
      case 'joined': this.#tell('joined', frame); break;
      case 'left': this.#left(frame); break;
      case 'ack': this.#settleById(frame.id, 'sent'); break;
      case 'error': this.#refused(frame); break;
      case 'reconnect': this.#pause = frame.afterMs; break;
    }
  }

  #subscribed({ topic, epoch, offset, recovered }) {
    const known = this.#positions.get(topic);
    this.#positions.set(topic, { epoch, offset });
    const isWhole = recovered && known?.epoch === epoch && known.offset === offset;
    if (known && !isWhole) this.#tell('gap', { topic });
    if (this.#state === 'online') return;

    clearTimeout(this.#timer);
    this.#stable = setTimeout(() => { this.#failures = 0; }, 10_000);
    if (known) this.#replay = { missed: 0, timer: setTimeout(() => this.#caughtUp(), ReplayQuiet) };
    this.#become('online');
    for (const group of this.#groups) this.#writeJoin(group);
    this.#next();
  }

  #message({ topic, from, msg, id, epoch, offset, at }) {
    if (offset) {
      const position = this.#positions.get(topic);
      if (position && position.epoch === epoch && offset <= position.offset) return;
      this.#positions.set(topic, { epoch, offset });
    }

    // A replay brings our own messages, too. One whose ack we never saw is thereby known to have got through.
    if (from === this.#me && this.#settleById(id, 'sent')) return;
    if (id && !this.#remember(topic, from, id)) return;

    if (this.#replay) {
      this.#replay.missed++;
      clearTimeout(this.#replay.timer);
      this.#replay.timer = setTimeout(() => this.#caughtUp(), ReplayQuiet);
    }

    this.#tell('message', { topic, from, msg, id, at, missed: this.#replay !== null });
  }

  #left({ topic, from, epoch, offset }) {
    this.#positions.set(topic, { epoch, offset });
    if (from === this.#me && !this.#replay) { // one in a replay was before we came again
      this.#positions.delete(topic);
      this.#groups.delete(topic.slice('group:'.length));
    }

    this.#tell('left', { topic, from });
  }

  #caughtUp() {
    const { missed, timer } = this.#replay;
    clearTimeout(timer);
    this.#replay = null;
    this.#tell('caughtup', { missed });
  }

  // False: it was there already. The oldest go first: a Set keeps the order in which things came.
  #remember(topic, from, id) {
    const key = `${topic} ${from} ${id}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > Remembered) this.#seen.delete(this.#seen.values().next().value);
    return true;
  }

  #refused({ code, msg, id, retry }) {
    const [first] = this.#queue;
    // Only the first is under way, so an error without an id can be about nothing else.
    if (!first?.tries || (id && id !== first.id)) this.#tell('refused', { code, msg });
    else if (retry) this.#repeat(first, Math.min(LongestRetry, FirstDelay * 2 ** first.tries) * (0.5 + Math.random() / 2));
    else this.#settle(first, 'failed', msg, true);
  }

  // --- what goes out --------------------------------------------------------------------------------------------

  #next() {
    const [first] = this.#queue;
    if (this.#state !== 'online' || !this.#socket || !first) return;
    clearTimeout(this.#underWay);
    const frame = this.#frame(first);
    if (new TextEncoder().encode(JSON.stringify(frame)).length > MaxBytes) {
      this.#settle(first, 'failed', 'The message is too big.', true);
      return;
    }

    first.tries++;
    this.#write(frame);
    this.#repeat(first, AckTimeout);
  }

  #repeat(delivery, delay) {
    clearTimeout(this.#underWay);
    this.#underWay = setTimeout(() => {
      if (delivery.tries >= MostTries) this.#settle(delivery, 'failed', 'There was no confirmation.');
      else this.#next();
    }, delay);
  }

  #frame({ id, text, to, group }) {
    switch (this.#kind) {
      case 'user': return { Id: to, Msg: text, MsgId: id };
      case 'channel': return to ? { Method: 'One', MsgBody: { Id: to, Msg: text }, MsgId: id }
        : group ? { Method: 'Group', Group: group, MsgBody: text, MsgId: id }
        : { Method: 'All', MsgBody: text, MsgId: id };
      default: return { Msg: text, MsgId: id };
    }
  }

  #write(frame) { this.#socket.send(JSON.stringify(frame)); }

  #settleById(id, state) {
    const delivery = this.#queue.find(one => one.id === id);
    if (delivery) this.#settle(delivery, state);
    return delivery !== undefined;
  }

  #settle(delivery, state, error, final = false) {
    const wasFirst = this.#queue[0] === delivery;
    this.#queue = this.#queue.filter(one => one !== delivery);
    Object.assign(delivery, { state, error, final });
    const { to, group, id } = delivery;
    if (state === 'sent') this.#remember(to ? `user:${to}` : group ? `group:${group}` : this.#kind === 'channel' ? 'all' : this.topic, this.#me, id);
    this.#tell('delivery', delivery);
    if (!wasFirst) return;
    clearTimeout(this.#underWay);
    this.#next();
  }

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

// crypto.randomUUID exists on https and localhost only.
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}

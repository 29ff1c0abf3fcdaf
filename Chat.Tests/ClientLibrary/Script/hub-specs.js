// Specs of the JavaScript library with a hub of their own. It sends what Chat's hub sends only at the worst moment, or never.
import { all, equal, hubThatSays, rejects, until } from './listener.js';

export const hubSpecs = {
  // The .NET library has the same test (HandshakeTests.cs). A node that went away while a client was connecting once stopped that client for good.
  async connection_that_is_to_try_later_tries_later({ connect }) {
    const later = { error: 'try again later', allowReconnect: true };
    const anna = await connect('anna', { WebSocket: hubThatSays([[{ type: 7, ...later }], [later], [own]], []) });
    equal(anna.chat.state, 'online');
  },

  async connection_that_is_not_wanted_is_not_made_again({ connect }) {
    for (const answer of [{ type: 7, error: 'banned' }, { error: 'The protocol is not supported.' }]) {
      equal((await rejects(connect('anna', { WebSocket: hubThatSays([[answer]], []) }), 'refused')).message, answer.error);
    }
  },

  // The server has forgotten the group, so the client joins it again from its position and receives messages, but the connection ends before the
  // answer. Once the received messages were given out, past the missed ones, which then never came.
  async connection_that_ends_while_a_group_is_fetched_gives_nothing_behind_the_hole({ connect }) {
    const urls = [];
    const anna = await connect('anna', {
      WebSocket: hubThatSays([[subscribed(1), message(2), own], [own, message(5)], [subscribed(2), ...[3, 4, 5, 6].map(offset => message(offset)), own]], urls),
    });
    equal((await anna.messagesUntil('6')).map(one => one.text), ['2', '3', '4', '5', '6']);
    equal(new URL(urls[2]).searchParams.get('since'), 'g:e:2');
  },

  // Rights are independent: a user may join a group and not read its log. Such a client once took itself for put out, and joined no more.
  async group_whose_log_may_not_be_read_is_joined_again_with_a_hole({ connect }) {
    const joins = [];
    const join = (id, { since }) => (joins.push(since), since ? [forbids(id)] : [message(6), answers(id, at(6)), message(7)]);
    const anna = await connect('anna', { WebSocket: hubThatSays([[subscribed(1), message(2), own], [own]], [], { join }) });
    const heard = await anna.until(one => one.text === '7');
    equal(heard.filter(one => one.group === 'g').map(textOrPosition), ['from 1', '2', 'hole before 6', '7']);
    equal([joins, anna.chat.groups], [['e:2', undefined], ['g']]);
  },

  async group_that_may_not_be_joined_any_more_is_left({ connect }) {
    const anna = await connect('anna', { WebSocket: hubThatSays([[subscribed(1), own], [own]], [], { join: id => [forbids(id)] }) });
    await anna.next('unsubscribed');
    equal(anna.chat.groups, []);
  },

  async group_without_room_in_the_address_whose_log_may_not_be_read_goes_on_with_a_hole({ connect }) {
    const group = `199${'x'.repeat(100)}`;
    const anna = await connect('anna', {
      WebSocket: hubThatSays([[subscribed(5, { group }), message(6, { group }), own, message(7, { group })]], [], { history: id => [forbids(id)] }),
      since: all(200, i => [`${i}${'x'.repeat(100)}`, { epoch: 'e', offset: 1 }]),
    });
    const heard = await anna.until(one => one.text === '7');
    equal(heard.filter(one => one.group === group).map(textOrPosition), ['hole before 5', '6', '7']);
    equal(anna.chat.groups, [group]);
  },

  // The right to read ends between two parts of the log.
  async log_that_may_not_be_read_to_its_end_leaves_a_hole({ connect }) {
    const join = id => [message(9), answers(id, { ...at(4), messages: [message(3).arguments[0], message(4).arguments[0]] })];
    const anna = await connect('anna', { WebSocket: hubThatSays([[subscribed(2), own], [own]], [], { join, history: id => [forbids(id)] }) });
    const heard = await anna.until(one => one.text === '9');
    equal(heard.filter(one => one.group === 'g').map(textOrPosition), ['from 2', 'from 2', '3', '4', 'hole before 8', '9']);
  },

  // The .NET library has the same tests (WatchTests.cs). Once the watch was asked for at the same time, refused, and never asked for again.
  async presence_of_a_forgotten_group_is_watched_again_once_the_client_is_back_in_it({ connect }) {
    const heard = [];
    let isIn = true;
    const presence = (id, { watch }) => (heard.push(`presence ${watch}`), [isIn ? answers(id, { count: 1 }) : fails(id, 'not_member')]);
    const join = id => {
      heard.push('join');
      isIn = heard.length === 3;
      return [isIn ? answers(id, at(1)) : fails(id, 'unavailable')];
    };
    const WebSocket = hubThatSays([[subscribed(1), own], [own]], [], { presence, join }, { isEndedByHand: true });
    const anna = await connect('anna', { WebSocket });
    await anna.chat.watchPresence('g');
    isIn = false;
    WebSocket.last.close();
    await until(() => heard.length === 4);
    equal(heard, ['presence true', 'join', 'join', 'presence true']);
  },

  async presence_that_cannot_be_watched_again_in_time_is_watched_by_the_next_connection({ connect }) {
    const [urls, heard] = [[], []];
    const presence = id => (heard.push(urls.length), urls.length === 2 ? [] : [answers(id, { count: 1 })]);
    const WebSocket = hubThatSays([[subscribed(1), own], [subscribed(1), own], [subscribed(1), own]], urls, { presence }, { isEndedByHand: true });
    const anna = await connect('anna', { WebSocket, callTimeout: 1_000 });
    await anna.chat.watchPresence('g');
    WebSocket.last.close();
    await until(() => heard.includes(3));
    equal(anna.chat.reconnects, 2);
  },

  // The user may join it on another device, for example. Nobody would fetch the earlier messages, and all later ones would be held back forever.
  async group_that_the_address_had_no_room_for_and_that_is_joined_later_is_heard_at_once({ connect }) {
    const last = { group: `199${'x'.repeat(100)}` };
    const anna = await connect('anna', {
      WebSocket: hubThatSays([[own, subscribed(3, last), message(4, last)]], []),
      since: all(200, i => [`${i}${'x'.repeat(100)}`, { epoch: 'e', offset: 1 }]),
    });
    equal((await anna.messagesUntil('4')).map(one => one.group), [last.group]);
  },

  async address_has_room_for_a_long_token({ connect }) {
    const urls = [];
    await connect('anna', {
      WebSocket: hubThatSays([[own]], urls),
      token: () => 'x'.repeat(6_000),
      since: all(200, i => [`${i}${'y'.repeat(100)}`, { epoch: 'e', offset: i }]),
    });
    equal([urls[0].length <= 8_000, urls[0].length > 7_500], [true, true]);
  },

  // The .NET library has the same test (HandshakeTests.cs).
  async record_that_is_none_ends_the_client_in_words({ connect }) {
    const records = [
      null,
      [],
      { type: '1' },
      { type: 1, target: 5 },
      { type: 1, target: 'message', arguments: 5 },
      says('message', 5),
      says('message', { group: 'g', message: 5 }),
      says('message', { group: 'g', message: 'm', epoch: 'e', offset: '1' }),
      says('presence', { group: 'g', members: 5 }),
      says('presence', { group: 'g', members: [null] }),
      says('presence', { group: 'g', joined: [5] }),
      { type: 3, invocationId: '1', error: 5 },
    ];
    for (const record of records) {
      const anna = await connect('anna', { WebSocket: hubThatSays([[own, record]], []) });
      equal((await rejects(anna.reading, 'refused')).message.startsWith('The server sent something that is not SignalR\'s JSON protocol'), true);
    }
  },

  // The .NET library has the same test (HandshakeTests.cs). Once the message had a Date that is none, and what formats it threw an exception.
  async message_at_a_time_that_is_none_is_given_without_it({ connect }) {
    const [micros, nanos] = [1_795_310_968_966_000, 1_795_310_968_966_000_000];
    const WebSocket = hubThatSays([[subscribed(1), message(2, { at: micros }), message(3, { at: nanos }), says('forbidden', { group: 'g', until: nanos }), own]], []);
    const anna = await connect('anna', { WebSocket });
    equal((await anna.messagesUntil('3')).map(one => one.sentAt), [null, null]);
    equal((await anna.next('forbidden')).until, null);
  },

  async answer_that_is_none_ends_the_client_in_words({ connect }) {
    const WebSocket = hubThatSays([[own]], [], { presence: id => [answers(id, { count: 1, members: 5 })] });
    const anna = await connect('anna', { WebSocket });
    await rejects(anna.chat.presence('g'), 'refused');
    await rejects(anna.reading, 'refused');
  },

  // The code that awaited the call continued later, and once took the group for joined.
  async group_left_elsewhere_right_behind_the_answer_of_a_join_is_left({ connect }) {
    const WebSocket = hubThatSays([[own]], [], { join: id => [answers(id, at(3)), left, message(4), says('typing', { group: 'g', nick: 'ben' })] });
    const anna = await connect('anna', { WebSocket });
    await anna.chat.join('g');
    equal((await anna.until(one => one.type === 'typing')).map(one => one.type), ['subscribed', 'subscribed', 'unsubscribed', 'typing']);
    equal([anna.chat.groups, [...anna.chat.positions.keys()]], [[], ['']]);
  },

  async group_left_elsewhere_while_it_is_joined_is_asked_about({ connect }) {
    for (const isIn of [true, false]) {
      const history = id => [isIn ? answers(id, at(3)) : { type: 3, invocationId: id, error: 'HubException: not_member: You are not in that group.' }];
      const anna = await connect('anna', { WebSocket: hubThatSays([[own]], [], { join: id => [left, answers(id, at(3))], history }) });
      if (isIn) await anna.chat.join('g');
      else await rejects(anna.chat.join('g'), 'not_member');
      equal(anna.chat.groups, isIn ? ['g'] : []);
    }
  },

  async group_joined_elsewhere_before_a_leave_is_answered_is_in({ connect }) {
    const WebSocket = hubThatSays([[subscribed(1), own]], [], { leave: id => [left, subscribed(3), answers(id, { nodes: 1, of: 1 }), message(4)] });
    const anna = await connect('anna', { WebSocket });
    await anna.chat.leave('g');
    await anna.messagesUntil('4');
    equal(anna.chat.groups, ['g']);
  },

  // The .NET library has the same test (PauseTests.cs). After a network had been dead, such calls once waited up to ten seconds longer, each for a random time.
  async calls_that_were_not_answered_are_made_again_as_soon_as_there_is_another_connection({ connect }) {
    const [urls, heard, attemptTimeout] = [[], [], 100];
    const call = name => id => (heard.push(`${name} ${urls.length}`) && urls.length > 1 ? [answers(id, { id: 'a', epoch: 'e', offset: 2 })] : []);
    const WebSocket = hubThatSays([[own], [own]], urls, { post: call('post'), send: call('send') }, { isEndedByHand: true });
    const anna = await connect('anna', { WebSocket, attemptTimeout, firstDelay: 3_600_000, longestDelay: 3_600_000 });
    const posting = Promise.all(all(8, i => anna.chat.post('g', `${i}`)));
    await until(() => heard.length >= 8);
    await new Promise(resolve => setTimeout(resolve, attemptTimeout + 1)); // after the timers of the attempts
    const sending = new Promise(resolve => anna.chat.addEventListener('stateChanged', ({ detail: { state } }) => {
      if (state === 'waiting') anna.chat.hurry();
      if (state === 'online') resolve(anna.chat.send('ben', 'which is new'));
    }));
    WebSocket.last.close();
    await Promise.all([posting, sending]);
    const again = heard.filter(one => one === 'post 1').length - 8; // some may by chance have been sent again before the connection ended; those are independent
    equal(heard.slice(0, heard.indexOf('send 2')).filter(one => one === 'post 2').length, 8 - again);
  },

  async until_when_something_is_forbidden_is_told({ connect }) {
    const error = 'HubException: forbidden: You may not do that there until 2026-11-27T14:29:21Z.';
    const WebSocket = hubThatSays([[own]], [], { post: id => [{ type: 3, invocationId: id, error }], join: id => [{ type: 3, invocationId: id, error: error.replace(/ until.*Z/, '') }] });
    const anna = await connect('anna', { WebSocket });
    equal((await rejects(anna.chat.post('g', 'x'), 'forbidden')).until.toISOString(), '2026-11-27T14:29:21.000Z');
    equal((await rejects(anna.chat.join('g'), 'forbidden')).until, null);
  },

  // A proxy said so while the edge behind it was replaced, and every client that came back in that moment had stopped for good.
  async client_that_was_online_comes_back_where_nothing_is_found_for_a_moment({ connect, server }) {
    let attempts = 0;
    const Hub = hubThatSays([[own], [own]], [], {}, { isEndedByHand: true });
    class WebSocket extends Hub {
      send(data) {
        if (data.includes('protocol') && ++attempts === 2) this.close(); // before it is answered
        else super.send(data);
      }
    }

    const anna = await connect('anna', { WebSocket, server: new URL('/nothing/is/here', server ?? location.href) });
    Hub.last.close();
    await until(() => anna.chat.reconnects === 1);
    equal(attempts, 3);
  },

  // A timer that cannot hold its time is over at once: the call was given up, or made again and again.
  async time_that_no_timer_can_hold_is_not_over_at_once({ connect }) {
    const heard = [];
    const WebSocket = hubThatSays([[own]], [], { post: id => (heard.push(id), [answers(id, { id: 'a', epoch: 'e', offset: 2 })]) });
    const anna = await connect('anna', { WebSocket, callTimeout: 2 ** 31, attemptTimeout: Infinity });
    await anna.chat.post('g', 'x');
    equal(heard.length, 1);
  },

  // The node had read the log before the message was deleted, and answers after it has told so.
  async answer_that_was_on_its_way_does_not_bring_a_deleted_message_back({ connect }) {
    const history = id => [deletion(5, 3), answers(id, { ...at(4), messages: [3, 4].map(offset => message(offset).arguments[0]) })];
    const anna = await connect('anna', { WebSocket: hubThatSays([[subscribed(4), own]], [], { history }) });
    equal((await anna.chat.history('g')).messages.map(one => one.text), ['4']);
    equal((await anna.next('deleted')).messagePosition, { epoch: 'e', offset: 3 });
    equal(anna.chat.positions.get('g'), { epoch: 'e', offset: 5 });
  },

  // Pages of a log in which everything was deleted are no end of it.
  async client_fetches_on_where_a_page_has_only_deletions({ connect }) {
    const pages = [{ ...at(9), deletions: [deletion(9, 3).arguments[0]] }, { ...at(10), messages: [message(10).arguments[0]] }, at(10)];
    const WebSocket = hubThatSays([[own]], [], { join: id => [answers(id, pages.shift())], history: id => [answers(id, pages.shift())] });
    const anna = await connect('anna', { WebSocket });
    await anna.chat.join('g', { since: { epoch: 'e', offset: 8 } });
    equal((await anna.until(one => one.text === '10')).map(one => one.type), ['subscribed', 'subscribed', 'deleted', 'message']);
  },

  // The .NET library has the same test as this one and each that follows (CallTests.cs). Once the join began at the group's present position, though
  // the program had saved an earlier one, and said that nothing was missing.
  async join_without_a_position_continues_where_the_client_was_told_to({ ChatClient, server }) {
    const missed = [message(18), message(19)];
    const join = (id, { since }) => [answers(id, { ...at(19), messages: since === 'e:17' ? missed.map(one => one.arguments[0]) : [] })];
    for (const isNamed of [true, false]) { // otherwise, the server has forgotten that the user was in the group
      const WebSocket = hubThatSays([isNamed ? [subscribed(17), ...missed, own] : [own]], [], { join, history: id => [answers(id, at(19))] });
      const options = { server, token: () => 'x', since: [['g', { epoch: 'e', offset: 17 }]], WebSocket };
      const chat = isNamed ? new ChatClient(options) : await ChatClient.connect(options);
      await chat.join('g');
      await chat.join('g'); // by now the reader gets the group
      equal((await allOf(chat)).filter(one => one.group === 'g').map(textOrPosition), ['from 17', '18', '19']);
      equal(chat.positions.get('g'), { epoch: 'e', offset: 19 });
    }
  },

  async join_without_a_position_of_a_group_whose_log_may_not_be_read_leaves_a_hole({ ChatClient, server }) {
    const join = (id, { since }) => [since ? forbids(id) : answers(id, at(19))];
    const chat = await ChatClient.connect({ server, token: () => 'x', since: [['g', { epoch: 'e', offset: 17 }]], WebSocket: hubThatSays([[own]], [], { join }) });
    equal((await chat.join('g')).recovered, false);
    equal((await allOf(chat)).filter(one => one.group === 'g').map(textOrPosition), ['hole before 19']);
  },

  // Servers convert names to Unicode form C. Once the client asked for the group under one name, and dropped all that came under the other.
  async group_in_another_unicode_form_is_heard({ connect }) {
    const [composed, decomposed, heard] = ['caf\u00e9', 'cafe\u0301', []];
    const call = (id, argument) => (heard.push(argument), id ? [answers(id, { ...at(17), id: 'a' })] : []);
    const calls = Object.fromEntries('join post send history presence typing leave'.split(' ').map(name => [name, call]));
    const WebSocket = hubThatSays([[subscribed(17, { group: composed }), own]], [], calls);
    const { chat } = await connect('anna', { WebSocket, since: [[decomposed, { epoch: 'e', offset: 17 }]] });
    equal([...chat.positions.keys()].filter(Boolean), [composed]);
    equal((await chat.join(decomposed)).group, composed);
    chat.typing(decomposed);
    await chat.post(decomposed, decomposed);
    await chat.send(decomposed, 'x');
    for (const name of ['history', 'watchPresence', 'presence', 'leave']) await chat[name](decomposed);
    equal(heard.map(one => one.group ?? one.to), all(8, () => composed));
    equal([heard.some(one => one.message === decomposed), chat.groups], [true, []]); // texts stay as they are
  },

  // The log knows an id for ten minutes at most. Once a message that was published, but not acknowledged, before a longer absence was published again.
  async message_that_was_sent_is_sent_again_only_while_the_log_knows_it({ connect }) {
    for (const isSentAgain of [true, false]) {
      const [urls, heard] = [[], []];
      const post = (id, { message: text }) => (heard.push(text), urls.length > 1 ? [answers(id, { id: 'a', epoch: 'e', offset: 2 })] : []);
      const WebSocket = hubThatSays([[own], [own]], urls, { post }, { isEndedByHand: true });
      let ahead = 0;
      const { chat } = await connect('anna', { WebSocket, callTimeout: Infinity, now: () => Date.now() + ahead });
      const posting = chat.post('g', 'x');
      await until(() => heard.length === 1);
      ahead = (isSentAgain ? 7 : 9) * 60_000;
      WebSocket.last.close();
      if (isSentAgain) await posting;
      else await rejects(posting, 'timeout');
      await chat.post('g', 'next');
      equal(heard, isSentAgain ? ['x', 'x', 'next'] : ['x', 'next']);
    }
  },

  // Where the server has said that a message was not published, it may be sent again at any time.
  async message_that_was_refused_is_sent_again_however_late({ connect }) {
    let attempts = 0;
    const post = id => [++attempts < 3 ? fails(id, 'topic_busy') : answers(id, { id: 'a', epoch: 'e', offset: 2 })];
    const now = () => Date.now() + attempts * 9 * 60_000;
    const { chat } = await connect('anna', { WebSocket: hubThatSays([[own]], [], { post }), firstDelay: 0, now });
    equal((await chat.post('g', 'x')).id, 'a');
  },

  // Whoever waits for the first connection, or for a call, reads no events yet. Once the reports of the groups alone filled the buffer, and the client
  // ended each connection before it was told all.
  async client_with_little_room_for_events_gets_online({ ChatClient, server }) {
    for (const connects of [true, false]) {
      const first = [subscribed(1, { group: 'f' }), subscribed(17), message(18), own];
      const WebSocket = hubThatSays([first], [], { post: id => [answers(id, { id: 'a', epoch: 'e', offset: 18 })] });
      const options = { server, token: () => 'x', bufferedEvents: 1, WebSocket };
      const chat = connects ? await ChatClient.connect(options, { signal: AbortSignal.timeout(10_000) }) : new ChatClient(options);
      await chat.post('g', 'x');
      equal((await allOf(chat)).filter(one => one.group === 'g').map(textOrPosition), ['from 17', '18']);
    }
  },

  async client_with_little_room_for_events_and_without_calls_gets_all_of_them({ ChatClient, server }) {
    const [urls, messages] = [[], all(20, i => message(18 + i))];
    const missed = () => messages.slice(Number(/g%3Ae%3A(\d+)/.exec(urls.at(-1))?.[1] ?? 17) - 17);
    const first = () => [subscribed(1, { group: 'f' }), subscribed(17), ...missed(), own];
    const WebSocket = hubThatSays({ shift: first, length: 0 }, urls);
    const chat = new ChatClient({ server, token: () => 'x', bufferedEvents: 2, firstDelay: 0, longestDelay: 10, WebSocket });
    const texts = [];
    for await (const one of chat.readAll()) {
      if (one.type === 'message') texts.push(one.text);
      if (one.text === '37') break;
    }

    equal(texts, messages.map(one => one.arguments[0].message));
    equal(urls.length > 2, true); // it did not take them all at once
    await chat.dispose();
  },

  async client_that_ends_while_it_fetches_stays_where_it_is({ connect }) {
    const WebSocket = hubThatSays([[own]], [], { join: id => [answers(id, { ...at(9), messages: [message(4).arguments[0]] }), message(10)], history: () => [] });
    const anna = await connect('anna', { WebSocket });
    const joining = anna.chat.join('g', { since: { epoch: 'e', offset: 3 } });
    await until(() => anna.chat.positions.has('g'));
    await anna.chat.dispose();
    await rejects(joining, 'stopped');
    equal(anna.chat.positions.get('g'), { epoch: 'e', offset: 4 });
  },
};

// A call of the hub on the client.
const says = (target, argument) => ({ type: 1, target, arguments: [argument] });
const subscribed = (offset, other = {}) => says('subscribed', { group: 'g', epoch: 'e', offset, recovered: true, ...other });
const own = says('subscribed', { to: 'anna', epoch: 'e', offset: 1, recovered: true });
const message = (offset, other = {}) => says('message', { group: 'g', nick: 'ben', message: `${offset}`, id: `id${offset}`, epoch: 'e', offset, at: 1, ...other });
const left = says('mirror', { method: 'unsubscribe', payload: { group: 'g' } });
const at = offset => ({ epoch: 'e', offset, recovered: true, messages: [] });
const answers = (invocationId, result) => ({ type: 3, invocationId, result });
const fails = (invocationId, code) => ({ type: 3, invocationId, error: `HubException: ${code}: In words.` });
const forbids = invocationId => fails(invocationId, 'forbidden');
const allOf = async chat => {
  await chat.dispose();
  const heard = [];
  for await (const one of chat.readAll()) heard.push(one);
  return heard;
};
const textOrPosition = one => one.text ?? `${one.recovered ? 'from' : 'hole before'} ${one.position.offset}`;
const deletion = (offset, of) => says('deleted', { group: 'g', nick: 'mod', epoch: 'e', offset, at: 1, deleted: { id: `id${of}`, epoch: 'e', offset: of } });

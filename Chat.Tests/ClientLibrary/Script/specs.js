// The promises of the JavaScript library, for every runtime. ScriptSpec.cs runs each of these specs with what it needs of the cluster.
import { hubSpecs } from './hub-specs.js';
import { all, equal, Listener, posts, rejects, until } from './listener.js';

export const specs = {
  async members_hear_each_other_in_one_order_with_positions({ connect, group, name }) {
    const [anna, ben] = [await connect(name('anna')), await connect(name('ben'))];
    const joined = await anna.chat.join(group);
    await ben.chat.join(group);
    equal(joined.recovered, true);
    equal(await anna.next('subscribed', one => one.group === group), joined);
    equal(await anna.next('userJoined'), { type: 'userJoined', group, user: ben.user });

    const published = await Promise.all(all(50, i => (i % 2 ? ben : anna).chat.post(group, `${i}`, i ? {} : { id: 'first' })));
    await anna.chat.post(group, 'last');

    const heard = await anna.messagesUntil('last');
    equal(await ben.messagesUntil('last'), heard);
    equal(heard.map(one => one.position.offset), all(51, i => joined.position.offset + 1 + i));
    equal(heard.slice(0, 50).map(one => one.id).sort(), published.map(one => one.id).sort());
    const first = heard.find(one => one.id === 'first');
    equal([first.text, first.from, first.sentAt > Date.now() - 3_600_000], ['0', anna.user, true]);
    equal([anna.chat.user, anna.chat.groups.includes(group), anna.chat.node !== ''], [anna.user, true, true]);
  },

  // As a program cuts texts that are too long: it was refused, with words about types.
  async text_cut_in_the_middle_of_an_emoji_is_sent({ connect, group, name }) {
    const anna = await connect(name('anna'));
    await anna.chat.join(group);
    await anna.chat.post(group, '\ud83d\ude00 and \ud83d');
    equal((await anna.next('message')).text, '\ud83d\ude00 and \ufffd');
    equal((await rejects((async () => anna.chat.post(group))())) instanceof TypeError, true);
  },

  async message_sent_again_under_its_id_is_there_once({ connect, group, name }) {
    const anna = await connect(name('anna'));
    await anna.chat.join(group);
    const first = await anna.chat.post(group, 'once', { id: 'the-id' });
    equal(await anna.chat.post(group, 'once', { id: 'the-id' }), first);
    await anna.chat.post(group, 'last');
    equal((await anna.messagesUntil('last')).map(one => one.text), ['once', 'last']);
  },

  async deletion_is_an_event_also_for_who_comes_back_and_the_text_is_gone({ connect, control, group, name }) {
    const [anna, ben] = [await connect(name('anna')), await connect(name('ben'))];
    for (const { chat } of [anna, ben]) await chat.join(group);
    const { id, position } = await anna.chat.post(group, 'secret');
    for (const member of [anna, ben]) await member.messagesUntil('secret');
    await ben.chat.dispose();

    await control('delete', `group:${group}`, position.epoch, position.offset);
    await anna.chat.post(group, 'last');

    const later = await connect(ben.user, { since: ben.chat.positions });
    for (const member of [anna, later]) {
      const heard = await member.until(one => one.text === 'last');
      const { deletedAt, ...deleted } = heard.find(one => one.type === 'deleted');
      equal(deleted, { type: 'deleted', group, by: 'tests', messageId: id, messagePosition: position, position: { ...position, offset: position.offset + 1 } });
      equal([deletedAt instanceof Date, heard.filter(one => one.type === 'message').map(one => one.text)], [true, ['last']]);
    }

    const { messages, deletions } = await anna.chat.history(group);
    equal([messages.map(one => one.text), deletions.map(one => one.messagePosition)], [['last'], [position]]);
  },

  async direct_reaches_every_device_and_is_resumed({ connect, name }) {
    const ben = name('ben');
    const [anna, phone, tablet] = [await connect(name('anna')), await connect(ben), await connect(ben)];
    const { id, position } = await anna.chat.send(ben, 'hello');
    for (const device of [phone, tablet]) {
      const { sentAt, ...message } = await device.next('message');
      equal(message, { type: 'message', group: null, from: anna.user, text: 'hello', id, position });
    }

    await phone.chat.dispose();
    await anna.chat.send(ben, 'while away');
    const later = await connect(ben, { since: phone.chat.positions });
    equal((await later.next('message')).text, 'while away');
  },

  async join_since_a_position_during_traffic_gives_each_message_once({ connect, group, name }) {
    const ben = await connect(name('ben'));
    await ben.chat.join(group);
    const first = await ben.chat.post(group, '0');
    const posting = posts(ben, group, 1);
    const anna = await connect(name('anna'));
    await ben.next('message', one => one.position.offset > first.position.offset + 50);
    equal((await anna.chat.join(group, { since: first.position })).recovered, true);
    await ben.next('message', one => one.position.offset > first.position.offset + 100);
    await anna.chat.leave(group);
    const heard = [];
    for (let one; (one = await anna.next()).type !== 'unsubscribed';) if (one.type === 'message') heard.push(one.text);
    equal(heard, all(heard.length, i => `${i + 1}`));
    equal(heard.length >= 50, true);
    await posting.stop();
  },

  async history_gives_the_latest_and_what_came_after_a_position({ connect, group, name }) {
    const { chat } = await connect(name('anna'));
    await chat.join(group);
    const published = [];
    for (let i = 0; i < 10; i++) published.push(await chat.post(group, `${i}`));
    const latest = await chat.history(group, { limit: 3 });
    equal([latest.messages.map(one => one.text), latest.position, latest.recovered], [['7', '8', '9'], published[9].position, true]);
    const after = await chat.history(group, { since: published[1].position, limit: 2 });
    equal([after.messages.map(one => one.text), after.position], [['2', '3'], published[3].position]);
  },

  async device_follows_what_its_user_joins_and_leaves_on_another({ connect, group, name }) {
    const user = name('anna');
    const [phone, tablet, ben] = [await connect(user), await connect(user), await connect(name('ben'))];
    await tablet.chat.join(group);
    await phone.next('subscribed', one => one.group === group && one.recovered);
    await ben.chat.post(group, 'to both');
    for (const device of [phone, tablet]) equal((await device.next('message')).text, 'to both');

    equal(await tablet.chat.leave(group), { nodes: 3, of: 3 });
    for (const device of [phone, tablet]) equal(await device.next('unsubscribed'), { type: 'unsubscribed', group });
    await ben.chat.post(group, 'to nobody');
    await ben.chat.send(user, 'fence');
    for (const device of [phone, tablet]) equal((await device.messagesUntil('fence')).map(one => one.text), ['fence']);
  },

  async typing_and_presence_are_told_also_after_a_reconnect({ connect, group, name }) {
    const [anna, ben] = [await connect(name('anna')), await connect(name('ben'))];
    await anna.chat.join(group);
    await ben.chat.join(group);
    await until(async () => (await anna.chat.watchPresence(group)).count === 2);
    ben.chat.typing(group);
    equal(await anna.next('typing'), { type: 'typing', group, user: ben.user });

    await anna.break();
    await anna.next('presence', one => one.members?.length === 2);
    await ben.chat.dispose();
    await anna.next('presence', one => one.left.includes(ben.user));
  },

  async token_that_is_refused_ends_the_client_in_words({ ChatClient, server }) {
    const options = { server, token: () => 'rubbish', firstDelay: 10, longestDelay: 20 };
    equal((await rejects(ChatClient.connect(options))).code, 'refused');
  },

  async ban_ends_the_client_and_keeps_it_out_in_words({ ChatClient, connect, control, name, server, tokenOf }) {
    const anna = await connect(name('mallory'));
    await control('ban', anna.user);
    equal((await rejects(anna.reading)).message, 'banned');
    equal([anna.chat.state, (await rejects(anna.chat.send('ben', 'x'))).code], ['stopped', 'refused']);
    const again = await rejects(ChatClient.connect({ server, token: () => tokenOf(anna.user), firstDelay: 10, longestDelay: 20 }));
    equal([again.code, /^This user is banned/.test(again.message)], ['refused', true]);
  },

  async token_is_shown_anew_before_it_is_over({ connect, name, tokenOf }) {
    let tokens = 0;
    const user = name('anna');
    const anna = await connect(user, { token: () => (tokens++, tokenOf(user, 3)) });
    await until(() => tokens === 3);
    equal([anna.chat.state, anna.chat.reconnects], ['online', 0]);
  },

  async call_that_is_refused_says_why({ connect, group, name }) {
    const anna = await connect(name('anna'));
    const refused = await rejects(anna.chat.history(group));
    equal([refused.code, refused.message], ['not_member', 'You are not in that group.']);
    equal((await rejects(anna.chat.post('bad\u0001name', 'x'))).code, 'invalid_id');
    await rejects(anna.chat.join('closed-to-all'), 'forbidden');
    await anna.chat.dispose();
    await rejects(anna.chat.post(group, 'x'), 'stopped');
  },

  async call_that_is_too_big_is_refused_and_the_others_are_answered({ connect, group, name }) {
    const { chat } = await connect(name('anna'));
    await chat.join(group);
    const [big, small] = await Promise.allSettled([chat.post(group, 'ü'.repeat(17_000)), chat.post(group, 'small')]);
    equal([big.reason?.code, small.status, chat.reconnects], ['too_big', 'fulfilled', 0]);
  },

  async call_without_a_server_ends_in_time_and_so_does_connecting({ ChatClient }) {
    const nowhere = { server: 'http://127.0.0.1:9', token: () => 'x', firstDelay: 10, callTimeout: 1_000 };
    const giveUp = new AbortController();
    const connecting = ChatClient.connect(nowhere, { signal: giveUp.signal });
    const chat = new ChatClient(nowhere);
    await rejects(chat.post('lobby', 'x'), 'timeout');
    giveUp.abort(new Error('enough'));
    equal((await rejects(connecting)).message, 'enough');
    await chat.dispose();
    equal(chat.state, 'stopped');
  },

  async reader_that_is_slow_loses_nothing_and_can_still_call({ ChatClient, connect, group, name, server, tokenOf }) {
    const ben = await connect(name('ben'));
    await ben.chat.join(group);
    const anna = await ChatClient.connect({ server, token: () => tokenOf(name('anna')), bufferedEvents: 40, firstDelay: 10, longestDelay: 50 });
    const { position } = await anna.join(group);
    for (let i = 0; i < 4; i++) await Promise.all(all(50, () => ben.chat.post(group, 'x'.repeat(1_000))));
    await anna.post(group, 'last');
    const offsets = [];
    for await (const one of anna.readAll()) {
      equal(one.type === 'subscribed' && !one.recovered, false);
      if (one.group === group && one.type === 'message') offsets.push(one.position.offset);
      if (one.text === 'last') break;
    }

    equal(offsets, all(201, i => position.offset + 1 + i));
    await anna.dispose();
  },

  async node_killed_during_traffic_costs_nobody_a_message({ connect, control, group, name }) {
    const clients = await Promise.all(all(6, i => connect(name(`c${i}`))));
    for (const { chat } of clients) await chat.join(group);
    const posting = clients.map(client => posts(client, group, 0));
    await clients[0].next('message', one => one.position.offset > 60);

    const dead = await control('killNode');
    const there = clients.filter(({ chat }) => chat.node === dead);
    equal(there.length > 0, true);
    await until(() => there.every(({ chat }) => chat.reconnects > 0 && chat.state === 'online'));
    const published = (await Promise.all(posting.map(one => one.stop()))).flat();
    await clients[0].chat.post(group, 'last');

    let order;
    for (const client of clients.slice(1)) {
      const heard = await client.until(one => one.text === 'last');
      equal(heard.some(one => one.type === 'subscribed' && !one.recovered), false);
      const ids = heard.filter(one => one.type === 'message' && one.group === group && one.text !== 'last').map(one => one.id);
      equal(ids, order ??= ids);
      equal([...ids].sort(), published.map(one => one.id).sort());
    }
  },

  // Each client is in more groups than fit into a query.
  async connection_broken_in_many_groups_continues_each({ connect, group, name }) {
    const [anna, ben] = [await connect(name('anna')), await connect(name('ben'))];
    const groups = all(60, i => `${group}-${i},%-${'x'.repeat(60)}`);
    for (const one of groups) await anna.chat.join(one);
    await ben.chat.post(groups[0], 'before');
    await anna.messagesUntil('before');
    anna.cut();
    await Promise.all(groups.map((one, i) => ben.chat.post(one, `missed ${i}`)));

    const waiting = new Set(groups.map((one, i) => `${one} missed ${i}`));
    while (waiting.size > 0) {
      const one = await anna.next();
      equal(one.type === 'subscribed' && !one.recovered, false);
      if (one.type === 'message') equal(waiting.delete(`${one.group} ${one.text}`), true);
    }
  },

  // Once the client, when it was back, joined the group again with all devices.
  async group_left_elsewhere_while_away_is_left({ connect, group, name, tokenOf }) {
    const user = name('anna');
    let gate = Promise.resolve();
    const phone = await connect(user, { token: async () => (await gate, tokenOf(user)) });
    const tablet = await connect(user);
    await phone.chat.join(group);
    await tablet.next('subscribed', one => one.group === group);

    let open;
    gate = new Promise(resolve => { open = resolve; });
    phone.cut();
    await tablet.chat.leave(group);
    open();
    equal(await phone.next('unsubscribed'), { type: 'unsubscribed', group });
    await tablet.chat.send(user, 'fence');
    for (const device of [phone, tablet]) {
      await device.messagesUntil('fence');
      equal(device.chat.groups.includes(group), false);
    }
  },

  // Redis keeps a user's groups for an hour after the last device has gone. Here it forgets them at once.
  async membership_forgotten_while_away_is_taken_up_from_where_the_client_was({ connect, control, group, name, tokenOf }) {
    const user = name('anna');
    let gate = Promise.resolve();
    const anna = await connect(user, { token: async () => (await gate, tokenOf(user)) });
    const ben = await connect(name('ben'));
    await anna.chat.join(group);
    await ben.chat.post(group, 'before');
    await anna.messagesUntil('before');

    let open;
    gate = new Promise(resolve => { open = resolve; });
    anna.cut();
    await control('forgetGroups', user);
    await ben.chat.post(group, 'missed');
    open();
    equal((await anna.next('message')).text, 'missed');
    await ben.chat.post(group, 'after');
    equal((await anna.next('message')).text, 'after');
  },

  // Once the client took itself for put out of the group, where it may be, and the second time even was.
  async group_whose_log_may_not_be_read_is_taken_up_with_a_hole({ connect, control, group, name }) {
    const [user, far] = [name('anna'), `${group}-${'x'.repeat(100)}`];
    const rights = JSON.stringify({ 'group:*': ['join', 'post', 'presence'] });
    let gate = Promise.resolve();
    const ben = await connect(name('ben'));
    const anna = await connect(user, {
      token: async () => (await gate, control('token', user, 3_600, rights)),
      since: all(60, i => [`${i}-${'x'.repeat(100)}`, { epoch: 'e', offset: 0 }]), // leave no room for the group in the address
    });
    await anna.chat.join(far);
    await anna.next('subscribed', one => one.group === far);
    for (const isForgotten of [true, false]) {
      let open;
      gate = new Promise(resolve => { open = resolve; });
      anna.cut();
      if (isForgotten) await control('forgetGroups', user);
      await ben.chat.post(far, 'missed');
      open();
      const { recovered } = await anna.next('subscribed', one => one.group === far);
      if (isForgotten) equal(recovered, false); // otherwise what is missed may by chance come to the node only now
      await ben.chat.post(far, 'after');
      await anna.messagesUntil('after');
      equal(anna.chat.groups.includes(far), true);
    }
  },
};

/** Runs some of the specs side by side. Returns the failures, in words. @param what { ChatClient, server, control } */
export async function runAll(names, what) {
  const failures = await Promise.all(names.map(name => run(name, what).then(() => '', error => `${name}: ${error?.stack ?? error}\n`)));
  return failures.join('');
}

async function run(spec, what) {
  const listeners = [];
  const unique = Math.random().toString(36).slice(2);
  const tokenOf = (user, seconds = 3_600) => what.control('token', user, seconds);
  const connect = async (user, options) => {
    const listener = await Listener.connect(what.ChatClient, { server: what.server, token: () => tokenOf(user), ...options }, user);
    listeners.push(listener);
    return listener;
  };
  try {
    await { ...specs, ...hubSpecs }[spec]({ ...what, tokenOf, connect, group: `group-${unique}`, name: name => `${name}-${unique}` });
  } finally {
    await Promise.all(listeners.map(listener => listener.chat.dispose()));
  }
}

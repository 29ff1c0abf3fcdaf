// A page of a product in the strictest TypeScript, with each call and each kind of event.
import { ChatClient, ChatException, type ChatEvent, type ChatPosition, type ChatStateChange } from 'chat-client';

declare const kept: [string, ChatPosition][];
const ending = new AbortController();
const { signal } = ending;

export const chat = await ChatClient.connect({ server: new URL('https://chat.example.com'), token: async signal => `${signal.aborted}`, since: kept, callTimeout: Infinity }, { signal });

function show(change: ChatStateChange): string { return change.state === 'waiting' ? `${change.reason} ${change.delay.toFixed()}` : change.state; }
const onChange = ({ detail }: CustomEvent<ChatStateChange>): string => show(detail);
chat.addEventListener('stateChanged', onChange, { signal });
chat.addEventListener('stateChanged', event => show(event.detail), { once: true });
chat.addEventListener('another', event => event.type);

const joined = await chat.join('lobby', { since: null, signal });
const more = await chat.history('lobby', { since: joined.position, limit: 20 });
const { id, position } = await chat.post('lobby', 'Hello', { id: '1' });
await chat.send('ben', `${id} ${position.epoch} ${position.offset + 1} ${more.recovered} ${more.messages.length}`);
chat.typing('lobby');
const { members } = await chat.watchPresence('lobby');
members?.map(member => `${member.user} ${member.connections}`);
localStorage.setItem('positions', JSON.stringify([...chat.positions]));
[chat.user, chat.node, ...chat.groups].join(' ').concat(chat.state, chat.reconnects.toFixed());

function words(happened: ChatEvent): string {
  switch (happened.type) {
    case 'message': return `${happened.group ?? 'to you'} ${happened.from} ${happened.text} ${happened.id} ${happened.position?.offset} ${happened.sentAt?.toISOString()}`;
    case 'deleted': return `${happened.group} ${happened.by} ${happened.messageId} ${happened.messagePosition?.offset} ${happened.position?.offset} ${happened.deletedAt?.toISOString()}`;
    case 'subscribed': return `${happened.group} ${happened.position.epoch} ${happened.recovered}`;
    case 'unsubscribed': return happened.group;
    case 'forbidden': return `${happened.group} ${happened.until?.toISOString()}`;
    case 'userJoined': case 'userLeft': case 'typing': return `${happened.group} ${happened.user}`;
    case 'presence': return `${happened.group} ${happened.count} ${happened.joined.concat(happened.left)}`;
  }
}

try {
  for await (const happened of chat.readAll({ signal })) words(happened);
} catch (error) {
  if (!(error instanceof ChatException) || error.code !== 'refused') throw error;
} finally {
  const { nodes, of } = await chat.leave('lobby');
  if (nodes < of) chat.hurry();
  await chat.presence('lobby', { signal });
  await chat.dispose();
}

// The compiler reports nonsense before anything runs.
// @ts-expect-error no token
new ChatClient({});
// @ts-expect-error a group is a text
chat.join(5);
// @ts-expect-error no such call
chat.publish('lobby', 'Hello');
// @ts-expect-error no such kind of event
(happened: ChatEvent) => happened.type === 'messages';
// @ts-expect-error an event of another kind
chat.addEventListener('stateChanged', (event: MouseEvent) => event.x);
// @ts-expect-error it cannot be set
chat.state = 'online';
// @ts-expect-error an object of the same shape is not enough
const likeness: ChatClient = { ...chat };

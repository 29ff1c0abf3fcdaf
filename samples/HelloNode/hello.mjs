// A chat in the console: node samples/HelloNode/hello.mjs http://localhost:8080 anna lobby
import { createInterface } from 'node:readline';
import { ChatClient } from '../../Edge.Proxy/wwwroot/client/chat-client.js';

const [server, name, group] = process.argv.slice(2);
if (group === undefined) throw new Error('Give an address, a name and a group, for example: http://localhost:8080 anna lobby');
const chat = new ChatClient({
  server,
  token: async signal => {
    const answer = await fetch(new URL(`/api/auth/token?nick=${encodeURIComponent(name)}`, server), { signal });
    return answer.ok ? answer.text() : Promise.reject(new Error(`the server answered ${answer.status}`));
  },
  callTimeout: Infinity, // where there is no connection, wait for one
});
chat.addEventListener('stateChanged', ({ detail }) => console.log(`[${detail.state} ${detail.reason}]`));
await chat.join(group);
const say = text => chat.post(group, text).catch(failure => console.log(`[not sent: ${failure.message}]`));
(async () => {
  await say(`${name} is here`);
  for await (const line of createInterface({ input: process.stdin })) {
    await say(line);
  }
})();
for await (const happened of chat.readAll()) {
  if (happened.type === 'message') {
    console.log(happened.group ? `${happened.group} ${happened.from}: ${happened.text}` : `${happened.from} to you: ${happened.text}`);
  } else if (happened.type === 'subscribed' && !happened.recovered) {
    console.log(`[something may be missing in ${happened.group ?? 'messages to you'}]`);
  } else {
    console.log(`[${JSON.stringify(happened)}]`);
  }
}

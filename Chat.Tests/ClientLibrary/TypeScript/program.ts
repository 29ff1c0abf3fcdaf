// A program for Node.js, with the types of Node.js and without those of browsers.
import { ChatClient } from 'chat-client';

await using chat = await ChatClient.connect({ server: 'http://localhost:8080', token: () => process.env['TOKEN'] ?? '' });
chat.addEventListener('stateChanged', ({ detail }) => console.log(detail.state, detail.reason));
for await (const happened of chat.readAll()) console.log(happened.type === 'message' ? happened.text : happened);

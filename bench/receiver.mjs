// Takes events (docs/EVENTS.md) as fast as one thread of Node can, and prints their number once a second: node bench/receiver.mjs 5001
import { createServer } from 'node:http';

let requests = 0, events = 0;
createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  requests++;
  events += JSON.parse(body).events.length;
  response.writeHead(204).end();
}).listen(Number(process.argv[2] ?? 5001));
setInterval(() => {
  if (requests > 0) {
    console.log(`${events} events in ${requests} requests`);
  }
  requests = events = 0;
}, 1000);

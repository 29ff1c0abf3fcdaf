// Calls the server API of several nodes in turn, on a schedule: node api-calls.mjs RATE KEY PORT... Says once a second how many were answered, and how.
import { Agent, request } from 'node:http';

const [rate, key, ...ports] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const json = { 'X-Api-Key': key, 'Content-Type': 'application/json' };
const kinds = [ // six of ten calls publish, to topics that nobody is in
  n => ['POST', 'publish', { topic: `user:api-${n % 1000}`, msg: 'x'.repeat(100), id: `m${n}` }],
  n => ['POST', 'publish', { topic: `group:api-${n % 1000}`, msg: 'x'.repeat(100) }],
  n => ['GET', `history?topic=group:api-${n % 1000}&limit=20`],
  n => ['POST', 'publish', { topic: `user:api-${n % 1000}`, msg: 'x'.repeat(100) }],
  () => ['GET', 'presence/count?topic=group:0'],
  n => ['POST', 'publish', { topic: `group:api-${n % 1000}`, msg: 'x'.repeat(100), id: `m${n}` }],
  n => ['GET', `groups?user=api-${n % 1000}`],
  n => ['POST', 'publish', { topic: `user:api-${n % 1000}`, msg: 'x'.repeat(100) }],
  () => ['GET', 'cluster'],
  n => ['POST', 'publish', { topic: `group:api-${n % 1000}`, msg: 'x'.repeat(100) }],
];
const answers = {};
const count = status => answers[status] = (answers[status] ?? 0) + 1;
const began = performance.now();
let called = 0;
setInterval(() => {
  for (; called < (performance.now() - began) / 1000 * rate; called++) {
    const [method, path, body] = kinds[called % kinds.length](called);
    request({ agent, method, port: ports[called % ports.length], path: `/api/v1/${path}`, headers: json }, response => {
      response.resume();
      response.on('end', () => count(response.statusCode));
    }).on('error', error => count(error.code)).end(body && JSON.stringify(body));
  }
}, 5);
setInterval(() => console.log(called, JSON.stringify(answers)), 1000);

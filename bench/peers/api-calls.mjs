// Calls the server API of several nodes in turn, on a schedule: node api-calls.mjs RATE KEY PORT... Once a second it prints how many calls were
// answered, and how, and the time that the last thousand took: the median and 99 %, in ms.
// It speaks HTTP by itself: Node's own client takes several times as much CPU, on the machine where the nodes are measured.
import { connect } from 'node:net';

const [rate, key, ...ports] = process.argv.slice(2);
const kinds = [ // six of ten calls publish, to topics without members
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
const answers = {}, times = [];
const count = status => answers[status] = (answers[status] ?? 0) + 1;
const took = share => times.toSorted((a, b) => a - b)[Math.floor(times.length * share)]?.toFixed(2);
const idle = Object.fromEntries(ports.map(port => [port, []]));

function open(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  let answer = '';
  socket.on('data', piece => {
    answer += piece;
    const body = answer.indexOf('\r\n\r\n') + 4;
    if (body < 4) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, body))?.[1];
    if (length && answer.length < body + Number(length)) return;
    count(answer.slice(9, 12));
    times[answered++ % 1000] = performance.now() - socket.calledAt;
    answer = '';
    if (length) idle[port].push(socket);
    else socket.destroy(); // an error, or an answer in pieces
  });
  socket.on('error', error => count(error.code));
  socket.on('close', () => idle[port] = idle[port].filter(other => other !== socket));
  return socket;
}

const began = performance.now();
let called = 0, answered = 0;
setInterval(() => {
  for (; called < (performance.now() - began) / 1000 * rate; called++) {
    const [method, path, body] = kinds[called % kinds.length](called);
    const port = ports[called % ports.length];
    const json = body ? JSON.stringify(body) : '';
    const socket = idle[port].pop() ?? open(port);
    socket.calledAt = performance.now();
    socket.write(`${method} /api/v1/${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\n`
      + (json ? `Content-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}` : '\r\n'));
  }
}, 5);
setInterval(() => console.log(called, JSON.stringify(answers), took(0.5), took(0.99)), 1000);

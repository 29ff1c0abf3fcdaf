// Runs specs in Node.js, side by side: node in-node.mjs {the library's file} {server} {spec}… A request of theirs to the cluster is a line of JSON on
// the output, and the answer is a line on the input.
import { createInterface } from 'node:readline';
import { runAll } from './specs.js';

const [library, server, ...specs] = process.argv.slice(2);
const { ChatClient } = await import(library);
const calls = [];
createInterface({ input: process.stdin }).on('line', line => {
  const { call, answer } = JSON.parse(line);
  calls[call](answer);
});
const control = (action, ...args) => new Promise(resolve => {
  console.log(JSON.stringify({ call: calls.push(resolve) - 1, action, args: args.map(String) }));
});
const failures = await runAll(specs, { ChatClient, server, control });
console.error(failures);
process.exit(failures ? 1 : 0); // only the input could keep the process alive

// A chat as one writes it with Socket.IO 4 and its Redis adapter alone, to be put under the same load as Chat (bench/Chat.Faults).
// Acknowledgements are Socket.IO's own. Its connection state recovery is off, since the Redis adapter does not support it.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [url, redis] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const pub = createClient({ url: `redis://${redis}` });
const sub = pub.duplicate();
for (const client of [pub, sub]) {
  client.on("error", error => console.error(String(error)));
}
await Promise.all([pub.connect(), sub.connect()]);

const http = createServer((request, response) => response.end("ready"));
const io = new Server(http, { transports: ["websocket"], serveClient: false, adapter: createAdapter(pub, sub) });
io.on("connection", socket => {
  socket.on("join", (group, answer) => {
    socket.join(group);
    answer();
  });
  socket.on("post", (group, text, answer) => {
    socket.to(group).emit("message", group, text);
    answer();
  });
});
// The adapter does not handle failures of its publishes. Without this, a command that Redis does not answer would end the process.
process.on("unhandledRejection", error => console.error(String(error)));
process.on("SIGTERM", () => io.close(() => process.exit(0)));
http.listen({ host: hostname, port: Number(port), backlog: 4096 });

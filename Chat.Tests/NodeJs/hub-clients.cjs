// Runs the official JavaScript clients, unchanged, for HubScript.cs. Each line in either direction is a JSON object.
//   in   {call, client, do: "connect" | "invoke" | "stop", ...}
//   out  {call, result | error}   {client, event, payload}   {client, state: "reconnecting" | "reconnected" | "ended", reason}
"use strict";

const libraries = { seed: require("@aspnet/signalr"), current: require("@microsoft/signalr") };
const { MessagePackHubProtocol } = require("@microsoft/signalr-protocol-msgpack");
const transports = { WebSockets: 1, NegotiatedWebSockets: 1, ServerSentEvents: 2, LongPolling: 4 };
const noLog = 6;
const pauses = Array.from({ length: 60 }, (_, i) => Math.min(1000, i * 100));
const clients = new Map();

const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");

class Client {
  constructor(options) {
    this.options = options;
    this.positions = new Map();
  }

  get url() {
    const since = [...this.positions].map(([group, position]) => `${encodeURIComponent(group)}:${position}`).join(",");
    const query = this.options.resumes && since ? `since=${since}` : this.options.query;
    return this.options.url + (query ? "?" + query : "");
  }

  async start() {
    const { library, transport, token, reconnects, packed, events } = this.options;
    const builder = new libraries[library].HubConnectionBuilder()
      .configureLogging(noLog)
      .withUrl(this.url, {
        accessTokenFactory: () => token,
        transport: transports[transport],
        skipNegotiation: transport === "WebSockets",
      });
    if (packed) {
      builder.withHubProtocol(new MessagePackHubProtocol());
    }
    // Version 1 has no automatic reconnect. There, onclose starts the connection again, as its documentation shows.
    if (reconnects && library === "current") {
      builder.withAutomaticReconnect(pauses);
    }
    const connection = builder.build();
    for (const name of events) {
      connection.on(name, (payload) => this.hear(name, payload));
    }
    connection.onclose((error) => this.closed(error));
    if (library === "current") {
      connection.onreconnecting((error) => {
        connection.baseUrl = this.url;
        this.say({ state: "reconnecting", reason: String(error) });
      });
      connection.onreconnected(() => this.say({ state: "reconnected" }));
    }
    this.connection = connection;
    await connection.start();
    this.started = true;
  }

  hear(event, payload) {
    if (payload.group && payload.epoch && (event === "message" || event === "subscribed")) {
      this.positions.set(payload.group, `${payload.epoch}:${payload.offset}`);
    }
    this.say({ event, payload });
    if (event === "mirror" && this.options.mirrors) {
      this.connection.invoke(payload.method, payload.payload).catch(() => {});
    }
  }

  async closed(error) {
    if (!this.options.reconnects || this.options.library === "current" || this.stopping || !this.started) {
      this.say({ state: "ended", reason: error ? error.message : "" });
      return;
    }
    this.started = false;
    for (const pause of pauses) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      try {
        await this.start();
        this.say({ state: "reconnected" });
        return;
      } catch {
        // The next attempt may reach another node.
      }
    }
    this.say({ state: "ended", reason: "it could not connect again" });
  }

  say(what) {
    tell({ client: this.options.client, ...what });
  }
}

const actions = {
  async connect(command) {
    const client = new Client(command);
    clients.set(command.client, client);
    await client.start();
  },
  invoke: ({ client, method, args }) => clients.get(client).connection.invoke(method, ...args),
  async stop({ client }) {
    clients.get(client).stopping = true;
    await clients.get(client).connection.stop();
  },
};

// In a browser an uncaught error of a library ends nothing, but Node.js would end all the clients of this process. Seen when a
// node stops: the libraries do not handle the promises of connections that end.
process.on("unhandledRejection", (error) => console.error("unhandled:", error));
process.on("uncaughtException", (error) => console.error("uncaught:", error));

async function run(command) {
  try {
    tell({ call: command.call, result: await actions[command.do](command) });
  } catch (error) {
    tell({ call: command.call, error: String((error && error.message) || error) });
  }
}

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => run(JSON.parse(line)))
  .on("close", () => process.exit());

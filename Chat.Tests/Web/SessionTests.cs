using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Web;

/// <summary>What the application says about messages that may be missing. A script plays the hub, because real ones lose messages too seldom.</summary>
public sealed class SessionTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    // `hub` is the present connection. `enter` is what the hub does with each new one, and `answer` what it answers to a call.
    private const string Prelude = """
        globalThis.play = async (test, enter, answer = () => ({})) => {
          let hub;
          globalThis.WebSocket = class {
            constructor() { setTimeout(() => this.onopen()); }
            send(text) {
              for (const { protocol, target, invocationId, arguments: args } of text.split('\x1e').filter(Boolean).map(JSON.parse)) {
                if (protocol) this.#enter();
                else if (invocationId) setTimeout(() => this.#tell({ type: 3, invocationId, result: answer(target, args[0]) }));
              }
            }
            subscribed(more) { this.call('subscribed', { epoch: 'e', offset: 0, recovered: true, ...more }); }
            call(target, argument) { this.#tell({ type: 1, target, arguments: [argument] }); }
            close() { this.onclose({ code: 1006, reason: '' }); }
            #enter() {
              hub = this;
              this.#tell({});
              enter(this);
              this.subscribed({ to: 'anna' });
            }
            #tell(record) { this.onmessage({ data: `${JSON.stringify(record)}\x1e` }); }
          };
          const { Session } = await import('/app/session.js');
          const said = [];
          const waiting = [];
          const look = () => waiting.splice(0).forEach(one => (one.what() ? one.resolve() : waiting.push(one)));
          const until = what => new Promise(resolve => {
            waiting.push({ what, resolve });
            look();
          });
          let session = null;
          session = new Session('anna', () => 'token', {
            changed: () => {
              if (session?.connection.state === 'waiting') session.hurry();
              look();
            },
            said: text => {
              said.push(text);
              look();
            },
            isLooking: () => true,
          });
          await session.ready;
          await test({ session, hub: () => hub, until, said, lobby: session.conversations.get('group:lobby') });
          session.end();
          return said;
        };
        undefined // a function would be called
        """;

    // The log does not reach back as far as that, or not all of what was said may be read.
    [ChromiumFact]
    public async Task UserWhoIsLetInAgain_IsToldWhereMessagesMayBeMissing()
    {
        const string Script = """
            async () => {
              let shown;
              await play(async ({ session, hub, until, lobby }) => {
                session.open(lobby);
                await until(() => lobby.isLoaded);
                hub().call('message', { group: 'lobby', nick: 'ben', message: 'one', id: '1', epoch: 'e', offset: 1 });
                await until(() => lobby.last);
                hub().call('forbidden', { group: 'lobby' });
                await until(() => lobby.notice);
                hub().subscribed({ group: 'lobby', offset: 9 });
                hub().call('message', { group: 'lobby', nick: 'ben', message: 'ten', id: '10', epoch: 'e', offset: 10 });
                await until(() => lobby.isLoaded);
                shown = lobby.items.map(item => item.text);
              }, hub => hub.subscribed({ group: 'lobby' }), (method, { since }) => ({
                epoch: 'e', offset: 9, recovered: since === 'e:9',
                messages: since === 'e:1' ? [{ group: 'lobby', nick: 'ben', message: 'nine', id: '9', epoch: 'e', offset: 9 }] : [],
              }));
              return shown;
            }
            """;
        Assert.Equal(
            ["one", "Messages may be missing here: the server no longer has all that was said while you were away.", "nine", "ten"],
            await RunAsync(Script));
    }

    [ChromiumFact]
    public async Task NewConnection_SaysWhatTheLastOneMissed_AndNothingElse()
    {
        const string Script = """
            () => play(async ({ hub, until, said, lobby }) => {
              hub().subscribed({ group: 'lobby', recovered: false }); // without an end of the connection
              await until(() => lobby.items.length > 0);
              hub().close();
              await until(() => said.length > 0);
            }, hub => hub.subscribed({ group: 'lobby' }))
            """;
        Assert.Equal(["Back online. You have missed nothing."], await RunAsync(Script));
    }

    // Redis had forgotten the user's groups, so the client joins them again once it is connected, and only then learns what is missing.
    [ChromiumFact]
    public async Task NewConnection_SaysWhatWasMissed_OnceItIsKnown()
    {
        const string Script = """
            () => {
              let isFirst = true;
              return play(async ({ hub, until, said }) => {
                hub().close();
                await until(() => said.length > 0);
              }, hub => {
                if (isFirst) hub.subscribed({ group: 'lobby' });
                isFirst = false;
              }, method => (method === 'join' ? { epoch: 'other', offset: 0, recovered: false, messages: [] } : {}));
            }
            """;
        Assert.Equal(["Back online. Messages may be missing in lobby."], await RunAsync(Script));
    }

    private async Task<string[]> RunAsync(string script)
    {
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/theme.css"); // without the application
        await page.EvaluateAsync(Prelude);
        return await page.EvaluateAsync<string[]>(script).WaitAsync(ChatClient.Deadline);
    }
}

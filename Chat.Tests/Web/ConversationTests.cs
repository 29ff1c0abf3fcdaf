using Chat.Tests.Hubs;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Web;

/// <summary>What the application shows of a conversation, and in which order.</summary>
public sealed class ConversationTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    // As {epoch}:{offset}@{ms}: the order of arrival, and the order that is shown.
    private static readonly (string Coming, string Shown)[] Cases =
    [
        ("e2:3@30 e2:4@40 e1:1@10 e1:2@20", "e1:1 e1:2 e2:3 e2:4"), // the log continued in another epoch, and the user scrolls back
        ("e1:7@10 e1:8@20 e2:1@30 e2:2@40", "e1:7 e1:8 e2:1 e2:2"), // the log began anew
        ("e2:3@30 e1:2@30 e1:1@30", "e1:1 e1:2 e2:3"), // within the same millisecond
        ("e1:2@50 e1:1@60", "e1:1 e1:2"), // nodes' clocks differ, but the log has the right order
    ];

    [ChromiumFact]
    public async Task Messages_StandInTheLogsOrder_WheneverTheyCome()
    {
        const string Script = """
            async coming => {
              const { Conversation } = await import('/app/conversation.js');
              const conversation = new Conversation('group', 'g');
              for (const one of coming.split(' ')) {
                const [epoch, offset, at] = one.split(/[:@]/);
                conversation.insert({ from: 'anna', text: one, id: one, position: { epoch, offset: +offset }, sentAt: new Date(+at) });
              }

              return conversation.messages.map(({ position: { epoch, offset } }) => `${epoch}:${offset}`).join(' ');
            }
            """;
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/");

        foreach (var (coming, shown) in Cases)
        {
            Assert.Equal(shown, await page.EvaluateAsync<string>(Script, coming));
        }
    }

    // A page of nothing but deleted messages shows nothing new, so the user could not scroll on. Once everything before it could not be reached.
    [ChromiumFact]
    public async Task OlderMessages_BehindWholePagesThatWereDeleted_AreLoadedAtOnce()
    {
        const string Script = """
            async () => {
              const { Conversation } = await import('/app/conversation.js');
              const { Past } = await import('/app/past.js');
              const conversation = Object.assign(new Conversation('group', 'g'), { isLoaded: true, hasMore: true, oldest: { epoch: 'e', offset: 211 } });
              const asked = [];
              const history = async (group, { since }) => {
                asked.push(since.offset);
                const first = { from: 'ben', text: 'first', id: '1', position: { epoch: 'e', offset: 1 }, sentAt: new Date(1) };
                return { messages: since.offset === 0 ? [first] : [], recovered: true };
              };
              await new Past({ history }, { changed() {}, said() {} }).older(conversation);
              return `${asked}: ${conversation.messages.map(one => one.text)}, ${conversation.hasMore}`;
            }
            """;
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/");

        Assert.Equal("160,110,60,10,0: first, false", await page.EvaluateAsync<string>(Script));
    }

    // Otherwise the one who wrote it would be the only one who still sees it.
    [ChromiumFact]
    public async Task OwnMessage_ThatIsDeletedBeforeItsAcknowledgementComes_IsShownAsDeleted()
    {
        const string Script = """
            async () => {
              const { Conversation } = await import('/app/conversation.js');
              const conversation = new Conversation('group', 'g');
              conversation.pend('1', 'anna', 'secret');
              conversation.delete({ epoch: 'e', offset: 5 });
              conversation.insert({ from: 'anna', text: 'secret', id: '1', position: { epoch: 'e', offset: 5 }, sentAt: new Date(1) });
              return conversation.messages.map(one => `${one.state} ${one.isDeleted} '${one.text}'`).join();
            }
            """;
        await using var device = await Browser.NewDeviceAsync(Cluster.Edge.Address);
        var page = await device.Context.NewPageAsync();
        await page.GotoAsync("/");

        Assert.Equal("sent true ''", await page.EvaluateAsync<string>(Script));
    }
}

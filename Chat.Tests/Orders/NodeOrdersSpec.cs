using System.Text;
using Chat.Api.Nodes;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Orders;

/// <summary>The promises about orders, on every kind of server.</summary>
public abstract class NodeOrdersSpec(RedisFixture redis) : TwoNodesSpec(redis, $"orders{Interlocked.Increment(ref clusters)}:")
{
    private static int clusters;

    private RedisBackplaneNode A => NodeA;

    private RedisBackplaneNode B => NodeB;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (HasNodes)
        {
            await Eventually.TrueAsync(() => (long)((object?[])Redis.Server.Execute("PUBSUB", "NUMSUB", Prefix + "orders:")!)[1]! == 2);
        }
    }

    [RedisFact]
    public async Task Order_IsCarriedOutOnEveryNode_AndConfirmed()
    {
        Live(B.Id);

        Assert.Equal(new Confirmed(2, 2, 20), await GiveAsync("John Smith\n\"a b\""));
        Assert.Equal(["John Smith\n\"a b\""], A.Noted.Carried);
        Assert.Equal(["John Smith\n\"a b\""], B.Noted.Carried);
    }

    [RedisFact]
    public async Task Order_ThatANodeCouldNotCarryOut_IsNotConfirmedByIt()
    {
        Live(B.Id, "hangs");
        var given = GiveAsync("fail");
        await Eventually.TrueAsync(() => B.Noted.Carried.Contains("fail"));

        Gone(A.Id, B.Id, "hangs");

        Assert.Equal(new Confirmed(0, 0), await given);
    }

    [RedisFact]
    public async Task Node_ThatGoesMeanwhile_IsNotWaitedFor()
    {
        Live(B.Id, "dies");
        var given = GiveAsync("x");
        await Eventually.TrueAsync(() => B.Noted.Carried.Contains("x"));
        Assert.False(given.IsCompleted);

        Gone("dies");

        await given;
        Assert.Equal((2, 2), (given.Result.Nodes, given.Result.Of));
    }

    [RedisFact]
    public async Task Question_IsAnsweredByEveryNode_EachInItsOwnWords()
    {
        Live(B.Id);
        (A.Question.Says, B.Question.Says) = ("I am \"a\" ", "and I am b\n ä");

        var answers = await A.Orders.AskAsync(TestQuestion.Question).WaitAsync(BackplaneNode.Deadline);

        Assert.Equal([(A.Id, A.Question.Says), (B.Id, B.Question.Says)],
            answers.Select(answer => (answer.Key, Encoding.UTF8.GetString(answer.Value))).OrderBy(answer => answer.Key != A.Id));
    }

    [RedisFact]
    public async Task Question_ThatANodeCannotAnswer_HasTheOthersAnswers_OnceItIsGone()
    {
        Live(B.Id, "hangs");
        B.Question.Says = null;
        var asked = A.Orders.AskAsync(TestQuestion.Question);
        await Eventually.TrueAsync(() => B.Question.Asked > 0);

        Gone(B.Id, "hangs");

        Assert.Equal([A.Id], (await asked.WaitAsync(BackplaneNode.Deadline)).Keys);
    }

    // Anyone with access to Redis can publish anything.
    [RedisFact]
    public async Task Nonsense_OnTheChannels_IsNobodysBusiness()
    {
        Live(B.Id);
        foreach (var text in (string[])["", " ", "a", "a b", "a b c", $"{A.Id}:1 nobody x", $"{A.Id}:1 {B.Id} many", ":: note x"])
        {
            Redis.Server.Execute("PUBLISH", Prefix + "orders:", text);
            Redis.Server.Execute("PUBLISH", Prefix + "orders:" + A.Id, text);
        }

        Assert.Equal(new Confirmed(2, 2, 20), await GiveAsync("after it"));
    }

    [RedisFact]
    public async Task Answer_OfWhoIsNoNode_IsNotTaken()
    {
        Live("hangs");
        var asked = A.Orders.AskAsync(TestQuestion.Question);
        await Eventually.TrueAsync(() => A.Question.Asked > 0);
        for (var number = 1; number < 5; number++)
        {
            Redis.Server.Execute("PUBLISH", Prefix + "orders:" + A.Id, $"{A.Id}:{number} stranger nonsense");
        }

        Redis.Server.Execute("PUBLISH", Prefix + "orders:" + A.Id, $"{A.Id}:1 hangs at last");

        Assert.Equal(["at last", "yes"], (await asked.WaitAsync(BackplaneNode.Deadline)).Values.Select(Encoding.UTF8.GetString).Order());
    }

    private Task<Confirmed> GiveAsync(string what) => A.Orders.GiveAsync(NotedOrder.Order, Encoding.UTF8.GetBytes(what)).WaitAsync(BackplaneNode.Deadline);

    private void Live(params string[] others) => A.Live.Update([.. others.Prepend(A.Id).Select(Info)], []);

    private void Gone(params string[] gone) => A.Live.Update([.. A.Live.Nodes.Values.Where(node => !gone.Contains(node.Id))], gone);

    private static NodeInfo Info(string id) => new(id, "", NodeState.Ready, 0, default, null);
}

[Collection(RedisServerGroup.Name)]
public sealed class RedisNodeOrdersTests(RedisServerFixture redis) : NodeOrdersSpec(redis);

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetNodeOrdersTests(GarnetServerFixture redis) : NodeOrdersSpec(redis);

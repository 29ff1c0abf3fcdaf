using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A user's commands keep their order while their slot moves, whatever the servers of a Redis Cluster answer, and when.</summary>
public sealed class SlotTrafficTests : IAsyncLifetime, IDisposable
{
    private static readonly Topic Group = Topic.Group("g1");
    private const string TryAgain = "-TRYAGAIN Multiple keys request during rehashing of slot";
    private static readonly int Slot = RedisKeys.SlotOf(Group.Utf8Name.Span);

    private readonly BackplaneOptions _options = BackplaneNode.PatientOptions();
    private ScriptedRedis _first = null!;
    private ScriptedRedis _second = null!;
    private RedisCommands _commands = null!;

    public Task InitializeAsync()
    {
        (_first, _second) = (new ScriptedRedis(), new ScriptedRedis());
        _first.Slots = [(Slot, Slot, _first), (0, Slot - 1, _second), (Slot + 1, RedisSlot.Count - 1, _second)];
        _first.Open();
        _commands = new RedisCommands(
            RedisEndpoint.Parse($"127.0.0.1:{_first.Port}"), _options, new RedisKeys(""), [], static () => { }, NullLogger.Instance);
        _commands.Start();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    public void Dispose() => _commands.Dispose();

    [Fact]
    public async Task Commands_TurnedAwayToAndFro_ByAnswersOlderThanWhatIsKnown()
    {
        await UpAsync();
        var (one, two) = (Send("1"), Send("2"));
        var (askedOne, askedTwo) = (await _first.NextAsync(), await _first.NextAsync());

        askedOne.Moved(Slot, _second); // it gets the slot back a moment later, and then loses it once more
        await Eventually.TrueAsync(() => _commands.OwnerOf(Slot).Endpoint.Servers[0].Port == _second.Port);
        var three = Send("3");
        askedTwo.Moved(Slot, _second);
        foreach (var text in (string[])["SAY 1", "SAY 2"])
        {
            await ExpectAsync(_second, text, question => question.Moved(Slot, _first));
            await ExpectAsync(_first, text, question => question.Ask(Slot, _second));
            await ExpectAsync(_second, text, static question => question.Answer("+OK"));
        }

        await ExpectAsync(_first, "SAY 3", question => question.Ask(Slot, _second));
        await ExpectAsync(_second, "SAY 3", static question => question.Answer("+OK"));

        Assert.Equal(["OK", "OK", "OK"], await EndsOf(one, two, three));
    }

    [Fact]
    public async Task Command_WhoseSlotIsSaidToBeElsewhere_WaitsForThoseUnderWay()
    {
        var one = new Saying("1");
        await Eventually.TrueAsync(() => _commands.TrySend(one, Group.Utf8Name.Span));
        var askedOne = await _first.NextAsync();
        _second.Slots = [(0, RedisSlot.Count - 1, _second)];
        _second.Open(); // it is asked for the slots as soon as it can be reached
        await Eventually.TrueAsync(() => _commands.OwnerOf(Slot).Endpoint.Servers[0].Port == _second.Port);

        var two = Send("2");
        askedOne.Moved(Slot, _second);
        await ExpectAsync(_second, "SAY 1", static question => question.Answer("+OK"));
        await ExpectAsync(_second, "SAY 2", static question => question.Answer("+OK"));

        Assert.Equal(["OK", "OK"], await EndsOf(one, two));
    }

    [Fact]
    public async Task Commands_ThatWait_GoOnWhenTheLinkOfThoseUnderWayBreaks()
    {
        await UpAsync();
        var (one, two) = (Send("1"), Send("2"));
        (await _first.NextAsync()).Moved(Slot, _second);
        await Eventually.TrueAsync(() => _commands.OwnerOf(Slot).Endpoint.Servers[0].Port == _second.Port);
        var three = Send("3");

        await _first.DisposeAsync(); // without answering the second command
        await ExpectAsync(_second, "SAY 1", static question => question.Answer("+OK"));
        await ExpectAsync(_second, "SAY 3", static question => question.Answer("+OK"));

        Assert.Equal(["OK", "failed", "OK"], await EndsOf(one, two, three));
    }

    [Fact]
    public async Task Commands_WhoseKeysAreOnTheirWay_AreSentAgain()
    {
        await UpAsync();
        var all = new[] { Send("1"), Send("2"), Send("3") };

        await ExpectAllAsync(_first, static question => question.Answer(TryAgain));
        await ExpectAsync(_first, "SAY 1", question => question.Ask(Slot, _second));
        await ExpectAsync(_second, "SAY 1", static question => question.Answer(TryAgain));
        await ExpectAsync(_first, "SAY 1", static question => question.Answer("+OK"));
        await ExpectAsync(_first, "SAY 2", question => question.Ask(Slot, _second));
        await ExpectAsync(_second, "SAY 2", static question => question.Answer("+OK"));
        await ExpectAsync(_first, "SAY 3", static question => question.Answer("+OK"));

        Assert.Equal(["OK", "OK", "OK"], await EndsOf(all));
    }

    // The last key moved between the first and the second command.
    [Fact]
    public async Task Command_WhoseKeysWereOnTheirWay_StaysBeforeThoseThatCameBehindIt()
    {
        await UpAsync();
        var all = new[] { Send("1"), Send("2"), Send("3") };

        await ExpectAsync(_first, "SAY 1", static question => question.Answer(TryAgain));
        await ExpectAsync(_first, "SAY 2", question => question.Ask(Slot, _second));
        await ExpectAsync(_first, "SAY 3", question => question.Ask(Slot, _second));
        await ExpectAsync(_first, "SAY 1", question => question.Ask(Slot, _second));
        await ExpectAllAsync(_second, static question => question.Answer("+OK"));

        Assert.Equal(["OK", "OK", "OK"], await EndsOf(all));
    }

    // A command sent right behind the first could be carried out before it, by a server that becomes the owner in between.
    [Fact]
    public async Task FirstCommand_ThatGoesToAnotherServer_GoesAlone_UntilThatHasCarriedItOutAsItsOwn()
    {
        await UpAsync();
        var one = Send("1");
        await ExpectAsync(_first, "SAY 1", question => question.Ask(Slot, _second));
        var asked = await _second.NextAsync();
        _commands.Learn($"MOVED {Slot} 127.0.0.1:{_second.Port}");
        var (two, three) = (Send("2"), Send("3"));

        asked.Answer(TryAgain);
        await ExpectAsync(_second, "SAY 1", static question => question.Answer("+OK"));
        var (askedTwo, askedThree) = (await _second.NextAsync(), await _second.NextAsync()); // from then on all are sent at once again
        askedTwo.Answer("+OK");
        askedThree.Answer("+OK");

        Assert.Equal(["SAY 2", "SAY 3"], [askedTwo.Text, askedThree.Text]);
        Assert.Equal(["OK", "OK", "OK"], await EndsOf(one, two, three));
    }

    [Fact]
    public async Task Command_WhoseKeysStayOnTheirWay_FailsAfterTheTimeForCommands()
    {
        _options.CommandTimeout = TimeSpan.FromSeconds(1);
        await UpAsync();
        var one = Send("1");

        var (answers, asked) = (0, _first.NextAsync());
        for (; await Task.WhenAny(asked, one.End) == asked; asked = _first.NextAsync())
        {
            (await asked).Answer(TryAgain);
            answers++;
        }

        Assert.Equal("failed", await one.End);
        Assert.InRange(answers, 2, 1000); // a short pause precedes each
        var two = Send("2");
        (await asked).Answer("+OK");
        Assert.Equal(["OK"], await EndsOf(two));
    }

    // A server that was taken out of the cluster keeps running, and believes to this day that its slots are its own. It carries nothing out, but its link is up.
    [Fact]
    public async Task Server_ThatSaysTheClusterIsDown_IsAskedNoMoreWhoOwnsItsSlots_ButTheOthersAre()
    {
        await UpAsync();
        var one = Send("1");
        await ExpectAsync(_first, "SAY 1", static question => question.Answer("-CLUSTERDOWN Hash slot not served"));
        Assert.Equal(["failed"], await EndsOf(one));
        _second.Slots = [(0, RedisSlot.Count - 1, _second)];

        _commands.LookAfterLinks();
        await Eventually.TrueAsync(() => _commands.OwnerOf(Slot).Endpoint.Servers[0].Port == _second.Port);

        var two = Send("2");
        await ExpectAsync(_second, "SAY 2", static question => question.Answer("+OK"));
        Assert.Equal(["OK"], await EndsOf(two));
    }

    // In Kubernetes each restart of a server brings a new address. Once each of the old ones had a link that tried to connect until the node was restarted.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Link_ToAServerThatHasLeft_IsEnded_AndWhatItAcknowledgedIsKept(bool hasAcknowledged)
    {
        await UpAsync();
        var left = _commands.OwnerOf(Slot + 1);
        if (hasAcknowledged)
        {
            left.LastAck.Note(left.Life, Group.Utf8Name.Span, "e"u8, 1, 0);
        }

        var port = _second.Port;
        _first.Slots = [(0, RedisSlot.Count - 1, _first)];
        await _second.DisposeAsync();
        await Eventually.TrueAsync(() => !left.IsUp);
        await Eventually.TrueAsync(() =>
        {
            _commands.LookAfterLinks();
            return left.IsEnded;
        });
        _commands.LookAfterLinks(); // looks for the acknowledgement once more
        _commands.LookAfterLinks(); // forgets the link if there is none
        Assert.Equal(hasAcknowledged ? 2 : 1, _commands.Links);
        Assert.True(_commands.IsUp);

        Assert.Equal(Slot + 1, _commands.Learn($"MOVED {Slot + 1} 127.0.0.1:{port}")); // it is back
        var again = _commands.OwnerOf(Slot + 1);
        Assert.NotSame(left, again);
        Assert.False(again.IsEnded);
        Assert.Equal(hasAcknowledged, ReferenceEquals(left.LastAck, again.LastAck));
    }

    private async Task UpAsync()
    {
        _second.Open();
        await Eventually.TrueAsync(() => _commands.IsUp);
        var zero = Send("0"); // else the first command of a test would go alone
        await ExpectAsync(_first, "SAY 0", static question => question.Answer("+OK"));
        await zero.End;
    }

    private Saying Send(string text)
    {
        var saying = new Saying(text);
        Assert.True(_commands.TrySend(saying, Group.Utf8Name.Span));
        return saying;
    }

    private static async Task ExpectAllAsync(ScriptedRedis at, Action<ScriptedRedis.Question> answer)
    {
        foreach (var text in (string[])["SAY 1", "SAY 2", "SAY 3"])
        {
            await ExpectAsync(at, text, answer);
        }
    }

    private static async Task ExpectAsync(ScriptedRedis at, string text, Action<ScriptedRedis.Question> answer)
    {
        var question = await at.NextAsync();
        Assert.Equal(text, question.Text);
        answer(question);
    }

    private static Task<string[]> EndsOf(params Saying[] sayings) => Task.WhenAll(sayings.Select(static saying => saying.End)).WaitAsync(BackplaneNode.Deadline);

    private sealed class Saying : RedisCommand
    {
        private readonly TaskCompletionSource<string> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Saying(string text) => Buffer.Command(2).Bulk("SAY"u8).Bulk(text);

        public override bool IsPatient => true;

        public override string Party => "anna";

        public Task<string> End => _end.Task;

        protected override void OnReply(ref RespReader reply) => _end.TrySetResult(reply.ReadLine());

        protected override void OnFailed(string reason) => _end.TrySetResult("failed");
    }
}

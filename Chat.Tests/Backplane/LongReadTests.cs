using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>Readers of long logs wait for other such readers, and nobody else waits for them.</summary>
public sealed class LongReadTests
{
    private const int AtOnce = 4;
    private const string Empty = "*5\r\n$2\r\ne1\r\n:0\r\n:0\r\n:0\r\n$0\r\n";

    [Fact]
    public async Task LongReads_TakeTurns_AndWhatIsNoneOfThemPassesByThem()
    {
        await using var redis = new ScriptedRedis();
        redis.Open();
        var options = BackplaneNode.PatientOptions();
        var keys = new RedisKeys("");
        using var commands = new RedisCommands(RedisEndpoint.Parse($"127.0.0.1:{redis.Port}"), options, keys, RedisBackplane.Scripts, static () => { }, NullLogger.Instance);
        var backplane = new RedisBackplane(commands, null!, keys, options, new NodeIdentity(TimeProvider.System), TimeProvider.System, new BackplaneMetrics(NoMeters.Instance));
        commands.Start();
        await Eventually.TrueAsync(() => commands.IsUp);

        var reads = Enumerable.Range(0, 10).Select(i => backplane.ReadAsync(Topic.Group($"long{i}"), "e1", 0, 100, i % 2 == 0 ? ReadBounds.Rest : ReadBounds.InTurn)).ToList();
        var asked = new Queue<ScriptedRedis.Question>();
        for (var i = 0; i < AtOnce; i++)
        {
            asked.Enqueue(await AskedAsync($"long{i}"));
        }

        reads.Add(backplane.ReadAsync(Topic.Group("missed"), "e1", 0, 100, ReadBounds.Beginning));
        (await AskedAsync("missed")).Answer(Empty);
        for (var i = AtOnce; i < 10; i++)
        {
            asked.Dequeue().Answer(Empty);
            asked.Enqueue(await AskedAsync($"long{i}"));
        }

        while (asked.TryDequeue(out var question))
        {
            question.Answer(Empty);
        }

        await Task.WhenAll(reads).WaitAsync(BackplaneNode.Deadline);

        async Task<ScriptedRedis.Question> AskedAsync(string group)
        {
            var question = await redis.NextAsync();
            Assert.Contains($"{{group:{group}}}:log", question.Text, StringComparison.Ordinal);
            return question;
        }
    }
}

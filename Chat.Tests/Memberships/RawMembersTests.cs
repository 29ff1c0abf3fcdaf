using System.Threading.Channels;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Simulation;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Memberships;

/// <summary>For how long the groups of users are kept who are connected by the raw endpoints alone.</summary>
public sealed class RawMembersTests
{
    /// <summary>Once, only the hub kept memberships. A user who had been on <c>/chat/group</c> for an hour was refused with 403 at the next reconnect.</summary>
    [Fact]
    public async Task UserOfARestrictedGroup_KeepsTheGroupsWhileConnected_AndForTheirAgeAfterwards()
    {
        var time = new ManualTimeProvider();
        var store = new ReadMemberships();
        var options = Options.Create(new MembershipOptions { MembersOnly = true });
        using var raw = new RawMembers(store, options, time, NullLogger<RawMembers>.Instance);
        var access = new GroupAccess(store, raw, backplane: null!, options, Options.Create(new DefaultChats()));
        var connection = new RecordingConnection();
        using var stopping = new CancellationTokenSource();
        var running = Loops.Execute(raw, stopping.Token);
        Assert.NotNull(await access.TryJoinAsync(
            new LocalTopic(Topic.Group("chess"), [], new TopicMetrics(NoMeters.Instance)), connection, since: null, static _ => true));
        await NextReadAsync();

        for (var i = 0; i < 8; i++)
        {
            time.Advance(options.Value.MembershipAge / 8);
            await NextReadAsync();
        }

        Assert.False(store.Reads.Reader.TryRead(out _)); // so the next read is that of the leave
        access.Leave(connection);
        await NextReadAsync();

        await stopping.CancelAsync();
        await running;

        async Task NextReadAsync() => Assert.Equal(Topic.User(connection.UserId), await store.Reads.Reader.ReadAsync().AsTask().WaitAsync(ChatClient.Deadline));
    }

    // Whenever they are read, they are kept for their whole age.
    private sealed class ReadMemberships : IMemberships
    {
        public Channel<Topic> Reads { get; } = Channel.CreateUnbounded<Topic>();

        public Task<UserGroups> ReadAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown)
        {
            Reads.Writer.TryWrite(user);
            return Task.FromResult(new UserGroups(new Dictionary<string, long> { ["chess"] = 1 }, 1, 1));
        }

        public Task<IReadOnlyCollection<string>> ListAsync(Topic user) => throw new NotSupportedException();

        public Task<long?> JoinAsync(Topic user, string group, int limit) => throw new NotSupportedException();

        public Task<LeaveMark> LeaveAsync(Topic user, string group, bool evenIfOut = false) => throw new NotSupportedException();

        public void Forget(Topic user, string group, LeaveMark mark) => throw new NotSupportedException();
    }
}

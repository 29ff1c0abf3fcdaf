using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>The thread on which code continues that awaits a reply of Redis.</summary>
public sealed class RedisCallTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Reply_IfShortAndAskedFor_GoesOnWhereItWasRead() =>
        Assert.True(await GoesOnHereAsync(new RedisCall(inline: true), call => Reply(call, 100)));

    [Fact]
    public async Task Reply_ThatIsLong_HoldsUpNoOthers() =>
        Assert.False(await GoesOnHereAsync(new RedisCall(inline: true), call => Reply(call, 20_000)));

    [Fact]
    public async Task Reply_ThatNobodyAskedFor_HoldsUpNoOthers() =>
        Assert.False(await GoesOnHereAsync(new RedisCall(), call => Reply(call, 100)));

    [Fact]
    public async Task Failure_HoldsUpNoOthers() =>
        Assert.False(await GoesOnHereAsync(new RedisCall(inline: true), call => call.Fail()));

    /// <summary>Whether the code that awaits the call runs before its completion returns.</summary>
    private static async Task<bool> GoesOnHereAsync(RedisCall call, Action<RedisCall> complete)
    {
        var reader = 0;
        var wentOn = WaitAsync();
        var thread = new Thread(() =>
        {
            Volatile.Write(ref reader, Environment.CurrentManagedThreadId);
            complete(call);
        });
        thread.Start();
        return await wentOn.WaitAsync(Deadline);

        async Task<bool> WaitAsync()
        {
            try
            {
                await call.Task.ConfigureAwait(false);
            }
            catch (BackplaneUnavailableException)
            {
                // The call failed, as intended.
            }

            return Environment.CurrentManagedThreadId == Volatile.Read(ref reader);
        }
    }

    private static void Reply(RedisCall call, int bytes)
    {
        var reply = new RespReader(Encoding.ASCII.GetBytes($"${bytes}\r\n{new string('x', bytes)}\r\n"));
        call.Complete(ref reply);
    }
}

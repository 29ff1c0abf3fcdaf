using Chat.Api.Redis.Resp;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A write to an SslStream waits for a server that does not read. Such writes once blocked the threads that serve clients.</summary>
public sealed class TlsWriterTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15); // only a failing test waits this long

    [Fact]
    public async Task Write_ToAServerThatDoesNotRead_ReturnsAtOnce_AndAllComesInOrderWhenItDoes()
    {
        using var stream = new StuckStream();
        var writer = new TlsWriter(stream, () => Assert.Fail("Nothing is wrong with it."));
        var bytes = new byte[10_000];
        Random.Shared.NextBytes(bytes);

        for (var i = 0; i < bytes.Length; i += 10)
        {
            writer.Write(bytes.AsSpan(i, 10));
        }

        Assert.True(stream.Begun.Wait(Deadline));
        Assert.Equal(bytes.Length, writer.Unwritten);
        stream.Free.Set();
        await Support.Eventually.TrueAsync(() => writer.Unwritten == 0);
        Assert.Equal(bytes, stream.Written);
        writer.End();
    }

    [Fact]
    public void Write_ThatFails_IsTold_AndNothingIsThrownAtTheWriter()
    {
        using var stream = new StuckStream { Fails = true };
        using var failed = new ManualResetEventSlim();
        var writer = new TlsWriter(stream, failed.Set);

        writer.Write([1]);
        stream.Free.Set();

        Assert.True(failed.Wait(Deadline));
        writer.Write([2]);
    }

    private sealed class StuckStream : MemoryStream
    {
        public ManualResetEventSlim Begun { get; } = new();

        public ManualResetEventSlim Free { get; } = new();

        public bool Fails { get; init; }

        public byte[] Written => ToArray();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Begun.Set();
            Free.Wait();
            if (Fails)
            {
                throw new IOException("Gone.");
            }

            base.Write(buffer);
        }
    }
}

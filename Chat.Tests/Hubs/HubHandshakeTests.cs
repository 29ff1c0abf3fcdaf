using System.IO.Pipelines;
using System.Text;
using Chat.Api.Hubs;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Hubs;

/// <summary>The protocol that a client speaks has to be known before anything is kept for it.</summary>
public sealed class HubHandshakeTests
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(15);

    private readonly Pipe _pipe = new();
    private readonly ManualTimeProvider _clock = new();
    private string? _protocol = "none";

    [Theory]
    [InlineData("{\"protocol\":\"messagepack\",\"version\":1}\u001e", "messagepack")]
    [InlineData("{\"protocol\":\"json\",\"version\":1}\u001e{\"type\":6}\u001e", "json")]
    [InlineData("{}\u001e", null)] // the hub says what is wrong with it
    [InlineData("rubbish\u001e", null)]
    public async Task Handshake_IsLookedAt_AndLeftToBeRead(string sent, string? expected)
    {
        await WriteAsync(sent[..3]);
        var reading = ReadAsync();
        await WriteAsync(sent[3..]);

        Assert.True(await reading);
        Assert.Equal(expected, _protocol);
        Assert.Equal(sent, Encoding.UTF8.GetString((await _pipe.Reader.ReadAsync()).Buffer));
    }

    // SignalR answers such a client in that protocol. Messages in another one would be rubbish to it.
    [Theory]
    [InlineData("MessagePack")]
    [InlineData("MESSAGEPACK")]
    public void Protocol_InAnotherCase_IsTheSame(string name) =>
        Assert.Same(HubFormat.Of("messagepack", isFramed: true), HubFormat.Of(name, isFramed: true));

    [Fact]
    public async Task Handshake_ThatDoesNotComeInTime_IsNone()
    {
        var reading = ReadAsync();
        await WriteAsync("{\"protocol\":");
        _clock.Advance(Within);

        Assert.False(await reading);
        Assert.Equal("none", _protocol);
    }

    [Fact]
    public async Task Handshake_ThatIsTooLong_OrWhoseClientHasGone_IsNone()
    {
        await WriteAsync(new string(' ', 5000));
        Assert.False(await ReadAsync());

        await _pipe.Writer.CompleteAsync();
        Assert.False(await ReadAsync());
    }

    private Task<bool> ReadAsync() => HubHandshake.ReadAsync(_pipe.Reader, protocol => _protocol = protocol, Within, _clock);

    private async Task WriteAsync(string text) => await _pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));
}

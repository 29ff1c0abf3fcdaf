using System.Buffers;
using Chat.Api.Connections;
using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.WebSockets;

public sealed class WebSocketUpgradeTests
{
    // A client sends a message and leaves. Redis confirms the message when the request is over, the ack finds a dead socket, and the outbox aborts,
    // on a thread that serves everybody.
    [Fact]
    public async Task Sender_OfARequestThatIsOver_IsGoneAndCanBeAborted()
    {
        var accepted = new TaskCompletionSource<IFrameSender>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.Run(async http =>
        {
            var (source, sender) = (await WebSocketUpgrade.AcceptAsync(http))!.Value;
            await source.ReadAsync(new Nobody());
            accepted.SetResult(sender);
        });
        await app.StartAsync();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

        IFrameSender sender;
        await using (await RawWebSocket.ConnectAsync(address, "/"))
        {
        }

        sender = await accepted.Task.WaitAsync(TimeSpan.FromSeconds(15));
        await Eventually.TrueAsync(() => !sender.TrySend(new byte[2], out _));
        sender.Abort();
    }

    [Theory]
    [InlineData("HTTP/1.1", true)]
    [InlineData("HTTP/1.0", false)] // the server itself would upgrade it
    [InlineData("HTTP/2", false)]
    public void Upgrade_IsOfHttp11Alone(string protocol, bool isRequested)
    {
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpUpgradeFeature>(new Upgradable());
        (http.Request.Protocol, http.Request.Method) = (protocol, "GET");
        (http.Request.Headers.Upgrade, http.Request.Headers.SecWebSocketKey) = ("websocket", "dGhlIHNhbXBsZSBub25jZQ==");

        Assert.Equal(isRequested, WebSocketUpgrade.IsRequested(http));
    }

    private sealed class Upgradable : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public Task<Stream> UpgradeAsync() => throw new NotSupportedException();
    }

    private sealed class Nobody : IByteReader
    {
        public bool Read(ref ReadOnlySequence<byte> bytes, out Task? wait)
        {
            wait = null;
            return false;
        }
    }
}

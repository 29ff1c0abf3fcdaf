using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Clients that connect to a node and say nothing, more of them than the node may have open files.</summary>
public sealed class SilentSocketTests(ITestOutputHelper output)
{
    private const int OpenFiles = 900;

    /// <summary>They once kept everybody else out for two minutes each: the node could accept nobody, and edges took it for dead.</summary>
    [LinuxFact]
    public async Task Client_AmidAThousandThatSayNothing_GetsIn_AndNobodyWhoIsServedIsEnded()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2)); // a process starts, and a thousand connect
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, certificate.Export(X509ContentType.Pkcs12));
        var tls = new Uri($"https://localhost:{TestPort.FindFree()}");
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        await using var node = await NodeProcess.StartAsync(
            redis.ConnectionString,
            new Dictionary<string, string> { ["Auth:SecurityKey"] = TestToken.Key, ["Kestrel:Certificates:Default:Path"] = file },
            alsoAt: tls,
            OpenFiles);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null } });
        List<Socket?> silent = [];
        try
        {
            await using var plain = await ChatClient.ConnectAsync(node.Address, "/chat/user/plain");
            using var secure = await ConnectAsync("secure");
            using var stream = await OpenStreamAsync(node);

            var began = Stopwatch.StartNew();
            silent.AddRange(await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => TryConnectAsync(i % 2 == 0 ? tls.Port : node.Address.Port))));
            await UntilAsync(async () => await RawWebSocket.ConnectAsync(node.Address, "/chat/user/new")); // each silent one has had its moment to ask
            await UntilAsync(async () => await ConnectAsync("another"));

            await plain.SendAsync("""{"Id":"secure","Msg":"still here"}""");
            Assert.Contains("still here", await ReceiveAsync(secure), StringComparison.Ordinal);
            Assert.StartsWith("data: {}", await stream.ReadAsync(), StringComparison.Ordinal);
            var lines = Regex.Count(node.Output, "This node has \\d+ TCP connections, as many as it may");
            Assert.InRange(lines, 1, 1 + (int)(began.Elapsed / TimeSpan.FromSeconds(30))); // one in half a minute
            Assert.DoesNotContain("New clients have to wait", node.Output, StringComparison.Ordinal);
            Assert.InRange(Directory.GetFileSystemEntries($"/proc/{node.Pid}/fd").Length, 1, OpenFiles - 10);
        }
        finally
        {
            output.WriteLine(node.Output);
            silent.ForEach(socket => socket?.Dispose());
            File.Delete(file);
        }

        async Task<ClientWebSocket> ConnectAsync(string user)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
            patience.CancelAfter(ChatClient.Deadline);
            var socket = new ClientWebSocket();
            await socket.ConnectAsync(new UriBuilder(tls) { Scheme = "wss", Path = "/chat/user/" + user }.Uri, http, patience.Token);
            return socket;
        }

        async Task<string> ReceiveAsync(ClientWebSocket socket)
        {
            var buffer = new byte[4096];
            var received = await socket.ReceiveAsync(buffer, deadline.Token);
            return Encoding.UTF8.GetString(buffer, 0, received.Count);
        }
    }

    /// <summary>Tries until the node lets a client in.</summary>
    private static Task UntilAsync<T>(Func<Task<T>> connect) => Eventually.TrueAsync(async () =>
    {
        try
        {
            var client = await connect();
            await (client is IAsyncDisposable async ? async.DisposeAsync() : ValueTask.CompletedTask);
            (client as IDisposable)?.Dispose();
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException or WebSocketException or InvalidOperationException or OperationCanceledException)
        {
            return false;
        }
    });

    private static async Task<Socket?> TryConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null; // there was no place
        }
    }

    private static async Task<EventStream> OpenStreamAsync(NodeProcess node)
    {
        node.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestToken.For("stream"));
        using var negotiated = await node.Http.PostAsync($"{HubClient.Path}/negotiate?negotiateVersion=1", null);
        var id = (await negotiated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString();
        var address = $"{HubClient.Path}?id={Uri.EscapeDataString(id!)}";
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("text/event-stream");
        var answer = await node.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new EventStream(node.Http, address, answer);
    }

    /// <summary>A request that goes on for as long as its client wants.</summary>
    private sealed class EventStream(HttpClient http, string address, HttpResponseMessage answer) : IDisposable
    {
        /// <summary>Asks for an event, and returns the first one.</summary>
        public async Task<string> ReadAsync()
        {
            using var sent = await http.PostAsync(address, new StringContent("""{"protocol":"json","version":1}""" + "\u001e"));
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync().WaitAsync(ChatClient.Deadline) is { } line)
            {
                if (line.StartsWith("data:", StringComparison.Ordinal))
                {
                    return line;
                }
            }

            return "";
        }

        public void Dispose() => answer.Dispose();
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A long-polling or event-stream connection belongs to its user: with an id and another user's token nobody gets in.</summary>
/// <remarks>With her own token and the id of anna's connection, mallory could once post as anna and read anna's messages.</remarks>
public sealed class StreamOwnerTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output), IDisposable
{
    private readonly HttpClient _anna = ClientOf(cluster, Unique("anna"));
    private readonly HttpClient _mallory = ClientOf(cluster, Unique("mallory"));
    private readonly string _group = Unique("group");

    [Theory]
    [InlineData(HubTransport.LongPolling, 0)]
    [InlineData(HubTransport.LongPolling, 1)]
    [InlineData(HubTransport.ServerSentEvents, 0)]
    [InlineData(HubTransport.ServerSentEvents, 1)]
    public async Task Connection_IsOfNoUseToAnotherUser(HubTransport transport, int negotiateVersion)
    {
        using var negotiated = await _anna.PostAsync($"{HubClient.Path}/negotiate?negotiateVersion={negotiateVersion}", null);
        var answer = await negotiated.Content.ReadFromJsonAsync<JsonElement>();
        var id = answer.GetProperty(negotiateVersion == 0 ? "connectionId" : "connectionToken").GetString()!;
        var address = $"{HubClient.Path}?id={Uri.EscapeDataString(id)}";
        using var stream = await _anna.SendAsync(Get(address, transport), HttpCompletionOption.ResponseHeadersRead);
        await SendAsync(_anna, address, """{"protocol":"json","version":1}""");

        var theft = $$"""{"type":1,"target":"post","arguments":[{"group":"{{_group}}","message":"I am anna"}]}""";
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(_mallory, address, theft));
        using var read = await _mallory.SendAsync(Get(address, transport), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.Forbidden, read.StatusCode);
        Assert.Equal("This connection is another user's.\n", await read.Content.ReadAsStringAsync());
        using var ended = await _mallory.DeleteAsync(address);
        Assert.Equal(HttpStatusCode.Forbidden, ended.StatusCode);

        // Anna's connection still works: she joins, posts and receives her own message.
        Assert.Equal(HttpStatusCode.OK, await SendAsync(_anna, address, $$"""{"type":1,"target":"join","arguments":[{"group":"{{_group}}"}]}"""));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(_anna, address, theft.Replace("I am anna", "I really am", StringComparison.Ordinal)));
        var heard = "";
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());
        while (!heard.Contains("I really am", StringComparison.Ordinal))
        {
            heard += transport == HubTransport.LongPolling
                ? await _anna.GetStringAsync(address)
                : await lines.ReadLineAsync().WaitAsync(ChatClient.Deadline) ?? throw new IOException("The stream ended.");
        }

        Assert.DoesNotContain("I am anna", heard, StringComparison.Ordinal);
    }

    void IDisposable.Dispose()
    {
        _anna.Dispose();
        _mallory.Dispose();
        Dispose();
    }

    private static HttpClient ClientOf(HubCluster cluster, string nick)
    {
        var http = new HttpClient { BaseAddress = cluster.Nodes.Nodes[0].Address, Timeout = ChatClient.Deadline };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HubTestToken.Make(nick, TimeSpan.FromMinutes(5)));
        return http;
    }

    private static HttpRequestMessage Get(string address, HubTransport transport)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (transport == HubTransport.ServerSentEvents)
        {
            request.Headers.Accept.ParseAdd("text/event-stream");
        }

        return request;
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient http, string address, string message)
    {
        using var answer = await http.PostAsync(address, new StringContent(message + "\u001e"));
        return answer.StatusCode;
    }
}

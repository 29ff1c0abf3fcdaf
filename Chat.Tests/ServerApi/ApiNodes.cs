using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>Two nodes with one Redis and with keys for backends: one as deployed, one as used in development.</summary>
public sealed class ApiNodes : IAsyncLifetime
{
    internal const string Backend = "backend";
    internal const string Key = "a-key-that-only-tests-use-of-32-chars-or-more";
    /// <summary>A second key of the same backend, as while one key is replaced by the other.</summary>
    internal const string OtherKey = "another-key-that-only-tests-use-of-32-or-more";

    private RedisServer? _redis;
    private NodeProcess[] _nodes = [];

    internal RedisServer Redis => _redis!;

    /// <summary>The node in Production.</summary>
    internal NodeProcess Deployed => _nodes[0];

    /// <summary>The node in Development.</summary>
    internal NodeProcess Developed => _nodes[1];

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(RedisCommandLine.Usual);
        _nodes = await Task.WhenAll(StartAsync("Production"), StartAsync("Development"));
        await Eventually.TrueAsync(async () => (await Developed.ListAsync()).Length == 2); // the nodes that are known have to confirm calls
        await Eventually.TrueAsync(async () => (await new ApiClient(Deployed).GetAsync("nodes")).Body["nodes"]!.AsArray().Count == 2);
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await (_redis?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private Task<NodeProcess> StartAsync(string environment) => NodeProcess.StartAsync(_redis!.ConnectionString, new Dictionary<string, string>
    {
        ["ASPNETCORE_ENVIRONMENT"] = environment,
        ["Chat:Nodes:Heartbeat"] = "00:00:00.25",
        ["Auth:SecurityKey"] = TestToken.Key,
        ["Auth:RequireToken"] = "false",
        ["Api:Keys:0:Name"] = Backend,
        ["Api:Keys:0:Secret"] = Key,
        ["Api:Keys:1:Name"] = Backend,
        ["Api:Keys:1:Secret"] = OtherKey,
        ["Api:BodyTimeout"] = "00:00:03",
        ["Chat:Connections:PerUser"] = "0",
    });
}

[CollectionDefinition(Name)]
public sealed class ApiGroup : ICollectionFixture<ApiNodes>
{
    public const string Name = "server API";
}

/// <summary>A test on those nodes. Its output, which runners show when it fails, contains the nodes' output.</summary>
[Collection(ApiGroup.Name)]
public abstract class ApiTest(ApiNodes nodes, ITestOutputHelper output) : IDisposable
{
    private protected ApiNodes Nodes => nodes;

    /// <summary>A backend that calls the deployed node.</summary>
    private protected ApiClient Api { get; } = new(nodes.Deployed);

    /// <summary>A name that no other test uses.</summary>
    private protected static string Unique(string name) => $"{name}-{Guid.NewGuid():N}";

    public void Dispose()
    {
        output.WriteLine($"{nodes.Deployed.Output}\n\n{nodes.Developed.Output}");
        GC.SuppressFinalize(this);
    }
}

/// <summary>A backend as anybody could write it: plain HTTP and JSON.</summary>
internal sealed class ApiClient(NodeProcess node, string? header = "X-Api-Key: " + ApiNodes.Key)
{
    public Task<ApiAnswer> GetAsync(string call) => SendAsync(HttpMethod.Get, call);

    public Task<ApiAnswer> PostAsync<T>(string call, T body) => PostTextAsync(call, JsonSerializer.Serialize(body));

    public Task<ApiAnswer> PostTextAsync(string call, string body, string type = "application/json") =>
        SendAsync(HttpMethod.Post, call, new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue(type)));

    /// <param name="call">The call.</param>
    /// <param name="body">The body.</param>
    /// <param name="type">The body's type, which is sent exactly as written here.</param>
    public Task<ApiAnswer> PostTypedAsync(string call, string body, string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return SendAsync(HttpMethod.Post, call, content);
    }

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string call, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, "api/v1/" + call) { Content = content };
        if (header?.Split(": ") is [var name, var value])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await node.Http.SendAsync(request);
        return new ApiAnswer(
            answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, answer.Headers.RetryAfter?.Delta, await answer.Content.ReadAsStringAsync());
    }
}

internal sealed record ApiAnswer(HttpStatusCode Status, string? Type, TimeSpan? RetryAfter, string Text)
{
    public JsonObject Body => JsonNode.Parse(Text)!.AsObject();

    public T Read<T>()
    {
        Assert.True(Status == HttpStatusCode.OK, $"{Status}: {Text}");
        return JsonSerializer.Deserialize<T>(Text, JsonSerializerOptions.Web)!;
    }

    /// <summary>Asserts that it is a problem of RFC 9457, in the same form for every cause.</summary>
    public void IsProblem(int status, string code)
    {
        Assert.True((int)Status == status, $"{Status}: {Text}");
        Assert.Equal("application/problem+json", Type);
        Assert.Equal((status, code), ((int)Body["status"]!, (string?)Body["code"]));
        Assert.NotEmpty((string)Body["detail"]!);
        Assert.Equal(status is 429 or 503, RetryAfter is not null);
    }
}

internal sealed record PublishedAnswer(string Id, string? Epoch, long Offset);

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Chat.Tests.ClientLibrary;
using Chat.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>The sample backend as the AppHost starts it beside a cluster. It shows all tasks of an application's own backend.</summary>
public sealed class SampleBackendTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    private readonly ResourceLog _log = new();
    private DistributedApplication? _application;

    public async Task InitializeAsync()
    {
        using var deadline = new CancellationTokenSource(StartTime);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--EdgePort=0", "--Replicas=1", "--Sample=true", "--Auth:RequireToken=true"], deadline.Token);
        builder.Services.AddLogging(logging => logging.AddProvider(_log.AsProvider()));
        _application = await builder.BuildAsync(deadline.Token);
        await _application.StartAsync(deadline.Token);
        await _application.ResourceNotifications.WaitForResourceHealthyAsync("edge", deadline.Token);
    }

    public async Task DisposeAsync()
    {
        output.WriteLine(_log.Take());
        await (_application?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task Backend_SignsIn_Decides_IsTold_AndPublishes()
    {
        var edge = _application!.GetEndpoint("edge", "http");
        using var backend = new HttpClient { BaseAddress = _application!.GetEndpoint("backend", "http") };
        Assert.Equal(backend.BaseAddress, _application!.Services.GetRequiredService<global::AppHost.ExpectedCluster>().Sample); // the address that the AppHost prints when the cluster is up
        await Eventually.TrueAsync(async () => await IsUpAsync(backend));

        // It signs in users whom it knows.
        using var refused = await backend.PostAsJsonAsync("sign-in", new { name = "ben", password = "anna's password" });
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        var (anna, ben) = (await SignInAsync(backend, "anna"), await SignInAsync(backend, "ben"));

        // It decides who may be in which topic.
        await using var room = await ChatClient.ConnectAsync(edge, "/chat/group/staff-room/anna", anna);
        var stranger = await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(edge, "/chat/group/staff-room/ben", ben));
        Assert.Equal(403, stranger.Status);

        // It is told of events.
        await using var other = await ChatClient.ConnectAsync(edge, "/chat/channel/ben", ben);
        await room.SendAsync("Is anybody here?");
        await Eventually.TrueAsync(async () =>
        {
            var events = await backend.GetFromJsonAsync<JsonElement[]>("events");
            return events!.Any(one => one.GetProperty("type").GetString() == "message.published" && one.GetProperty("msg").GetString() == "Is anybody here?")
                && events!.Any(one => one.GetProperty("type").GetString() == "user.online" && one.GetProperty("user").GetString() == "ben");
        });

        // It sends a message to everybody, once. Once it went to a topic that no client of the hub hears.
        await using var user = await Listener.ConnectAsync(new Client.ChatClientOptions { Server = edge, Token = _ => ValueTask.FromResult(ben) }, "ben");
        for (var i = 0; i < 2; i++)
        {
            using var notice = await backend.PostAsJsonAsync("notice", new { text = "We close at five", id = "notice-1" });
            Assert.Equal((HttpStatusCode.OK, 1L), (notice.StatusCode, JsonElement.Parse(await notice.Content.ReadAsStringAsync()).GetProperty("offset").GetInt64()));
        }

        var heard = await user.NextAsync<Client.ChatMessage>();
        Assert.Equal(("first", "backend", "We close at five"), (heard.Group, heard.From, heard.Text));

        // It accepts nothing that Chat has not signed.
        foreach (var path in (string[])["access", "events"])
        {
            using var forged = await backend.PostAsJsonAsync(path, new { user = "ben", events = Array.Empty<string>() });
            Assert.Equal(HttpStatusCode.Unauthorized, forged.StatusCode);
        }
    }

    private static async Task<string> SignInAsync(HttpClient backend, string name)
    {
        using var answer = await backend.PostAsJsonAsync("sign-in", new { name, password = name + "'s password" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<bool> IsUpAsync(HttpClient backend)
    {
        try
        {
            using var answer = await backend.GetAsync("events");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chat.Tests.Support;

namespace Chat.Tests.Web;

/// <summary>A headless browser, driven over its DevTools protocol: JSON calls, answers and events on one WebSocket.</summary>
/// <remarks>Each page is a session of that WebSocket (<c>flatten</c>) and a window of its own, so that none is in the background.</remarks>
public sealed partial class Chromium : IAsyncDisposable
{
    internal const string WhyNot = "chromium is not installed (Debian and Ubuntu: apt-get install chromium).";

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly ChildProcess _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _calls = [];
    private readonly ConcurrentQueue<string> _problems = [];
    private Task _reading = Task.CompletedTask;
    private int _lastCall;

    private Chromium(ChildProcess process, string profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Null: none is installed.</summary>
    internal static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <summary>Uncaught exceptions, and errors in the console, of all pages.</summary>
    internal IEnumerable<string> Problems => _problems;

    internal static async Task<Chromium> StartAsync()
    {
        var profile = Directory.CreateTempSubdirectory("chat-page-").FullName;
        // Without its sandbox, which is not to be had as root or in most containers; it shows our own page only.
        string[] arguments =
        [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank",
        ];
        var process = await ChildProcess.StartAsync(Program ?? throw new InvalidOperationException(WhyNot), arguments, new Dictionary<string, string>());
        var chromium = new Chromium(process, profile);
        Match address = Match.Empty;
        await Eventually.TrueAsync(() => (address = Listening().Match(process.Output)).Success);
        await chromium._socket.ConnectAsync(new Uri(address.Groups[1].Value), CancellationToken.None);
        chromium._reading = chromium.ReadAsync();
        return chromium;
    }

    /// <param name="address">The page's.</param>
    /// <param name="isolated">Shares no cookies with other pages.</param>
    internal async Task<BrowserPage> OpenAsync(Uri address, bool isolated = false)
    {
        var window = new JsonObject { ["url"] = address.AbsoluteUri, ["newWindow"] = true };
        if (isolated)
        {
            window["browserContextId"] = (await CallAsync("Target.createBrowserContext", []))["browserContextId"]!.DeepClone();
        }

        var target = await CallAsync("Target.createTarget", window);
        var session = await CallAsync("Target.attachToTarget", new JsonObject { ["targetId"] = target["targetId"]!.DeepClone(), ["flatten"] = true });
        var page = new BrowserPage(this, (string)session["sessionId"]!);
        foreach (var domain in (string[])["Runtime", "Log", "Network"])
        {
            await page.CallAsync($"{domain}.enable", []);
        }

        return page;
    }

    internal async Task<JsonObject> CallAsync(string method, JsonObject parameters, string? session = null)
    {
        var id = Interlocked.Increment(ref _lastCall);
        var answer = _calls[id] = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
        {
            call["sessionId"] = session;
        }

        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(call), WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }

        return await answer.Task.WaitAsync(ChatClient.Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        await CallAsync("Browser.close", []);
        await _process.ExitAsync().WaitAsync(ChatClient.Deadline);
        await _process.DisposeAsync();
        await _reading;
        _socket.Dispose();
        _sending.Dispose();
        await Eventually.TrueAsync(TryDeleteProfile);
    }

    // The browser's helpers outlive it by a moment and may still write.
    private bool TryDeleteProfile()
    {
        try
        {
            Directory.Delete(_profile, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                message.Write(buffer, 0, received.Count);
                if (received.EndOfMessage && message.Length > 0)
                {
                    Take((JsonObject)JsonNode.Parse(message.GetBuffer().AsSpan(0, (int)message.Length))!);
                    message.SetLength(0);
                }
                else if (received.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
            }
        }
        catch (WebSocketException)
        {
            // The browser has ended, as it was told to.
        }
    }

    private void Take(JsonObject message)
    {
        if (message["id"] is { } id && _calls.TryRemove((int)id, out var call))
        {
            if (message["error"] is { } error)
            {
                call.SetException(new InvalidOperationException(error.ToJsonString()));
            }
            else
            {
                call.SetResult((JsonObject)message["result"]!);
            }
        }
        else if ((string?)message["method"] == "Runtime.exceptionThrown" || (string?)message["params"]?["entry"]?["level"] == "error")
        {
            _problems.Enqueue(message.ToJsonString());
        }
    }

    [GeneratedRegex(@"DevTools listening on (\S+)")]
    private static partial Regex Listening();
}

/// <summary>A window of the browser.</summary>
internal sealed class BrowserPage(Chromium browser, string session)
{
    public Task<JsonObject> CallAsync(string method, JsonObject parameters) => browser.CallAsync(method, parameters, session);

    /// <summary>What a JavaScript expression is worth, as text.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        var answer = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = $"String({expression})", ["returnByValue"] = true });
        return answer["exceptionDetails"] is null
            ? (string)answer["result"]!["value"]!
            : throw new InvalidOperationException($"{expression}: {answer["exceptionDetails"]!.ToJsonString()}");
    }

    /// <summary>Waits until a JavaScript expression is true.</summary>
    public async Task UntilAsync(string expression)
    {
        try
        {
            await Eventually.TrueAsync(async () => await EvaluateAsync(expression) == "true");
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"Not true: {expression}. The page says: {await EvaluateAsync("document.body.innerText")}", exception);
        }
    }

    /// <summary>Cuts the page off the network, or connects it again.</summary>
    public Task SetOfflineAsync(bool offline) => CallAsync("Network.emulateNetworkConditions", new JsonObject
    {
        ["offline"] = offline,
        ["latency"] = 0,
        ["downloadThroughput"] = -1,
        ["uploadThroughput"] = -1,
    });
}

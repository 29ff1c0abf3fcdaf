using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Tests.NodeJs;

/// <summary>A Node.js process that runs hub-clients.cjs, with any number of clients, each of which gets commands and reports its events.</summary>
internal sealed class HubScript : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _calls = new();
    private readonly ConcurrentDictionary<string, HubScriptClient> _clients = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private int _lastCall;
    private int _lastClient;

    private HubScript(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        _reading = Task.Run(ReadAsync); // on a thread of its own and not where tests take turns, since Node.js waits while nobody reads its output
    }

    /// <summary>Lines that were not understood.</summary>
    public string Problem { get; private set; } = "";

    public static async Task<HubScript> StartAsync()
    {
        if (await NodePackages.WhyNotAsync() is { } reason)
        {
            throw new InvalidOperationException(reason);
        }

        // The process ends when its input does, so it ends with this process at the latest.
        return new HubScript(Process.Start(new ProcessStartInfo(NodePackages.Node!, [Path.Combine(NodePackages.Folder, "hub-clients.cjs")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    /// <param name="library">One of the two JavaScript libraries.</param>
    /// <param name="server">The edge or a node.</param>
    /// <param name="nick">The user.</param>
    /// <param name="transport">The transport.</param>
    /// <param name="options">Deviations from the defaults. <see cref="HubClientOptions.Token"/> is called once.</param>
    public async Task<HubScriptClient> ConnectAsync(
        HubLibrary library, Uri server, string nick, HubTransport transport, HubClientOptions? options = null)
    {
        options ??= new HubClientOptions();
        var token = options.Token is null ? await HubToken.FetchAsync(server, nick) : options.Token();
        var client = new HubScriptClient(this, $"{nick} {Interlocked.Increment(ref _lastClient)}", nick);
        _clients[client.Id] = client;
        await CallAsync(client, "connect", new
        {
            library = library == HubLibrary.Seed ? "seed" : "current",
            url = new Uri(server, HubClient.Path),
            query = options.Query,
            transport = transport.ToString(),
            token,
            reconnects = options.Reconnects,
            resumes = options.Resumes,
            mirrors = options.Mirrors,
            packed = options.SpeaksMessagePack,
            events = HubClient.EventNames,
        });
        await client.ReadyAsync();
        return client;
    }

    public async Task<JsonElement> CallAsync<T>(HubScriptClient client, string action, T details)
    {
        var call = Interlocked.Increment(ref _lastCall);
        var answer = _calls[call] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var line = JsonSerializer.SerializeToNode(details, JsonSerializerOptions.Web)!.AsObject();
        line["call"] = call;
        line["client"] = client.Id;
        line["do"] = action;
        await _writing.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(line.ToJsonString());
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }

        return await answer.Task.WaitAsync(ChatClient.Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(ChatClient.Deadline);
        await _reading;
        _process.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            try
            {
                Take(JsonDocument.Parse(line).RootElement);
            }
            catch (Exception exception)
            {
                Problem += $"{line}: {exception.Message}\n"; // perhaps output of a library itself; a failing test shows it
            }
        }

        var failure = new InvalidOperationException($"Node.js has ended: {await _errors}");
        foreach (var call in _calls.Values)
        {
            call.TrySetException(failure);
        }
    }

    private void Take(JsonElement line)
    {
        if (line.TryGetProperty("call", out var id) && _calls.TryRemove(id.GetInt32(), out var call))
        {
            if (line.TryGetProperty("error", out var error))
            {
                call.TrySetException(new HubException(error.GetString()));
            }
            else
            {
                call.TrySetResult(line.TryGetProperty("result", out var result) ? result : default);
            }
        }
        else if (line.TryGetProperty("client", out var name) && _clients.TryGetValue(name.GetString()!, out var client))
        {
            client.Take(line);
        }
    }
}

/// <summary>One of the official clients.</summary>
public enum HubLibrary
{
    /// <summary>Microsoft's for .NET.</summary>
    DotNet,

    /// <summary>@microsoft/signalr.</summary>
    JavaScript,

    /// <summary>@aspnet/signalr 1.1.4, the seed's.</summary>
    Seed,
}

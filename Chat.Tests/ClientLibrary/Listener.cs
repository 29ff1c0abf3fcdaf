using Chat.Client;
using Chat.Tests.Hubs;
using Chat.Tests.Support;
using Xunit;
using Library = Chat.Client.ChatClient;

namespace Chat.Tests.ClientLibrary;

/// <summary>A client of the library whose events are all read.</summary>
internal sealed class Listener : IAsyncDisposable
{
    /// <summary>Only a failing test waits this long.</summary>
    public static readonly TimeSpan Deadline = Support.ChatClient.Deadline;

    private readonly Inbox<ChatEvent> _events;
    private readonly Task _reading;

    private Listener(string user, Library chat)
    {
        User = user;
        Chat = chat;
        _events = new Inbox<ChatEvent>(user, () => Task.FromResult("stopped"));
        _reading = ReadAsync();
    }

    public string User { get; }

    public Library Chat { get; }

    /// <summary>Options for a user whose token lasts an hour.</summary>
    public static ChatClientOptions OptionsOf(Uri server, string user, IReadOnlyDictionary<string, ChatPosition>? since = null) => new()
    {
        Server = server,
        Token = _ => ValueTask.FromResult(HubTestToken.Make(user, TimeSpan.FromHours(1))),
        Since = since ?? new Dictionary<string, ChatPosition>(),
        FirstDelay = TimeSpan.FromMilliseconds(50),
        LongestDelay = TimeSpan.FromSeconds(1),
    };

    public static Task<Listener> ConnectAsync(Uri server, string user, IReadOnlyDictionary<string, ChatPosition>? since = null) =>
        ConnectAsync(OptionsOf(server, user, since), user);

    public static async Task<Listener> ConnectAsync(ChatClientOptions options, string user) =>
        new(user, await Library.ConnectAsync(options).WaitAsync(Deadline));

    /// <summary>The next event of this kind that meets the condition; events before it are dropped.</summary>
    public async Task<T> NextAsync<T>(Func<T, bool>? condition = null)
        where T : ChatEvent => (T)await _events.NextAsync(one => one is T t && (condition?.Invoke(t) ?? true));

    /// <summary>All events up to and including the message with this text.</summary>
    public Task<List<ChatEvent>> UntilAsync(string text) => _events.UntilAsync(one => one is ChatMessage message && message.Text == text);

    /// <summary>The texts of a group's messages, up to and including this one.</summary>
    public async Task<List<string>> TextsUntilAsync(string group, string text) =>
        [.. (await UntilAsync(text)).OfType<ChatMessage>().Where(message => message.Group == group).Select(message => message.Text)];

    /// <summary>Breaks the connection and returns when there is another one.</summary>
    public async Task BreakAsync()
    {
        var reconnects = Chat.Reconnects;
        Chat.Break();
        await Eventually.TrueAsync(() => Chat.Reconnects > reconnects && Chat.State == ChatState.Online);
    }

    /// <summary>Returns the reason when the client has stopped because the server refused it.</summary>
    public async Task<(string Code, string Message)> RefusedAsync()
    {
        var refused = await Assert.ThrowsAsync<ChatException>(() => _reading.WaitAsync(Deadline));
        return (refused.Code, refused.Message);
    }

    public async ValueTask DisposeAsync()
    {
        await Chat.DisposeAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var one in Chat.ReadAllAsync())
            {
                _events.Add(one);
            }
        }
        finally
        {
            _events.Complete();
        }
    }
}

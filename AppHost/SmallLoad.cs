using System.Collections.Concurrent;
using System.Globalization;
using Chat.Client;

namespace AppHost;

/// <summary>A few users who write in one group for some seconds: something to look at, and a first check of a cluster.</summary>
internal static class SmallLoad
{
    public const int Users = 20;

    private const int MessagesOfEach = 10;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Returns whether everybody saw everything, once and in one order, and a text about the result.</summary>
    public static async Task<(bool IsGood, string Text)> RunAsync(Uri edge, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        using var http = new HttpClient { BaseAddress = edge };
        var group = $"load-{Guid.NewGuid():N}"[..13];
        var users = new ConcurrentBag<User>(); // each as soon as it is connected, whatever becomes of it
        try
        {
            await Task.WhenAll(Enumerable.Range(1, Users).Select(async number =>
            {
                var user = await User.ConnectAsync(edge, http, group, $"{group}-{number}", deadline.Token);
                users.Add(user);
                await user.JoinAsync(group, deadline.Token);
            }));
            await Task.WhenAll(users.Select(user => user.WriteAsync(group, deadline.Token)));
            var heard = await Task.WhenAll(users.Select(user => user.HearAsync(deadline.Token)));
            return Judge(users, heard);
        }
        catch (Exception failure) when (failure is ChatException or HttpRequestException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (false, $"It did not end in time, or not well: {failure.Message}");
        }
        finally
        {
            await Task.WhenAll(users.Select(user => user.DisposeAsync().AsTask()));
        }
    }

    private static (bool IsGood, string Text) Judge(ConcurrentBag<User> users, string[][] heard)
    {
        var acks = users.SelectMany(user => user.Acks).Order().ToArray();
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{users.Count} users on {users.Select(user => user.Node).Distinct().Count()} nodes wrote {acks.Length} messages. Acknowledged in {acks[acks.Length / 2].TotalMilliseconds:0.0} ms, 99 of 100 in {acks[acks.Length * 99 / 100].TotalMilliseconds:0.0} ms.");
        return heard.All(one => one.SequenceEqual(heard[0])) && heard[0].Distinct().Count() == acks.Length
            ? (true, text + " Everybody saw all of them, once and in one order.")
            : (false, text + " Not everybody saw the same.");
    }

    private sealed class User : IAsyncDisposable
    {
        private readonly ChatClient _client;
        private readonly Task<string[]> _heard;
        private readonly CancellationTokenSource _enough = new();

        private User(ChatClient client, string group)
        {
            _client = client;
            _heard = ReadAsync(group);
        }

        public ConcurrentBag<TimeSpan> Acks { get; } = [];

        public string Node => _client.Node;

        public static async Task<User> ConnectAsync(Uri edge, HttpClient http, string group, string name, CancellationToken cancellationToken) => new(
            await ChatClient.ConnectAsync(
                new ChatClientOptions
                {
                    Server = edge,
                    Token = async cancellation => await http.GetStringAsync($"api/auth/token?nick={name}", cancellation),
                },
                cancellationToken),
            group);

        public Task<ChatSubscribed> JoinAsync(string group, CancellationToken cancellationToken) => _client.JoinAsync(group, cancellationToken: cancellationToken);

        public async Task WriteAsync(string group, CancellationToken cancellationToken)
        {
            using var turns = new PeriodicTimer(Between);
            for (var number = 1; number <= MessagesOfEach; number++)
            {
                var began = TimeProvider.System.GetTimestamp();
                await _client.PostAsync(group, $"{number} of {MessagesOfEach}", cancellationToken: cancellationToken);
                Acks.Add(TimeProvider.System.GetElapsedTime(began));
                await turns.WaitForNextTickAsync(cancellationToken);
            }
        }

        /// <summary>The ids of the messages, in the order of arrival.</summary>
        public Task<string[]> HearAsync(CancellationToken cancellationToken) => _heard.WaitAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await _enough.CancelAsync();
            await ((Task)_heard).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _client.DisposeAsync();
            _enough.Dispose();
        }

        private async Task<string[]> ReadAsync(string group)
        {
            var ids = new List<string>();
            await foreach (var happened in _client.ReadAllAsync(_enough.Token))
            {
                if (happened is ChatMessage { Id: { } id } message && message.Group == group)
                {
                    ids.Add(id);
                    if (ids.Count == Users * MessagesOfEach)
                    {
                        break;
                    }
                }
            }

            return [.. ids];
        }
    }
}

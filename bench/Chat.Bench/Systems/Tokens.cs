using System.Collections.Concurrent;
using Chat.Bench.Clients;
using Chat.Tests.Auth;

namespace Chat.Bench.Systems;

/// <summary>Who clients say that they are.</summary>
/// <param name="key">The cluster's own (<c>Auth:SecurityKey</c>), with which they are made here; null: they are fetched, from a cluster in Development.</param>
/// <param name="urls">Where from, each where it will be used: nodes in Development that have no key set take no other's tokens.</param>
internal sealed class Tokens(string? key, IReadOnlyList<Uri> urls)
{
    private const int AtOnce = 16;

    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    /// <summary>Per user, in the order in which they take the doors; none where the door asks for none, and there is no key to make them with.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ForAsync(IEnumerable<string> users, Door door)
    {
        if (key is not null)
        {
            var end = DateTimeOffset.UtcNow + Life;
            return users.ToDictionary(user => user, user => TestToken.Hmac(TestToken.Claims(user, end), key));
        }

        var tokens = new ConcurrentDictionary<string, string>();
        if (door.NeedsToken)
        {
            using var http = new HttpClient();
            await Parallel.ForEachAsync(users.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (user, cancelled) =>
                tokens[user.Item] = await http.GetStringAsync(new Uri(urls[user.Index % urls.Count], $"api/auth/token?nick={Uri.EscapeDataString(user.Item)}"), cancelled));
        }

        return tokens;
    }
}

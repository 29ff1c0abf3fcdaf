using System.Collections.Concurrent;
using Chat.Bench.Clients;
using Chat.Tests.Auth;

namespace Chat.Bench.Systems;

/// <summary>The tokens of the clients.</summary>
/// <param name="key">The cluster's key (<c>Auth:SecurityKey</c>), with which the tokens are made here. Null: they are fetched, from a cluster in
/// Development.</param>
/// <param name="urls">The servers to fetch from. Each token comes from the server where it will be used, since nodes in Development without a key do
/// not accept each other's tokens.</param>
internal sealed class Tokens(string? key, IReadOnlyList<Uri> urls)
{
    private const int AtOnce = 16;

    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    /// <summary>Tokens by user, given in the order in which the users take the doors. There are none if the door asks for none and there is no key.</summary>
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

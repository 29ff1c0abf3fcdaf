using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>How much of a list is asked for.</summary>
internal sealed class ApiPage(IOptions<ServerApiOptions> options)
{
    private const int Usual = 100;

    /// <summary>False: the limit is none.</summary>
    public bool TrySize(int? limit, out int size)
    {
        size = Math.Min(limit ?? Usual, options.Value.PageSize);
        return size > 0;
    }

    /// <summary>A page of names, in the order of their characters.</summary>
    /// <param name="all">The list.</param>
    /// <param name="after">The last name of the page before; null: this is the first.</param>
    /// <param name="size">Names at most.</param>
    /// <returns>The page, and the name after which the next one begins; null: there is none.</returns>
    public static (string[] Page, string? Next) Of(IEnumerable<string> all, string? after, int size)
    {
        var rest = all.Where(name => after is null || string.CompareOrdinal(name, after) > 0).Order(StringComparer.Ordinal).ToArray();
        return rest.Length > size ? (rest[..size], rest[size - 1]) : (rest, null);
    }
}

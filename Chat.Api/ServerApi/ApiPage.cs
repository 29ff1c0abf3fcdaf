using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>The page of a list that a call asks for.</summary>
internal sealed class ApiPage(IOptions<ServerApiOptions> options)
{
    private const int Usual = 100;

    /// <summary>Returns false if the limit is invalid.</summary>
    public bool TrySize(int? limit, out int size)
    {
        size = Math.Min(limit ?? Usual, options.Value.PageSize);
        return size > 0;
    }

    /// <summary>Returns a page of names, in the order of their characters.</summary>
    /// <param name="all">The list.</param>
    /// <param name="after">The last name of the page before; null for the first page.</param>
    /// <param name="size">The most names on the page.</param>
    /// <returns>The page, and the name after which the next one begins; null if there is no next page.</returns>
    public static (string[] Page, string? Next) Of(IEnumerable<string> all, string? after, int size)
    {
        var rest = all.Where(name => after is null || string.CompareOrdinal(name, after) > 0).Order(StringComparer.Ordinal).ToArray();
        return rest.Length > size ? (rest[..size], rest[size - 1]) : (rest, null);
    }
}

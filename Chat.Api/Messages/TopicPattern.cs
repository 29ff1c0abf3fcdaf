using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Chat.Api.Messages;

/// <summary>Describes names of topics by a text in which <c>*</c> stands for any run of characters, also for none: <c>group:team-*</c>,
/// <c>user:*</c>, <c>all</c>, <c>*</c>. Every other character stands for itself.</summary>
/// <remarks>Matching looks for the pieces between the stars one after the other, each at the first place where it occurs. That is enough,
/// and never backtracks: whatever the two texts are, the time is bounded by the product of their lengths.</remarks>
internal sealed class TopicPattern
{
    public const int MaxChars = 256;

    public const string Rule = "A pattern is all, *, or begins with group: or user:, has at most 256 characters, and no wildcard but *.";

    private readonly string[] _pieces;

    private TopicPattern(string text)
    {
        Text = text;
        _pieces = text.Split('*');
        Literals = text.Length - Stars;
    }

    public string Text { get; }

    private int Stars => _pieces.Length - 1;

    private int Literals { get; }

    public static bool TryParse(string? text, [NotNullWhen(true)] out TopicPattern? pattern)
    {
        pattern = null;
        if (text is null || text.Length > MaxChars || !IsOfTopics(text) || !PrintableText.Is(text) || !IsUnicode(text))
        {
            return false;
        }

        pattern = new TopicPattern(text.Normalize()); // in form C, as the names of topics
        return true;
    }

    public bool Matches(ReadOnlySpan<char> name)
    {
        if (Stars == 0)
        {
            return name.SequenceEqual(Text);
        }

        if (name.Length < Literals || !name.StartsWith(_pieces[0], StringComparison.Ordinal) || !name.EndsWith(_pieces[^1], StringComparison.Ordinal))
        {
            return false;
        }

        var rest = name[_pieces[0].Length..^_pieces[^1].Length];
        foreach (var piece in _pieces.AsSpan(1, _pieces.Length - 2))
        {
            var at = rest.IndexOf(piece, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            rest = rest[(at + piece.Length)..];
        }

        return true;
    }

    /// <summary>The values of the pattern that says most about a name: the one with the most characters other than stars, then with the
    /// fewest stars. Several if patterns say equally much; none if no pattern matches.</summary>
    public static IReadOnlyList<T> MostSpecific<T>(IEnumerable<(TopicPattern Pattern, T Value)> patterns, string name)
    {
        var found = new List<T>();
        var best = (Literals: -1, Stars: 0);
        foreach (var (pattern, value) in patterns)
        {
            var rank = (pattern.Literals, Stars: -pattern.Stars);
            if (rank.CompareTo(best) < 0 || !pattern.Matches(name))
            {
                continue;
            }

            if (rank != best)
            {
                found.Clear();
                best = rank;
            }

            found.Add(value);
        }

        return found;
    }

    private static bool IsOfTopics(string text) => text is "all" or "*"
        || text.StartsWith("group:", StringComparison.Ordinal) || text.StartsWith("user:", StringComparison.Ordinal);

    private static bool IsUnicode(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
            {
                return false; // half a surrogate pair, on which normalizing throws
            }
        }

        return true;
    }
}

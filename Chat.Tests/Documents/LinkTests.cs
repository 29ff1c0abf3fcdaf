using System.Text.RegularExpressions;
using Xunit;

namespace Chat.Tests.Documents;

/// <summary>The targets of links in documents exist: files, folders, and headings within documents.</summary>
public sealed partial class LinkTests
{
    private static readonly Dictionary<string, string> Documents = Repository.Files(".md").ToDictionary(file => file, file => Repository.Read(file));

    [Fact]
    public void Links_OfAllDocuments_LeadSomewhere()
    {
        var links = Documents.SelectMany(document => Link().Matches(WithoutCode(document.Value))
            .Select(match => (Document: document.Key, Target: match.Groups[1].Value))
            .Where(link => !link.Target.Contains(':', StringComparison.Ordinal))).ToList(); // http:, https:, mailto:

        Assert.True(links.Count > 100);
        var dead = links.Where(link => !LeadsSomewhere(link.Document, link.Target)).ToList();
        Assert.Empty(dead);
    }

    [Fact]
    public void DocumentsNamedInCode_AreThere()
    {
        var named = Repository.Files(".cs", ".js", ".html", ".lua", ".csproj", ".props", ".targets")
            .SelectMany(file => DocumentName().Matches(Repository.Read(file)).Select(match => (File: file, Name: match.Value))).ToList();

        Assert.NotEmpty(named);
        var missing = named.Where(name => !IsThere(name.File, name.Name)).ToList();
        Assert.Empty(missing);
    }

    private static bool LeadsSomewhere(string document, string target)
    {
        var (path, heading) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
        var file = path.Length == 0 ? document : FromRoot(Path.GetDirectoryName(document)!, path);
        if (heading is null || !Documents.TryGetValue(file, out var text))
        {
            return Path.Exists(Path.Combine(Repository.Root, file));
        }

        return Anchors(text).Contains(heading);
    }

    // Relative to the root, to docs, or to the file, which is how a project refers to its package's README.md.
    private static bool IsThere(string file, string name) =>
        Documents.ContainsKey(name) || Documents.ContainsKey($"docs/{name}") || Documents.ContainsKey(FromRoot(Path.GetDirectoryName(file)!, name));

    private static string FromRoot(string folder, string path) =>
        Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, folder, path))).Replace('\\', '/');

    // As GitHub builds them: lower case, no punctuation, hyphens for spaces, and a number where a heading is repeated.
    private static HashSet<string> Anchors(string text)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Heading().Matches(WithoutCode(text)))
        {
            var slug = Punctuation().Replace(Link().Replace(heading.Groups[1].Value, ""), "").Replace(' ', '-').ToLowerInvariant();
            for (var number = 0; !anchors.Add(number == 0 ? slug : $"{slug}-{number}"); number++)
            {
            }
        }

        return anchors;
    }

    private static string WithoutCode(string text) => CodeBlock().Replace(text, "");

    [GeneratedRegex(@"(?<=\])\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<![\w./-])(?:[\w.-]+/)*[A-Z]{3,}\.md\b")]
    private static partial Regex DocumentName();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\s_-]")]
    private static partial Regex Punctuation();

    [GeneratedRegex("^ *```.*?^ *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}

namespace Chat.Faults.Reports;

/// <summary>A Markdown document with a table between two marks. The text around them stays.</summary>
internal static class Document
{
    /// <exception cref="InvalidOperationException">The document has no such marks.</exception>
    public static void Renew(string file, string mark, string table)
    {
        var (begin, end) = ($"<!-- {mark} -->\n", $"<!-- end of {mark} -->");
        var text = File.ReadAllText(file);
        var (from, to) = (text.IndexOf(begin, StringComparison.Ordinal), text.IndexOf(end, StringComparison.Ordinal));
        if (from < 0 || to < from)
        {
            throw new InvalidOperationException($"{file} has no place for the table: it goes between {begin.Trim()} and {end}.");
        }

        File.WriteAllText(file, text[..(from + begin.Length)] + table.TrimEnd() + "\n" + text[to..]);
    }
}

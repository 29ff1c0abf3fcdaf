namespace Chat.Bench.Reports;

/// <summary>Tables that are readable as plain text and fit into a document.</summary>
internal static class Markdown
{
    public static string Table(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = header.Select((title, column) => rows.Select(row => row[column].Length).Append(title.Length).Max()).ToArray();
        string Line(IReadOnlyList<string> cells) =>
            $"| {string.Join(" | ", cells.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))} |\n";
        var rule = string.Concat(widths.Select((width, column) => column == 0 ? $"|{new string('-', width + 2)}" : $"|{new string('-', width + 1)}:"));
        return Line(header) + rule + "|\n" + string.Concat(rows.Select(Line));
    }
}

namespace Chat.Tests.Documents;

/// <summary>The files that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] Made = ["artifacts", "bin", "obj", "node_modules", ".git"];

    // Tests run in artifacts/bin/Chat.Tests/debug.
    public static string Root { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar), "..", "..", "..", ".."));

    /// <summary>How they were built: <c>debug</c> or <c>release</c>.</summary>
    public static string Configuration { get; } = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>A file's text, by its path from the root, with slashes.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>All files with one of the extensions, but for what a build makes; paths from the root, with slashes.</summary>
    public static IEnumerable<string> Files(params string[] extensions) =>
        Below(new DirectoryInfo(Root))
            .Where(file => extensions.Contains(file.Extension))
            .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'));

    private static IEnumerable<FileInfo> Below(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories().Where(below => !Made.Contains(below.Name)).SelectMany(Below));
}

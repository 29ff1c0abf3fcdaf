namespace Chat.Tests.Documents;

/// <summary>The source files from which the tests were built.</summary>
internal static class Repository
{
    private static readonly string[] Made = ["artifacts", "bin", "obj", "node_modules", ".git"];

    // Tests run in artifacts/bin/Chat.Tests/debug.
    public static string Root { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar), "..", "..", "..", ".."));

    /// <summary>The build's configuration: <c>debug</c> or <c>release</c>.</summary>
    public static string Configuration { get; } = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>The text of a file. Its path is relative to the root and has slashes.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>All files with one of the extensions, except for build output. Paths are relative to the root and have slashes.</summary>
    public static IEnumerable<string> Files(params string[] extensions) =>
        Below(new DirectoryInfo(Root))
            .Where(file => extensions.Contains(file.Extension))
            .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'));

    private static IEnumerable<FileInfo> Below(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories().Where(below => !Made.Contains(below.Name)).SelectMany(Below));
}

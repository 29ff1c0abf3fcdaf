namespace Chat.Tests.Web;

/// <summary>The browser on this machine.</summary>
internal static class Chromium
{
    public const string WhyNot = "chromium is not installed (Debian and Ubuntu: apt-get install chromium).";

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>The browser's path, or null if none is installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
}

using Xunit;

namespace Chat.Tests.Support;

/// <summary>A test on machines that are network namespaces. Where there are none it is skipped, with the reason. Where CI=true it fails instead if
/// only a program is missing that could be installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NamespaceFactAttribute : FactAttribute
{
    private static readonly string[] Programs = ["ip", "unshare", "nsenter"];
    private static readonly string? Reason = WhyNot();

    public NamespaceFactAttribute() => Skip = Reason;

    private static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "It makes network namespaces, which takes Linux and root.";
        }

        var missing = Programs.FirstOrDefault(program => !IsInstalled(program)) is { } program
            ? $"{program} is not installed (Debian, Ubuntu: apt-get install iproute2 util-linux)."
            : RedisCommandLine.WhyNoRedis;
        if (missing is not null)
        {
            return Environment.GetEnvironmentVariable("CI") is "true" or "1" ? null : missing;
        }

        return NetworkLab.IsPermitted() ? null : "This machine lets nobody make network namespaces, as containers do not.";
    }

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}

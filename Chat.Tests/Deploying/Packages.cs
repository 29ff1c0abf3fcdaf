using System.Reflection;

namespace Chat.Tests.Deploying;

/// <summary>The world of packages that the tests were built in (eng/Feed.props).</summary>
internal static class Packages
{
    public static string Feed { get; } = Of("feed");

    /// <summary>Aspire is Aspire, and not its stand-in.</summary>
    public static bool HasAspire => Feed == "packages";

    /// <summary>So is what publishes with it.</summary>
    public static bool HasPublishers => Of("publishers") == "packages";

    private static string Of(string key) => typeof(Packages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == key).Value!;
}

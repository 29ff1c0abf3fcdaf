using System.Reflection;

namespace Chat.Tests.Deploying;

/// <summary>The package sources with which the tests were built (eng/Feed.props).</summary>
internal static class Packages
{
    public static string Feed { get; } = Of("feed");

    /// <summary>Whether Aspire is the real one and not its stand-in.</summary>
    public static bool HasAspire => Feed == "packages";

    /// <summary>Whether the packages that publish with it are the real ones.</summary>
    public static bool HasPublishers => Of("publishers") == "packages";

    private static string Of(string key) => typeof(Packages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == key).Value!;
}

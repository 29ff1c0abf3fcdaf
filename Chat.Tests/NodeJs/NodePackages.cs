using Chat.Tests.Support;

namespace Chat.Tests.NodeJs;

/// <summary>Node.js on this machine, and the packages of the package.json beside this assembly, which npm installs when they are first needed: the
/// official JavaScript clients, and TypeScript.</summary>
internal static class NodePackages
{
    private static readonly NpmFolder Clients = new(Path.Combine(AppContext.BaseDirectory, "NodeJs"));
    private static readonly Lazy<Task<string?>> Installation = new(Clients.InstallAsync);

    /// <summary>The folder of package.json, the scripts and node_modules.</summary>
    public static string Folder => Clients.Folder;

    public static string? Node => NpmFolder.Node;

    /// <summary>Null, or the reason why there are no JavaScript clients here.</summary>
    public static Task<string?> WhyNotAsync() => Installation.Value;
}

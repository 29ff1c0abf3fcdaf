using Chat.Tests.Support;

namespace Chat.Tests.NodeJs;

/// <summary>Node.js on this machine, and what package.json names beside this assembly, installed by npm at first need: the official JavaScript clients, and TypeScript.</summary>
internal static class NodePackages
{
    private static readonly NpmFolder Clients = new(Path.Combine(AppContext.BaseDirectory, "NodeJs"));
    private static readonly Lazy<Task<string?>> Installation = new(Clients.InstallAsync);

    /// <summary>Where package.json, the scripts and node_modules are.</summary>
    public static string Folder => Clients.Folder;

    public static string? Node => NpmFolder.Node;

    /// <summary>Null, or why there are no JavaScript clients here.</summary>
    public static Task<string?> WhyNotAsync() => Installation.Value;
}

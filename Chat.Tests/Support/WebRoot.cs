namespace Chat.Tests.Support;

/// <summary>The edge's web files in the source tree.</summary>
internal static class WebRoot
{
    public static string Folder { get; } = Path.Combine(Path.GetDirectoryName(new Projects.Edge_Proxy().ProjectPath)!, "wwwroot");

    /// <summary>The setting that makes an edge serve them.</summary>
    public static (string Key, string Value) Setting => ("ASPNETCORE_WEBROOT", Folder);
}

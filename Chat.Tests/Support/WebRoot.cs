namespace Chat.Tests.Support;

/// <summary>The edge's web files, where they are written.</summary>
internal static class WebRoot
{
    public static string Folder { get; } = Path.Combine(Path.GetDirectoryName(new Projects.Edge_Proxy().ProjectPath)!, "wwwroot");

    /// <summary>Makes an edge serve them.</summary>
    public static (string Key, string Value) Setting => ("ASPNETCORE_WEBROOT", Folder);
}

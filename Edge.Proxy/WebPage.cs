using Microsoft.AspNetCore.StaticFiles;

namespace Edge.Proxy;

/// <summary>The chat page at <c>/</c>: the files in wwwroot.</summary>
internal static class WebPage
{
    // Nothing but this page's own files runs or is talked to; 'self' covers WebSockets to the same host.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static WebApplication UseWebPage(this WebApplication app)
    {
        if (Directory.Exists(app.Environment.WebRootPath))
        {
            app.UseDefaultFiles();
            app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = SetHeaders });
        }

        return app;
    }

    private static void SetHeaders(StaticFileResponseContext file)
    {
        var headers = file.Context.Response.Headers;
        headers.CacheControl = "no-cache"; // kept, but asked for each time: the files carry no version in their names
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
    }
}

using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;

namespace Edge.Proxy;

/// <summary>Serves the application at <c>/</c>, and the other files of wwwroot.</summary>
internal static class WebPage
{
    // Only these pages' own files run, and only their own host is contacted; 'self' covers its WebSockets. No text can become markup or script.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types 'none'";

    public static WebApplication UseWebPage(this WebApplication app)
    {
        // In the project's folder while developing; beside the program when published, wherever that is started from.
        string[] folders = [app.Environment.WebRootPath, Path.Combine(AppContext.BaseDirectory, "wwwroot")];
        if (folders.FirstOrDefault(Directory.Exists) is { } folder)
        {
            var files = new PhysicalFileProvider(folder);
            app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
            app.UseStaticFiles(new StaticFileOptions { FileProvider = files, OnPrepareResponse = Prepare });
        }

        return app;
    }

    private static void Prepare(StaticFileResponseContext file)
    {
        file.Context.Features.Set<IHttpResponseBodyFeature>(new FileBody(file.Context.Features.GetRequiredFeature<IHttpResponseBodyFeature>()));
        var headers = file.Context.Response.Headers;
        headers.CacheControl = "no-cache"; // cached, but checked each time: the names of the files carry no version
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
    }
}

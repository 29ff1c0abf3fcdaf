using Microsoft.AspNetCore.Http.Features;

namespace Edge.Proxy;

/// <summary>An answer that is a file, which is read before it is sent.</summary>
/// <remarks>The server would keep the file open until the client has taken it. Over HTTP/2 a client that takes nothing has many such answers, and without
/// open files an edge can accept nobody, and .NET ends the process.</remarks>
internal sealed class FileBody(IHttpResponseBodyFeature inner) : StreamResponseBodyFeature(inner.Stream, inner)
{
    public override async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        await Stream.WriteAsync(count is null ? bytes.AsMemory((int)offset) : bytes.AsMemory((int)offset, (int)count), cancellationToken);
    }
}

using Microsoft.AspNetCore.Http.Features;

namespace Edge.Proxy;

/// <summary>The body of an answer that is a file. The file is read into memory before it is sent.</summary>
/// <remarks>The server would keep the file open until the client has taken the answer. Over HTTP/2, a client that takes nothing can have many such
/// answers. And when no more files can be opened, an edge can accept nobody, and .NET ends the process.</remarks>
internal sealed class FileBody(IHttpResponseBodyFeature inner) : StreamResponseBodyFeature(inner.Stream, inner)
{
    public override async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        await Stream.WriteAsync(count is null ? bytes.AsMemory((int)offset) : bytes.AsMemory((int)offset, (int)count), cancellationToken);
    }
}

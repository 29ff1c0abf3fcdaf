using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Chat.Sockets.Answers;

/// <summary>Wraps the server's response body, so that writes to it are watched.</summary>
internal sealed class AnswerBody(IHttpResponseBodyFeature inner, Answer answer) : IHttpResponseBodyFeature
{
    private AnswerStream? _stream;
    private AnswerWriter? _writer;

    public Stream Stream => _stream ??= new AnswerStream(inner.Stream, answer);

    public PipeWriter Writer => _writer ??= new AnswerWriter(inner.Writer, answer);

    public void DisableBuffering() => inner.DisableBuffering();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();
}

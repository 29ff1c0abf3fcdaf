using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Chat.Api.Messages;

namespace Chat.Micro;

/// <summary>Parses an envelope. Compared with the framework's serializer.</summary>
public class EnvelopeParsing
{
    private readonly byte[] _utf8 = Sample.Envelope();

    [Benchmark(Baseline = true)]
    public object? Serializer() => JsonSerializer.Deserialize<Sample>(_utf8);

    [Benchmark]
    public long Chat() => Envelope.TryParse(_utf8, out var envelope) ? envelope.Offset + envelope.Msg.Length : 0;
}

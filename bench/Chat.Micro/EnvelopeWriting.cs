using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Chat.Api.Messages;

namespace Chat.Micro;

/// <summary>Writes an envelope into an existing buffer. Compared with the framework's serializer.</summary>
public class EnvelopeWriting
{
    private readonly ArrayBufferWriter<byte> _output = new(1024);

    [Benchmark(Baseline = true)]
    public int Serializer()
    {
        _output.ResetWrittenCount();
        using var json = new Utf8JsonWriter(_output);
        JsonSerializer.Serialize(json, Sample.Message);
        return _output.WrittenCount;
    }

    [Benchmark]
    public int Chat()
    {
        _output.ResetWrittenCount();
        var publication = new Publication { Kind = TopicKind.Group, Topic = "group:42"u8, From = "anna"u8, Msg = Sample.Text, Via = 12 };
        EnvelopeWriter.WriteTail(_output, publication, "n4x7q0ab.12"u8, "n4x7q0ab"u8, Sample.Message.At, trace: null);
        return _output.WrittenCount;
    }
}

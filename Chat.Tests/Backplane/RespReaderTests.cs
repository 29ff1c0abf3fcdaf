using System.Text;
using Chat.Api.Redis.Resp;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class RespReaderTests
{
    private const string Replies =
        "+OK\r\n-NOSCRIPT No matching script.\r\n:-42\r\n$5\r\nhe\r\no\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
        + "*3\r\n$7\r\nmessage\r\n$3\r\nall\r\n$2\r\nhi\r\n*2\r\n*2\r\n:1\r\n+a\r\n$-1\r\n";

    private const string Replies3 =
        "_\r\n#t\r\n#f\r\n,1.5\r\n(12345678901234567890\r\n!5\r\nERR a\r\n=6\r\ntxt:hi\r\n%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n~1\r\n+a\r\n>3\r\n+message\r\n+all\r\n$2\r\nhi\r\n";

    [Fact]
    public void Replies_AreReadOneAfterTheOther()
    {
        object?[] expected =
        [
            "OK", new RedisError("NOSCRIPT No matching script."), -42L, "he\r\no", "", null, null, Array.Empty<object?>(),
            new object?[] { "message", "all", "hi" }, new object?[] { new object?[] { 1L, "a" }, null },
        ];

        Assert.Equal(expected, ReadAll(Encoding.UTF8.GetBytes(Replies)));
    }

    [Fact]
    public void Replies_OfResp3_AreReadAsThoseOfResp2()
    {
        object?[] expected =
        [
            null, 1L, 0L, "1.5", "12345678901234567890", new RedisError("ERR a"), "hi", new object?[] { "a", 1L, "b", 2L }, new object?[] { "a" },
            new object?[] { "message", "all", "hi" },
        ];

        Assert.Equal(expected, ReadAll(Encoding.UTF8.GetBytes(Replies3)));
    }

    [Theory]
    [InlineData(Replies)]
    [InlineData(Replies3)]
    public void Replies_CutAnywhere_AreIncompleteUntilTheirLastByte(string replies)
    {
        var bytes = Encoding.UTF8.GetBytes(replies);
        Assert.True(RespReader.TryMeasure(bytes, out _));
        for (var start = 0; start < bytes.Length;)
        {
            Assert.True(RespReader.TryMeasure(bytes.AsSpan(start), out var length));
            for (var cut = 0; cut < length; cut++)
            {
                Assert.False(RespReader.TryMeasure(bytes.AsSpan(start, cut), out _));
            }

            start += length;
        }
    }

    [Theory]
    [InlineData("hello\r\n")]
    [InlineData("+OK\n")]
    [InlineData("\r\n")]
    [InlineData("$abc\r\n")]
    [InlineData("$99999999999999\r\n")]
    [InlineData("$2147483647\r\nx")]
    [InlineData("%9223372036854775807\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n")]
    public void Nonsense_IsRefused(string text) =>
        Assert.Throws<RespException>(() => RespReader.TryMeasure(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Line_WithoutAnEnd_IsRefused() =>
        Assert.Throws<RespException>(() => RespReader.TryMeasure(Encoding.UTF8.GetBytes("+" + new string('a', 100_000)), out _));

    [Fact]
    public void Garbage_IsReadRefusedOrIncomplete_AndNothingElse() => Fuzz.Run(20_000, random =>
    {
        var bytes = random.Next(2) == 0 ? random.Bytes(100) : random.Mutate(Encoding.UTF8.GetBytes(random.Next(2) == 0 ? Replies : Replies3));
        try
        {
            ReadAll(bytes);
        }
        catch (RespException)
        {
            // Refused.
        }
    });

    private static List<object?> ReadAll(ReadOnlySpan<byte> bytes)
    {
        var replies = new List<object?>();
        while (RespReader.TryMeasure(bytes, out var length))
        {
            replies.Add(Text(new RespReader(bytes[..length]).ReadAny()));
            bytes = bytes[length..];
        }

        return replies;
    }

    private static object? Text(object? value) => value switch
    {
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        object?[] items => items.Select(Text).ToArray(),
        _ => value,
    };
}

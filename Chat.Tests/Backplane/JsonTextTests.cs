using System.Buffers;
using System.Text;
using System.Text.Json;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class JsonTextTests
{
    [Fact]
    public void Text_Escaped_IsJsonOfThatText() => Fuzz.Run(5_000, random =>
    {
        var text = random.Text(60);
        var json = Escape(text);

        Assert.Equal(text, JsonSerializer.Deserialize<string>($"\"{json}\""));
        Assert.Equal(text, Unescape(json));
    });

    [Fact]
    public void JsonOfAnotherWriter_IsUnescapedAsItMeans() => Fuzz.Run(5_000, random =>
    {
        var text = random.Text(60);
        var json = JsonSerializer.Serialize(text); // escapes everything beyond ASCII, astral characters as two units

        Assert.Equal(text, Unescape(json[1..^1]));
    });

    [Theory]
    [InlineData("\\ud83d\\ude00", "😀")]
    [InlineData("\\u00E9\\/\\b\\f", "é/\b\f")]
    [InlineData("\\u0000", "\0")]
    public void Escape_Unescaped_IsItsCharacter(string json, string text) => Assert.Equal(text, Unescape(json));

    [Theory]
    [InlineData("\\")]
    [InlineData("\\x")]
    [InlineData("\\u12")]
    [InlineData("\\u12g4")]
    [InlineData("\\u+123")]
    [InlineData("\\ud83d")]
    [InlineData("\\ud83dx")]
    [InlineData("\\ud83d\\u0041")]
    [InlineData("\\ude00\\ud83d")]
    public void What_IsNoEscapeOrHalfACharacter_IsRefused(string json) => Assert.Null(Unescape(json));

    [Fact]
    public void Text_WithNothingToEscape_NeedsNoCopy()
    {
        Assert.False(JsonText.NeedsEscape("plain 张 😀 /"u8));
        Assert.True(JsonText.NeedsEscape("a\"b"u8));
        Assert.True(JsonText.NeedsEscape("a\u001fb"u8));
    }

    private static string Escape(string text)
    {
        var output = new ArrayBufferWriter<byte>();
        JsonText.Escape(Encoding.UTF8.GetBytes(text), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static string? Unescape(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        return JsonText.TryUnescape(Encoding.UTF8.GetBytes(json), output) ? Encoding.UTF8.GetString(output.WrittenSpan) : null;
    }
}

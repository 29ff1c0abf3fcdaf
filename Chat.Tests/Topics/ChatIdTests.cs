using System.Text;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class ChatIdTests
{
    public static TheoryData<string> Valid =>
    [
        "1", "anna", "Anna_B.c@d-9", "John Smith", "a/b", "a:b", "{a}", "a%2Fb", "a\"b", "a\\b", "a,b", "a*b", "【x】", "½", "~", ":",
        "张伟", "अनुज", "José", "٣", "山田　太郎", "ශ්‍රී ලංකා", // U+3000 between the names; U+200D behind a virama
        "😀", "👩‍👩‍👧", "👩🏽‍⚕️", "❤️‍🔥", "1️⃣",
        new string('a', 128), new string('张', 42),
    ];

    public static TheoryData<string> Invalid =>
    [
        "", " ", " a", "a ", "　a", "a\nb", "a\0", "a\u007Fb", "a\u0085b", "a\u2028b", "a\u2029b", // line ends
        "a\u00A0b", "a\u2003b", // spaces that look like others
        "a\u200Bb", "a\u200Db", "张\u200D伟", "a\u202Eb", "a\u2066b", "a\uFE0F", "a\u00ADb", "a\uFEFFb", "\u3164", "\u2800", "a\u034Fb", "anna\U000E0041", // invisible characters
        "😀\u200D", "\u200D😀", "😀\uFE0E", "a.\u200D.b", ":\u200D:", "a、\uFE0Fb",
        "\uDC00a", "a\uFFFD", "a\uFFFE", "\uE000", "\u0378", "\U000F0000", // no characters, private, not assigned
        new string('a', 129), new string('张', 43), new string('a', 10_000),
    ];

    [Theory]
    [MemberData(nameof(Valid))]
    public void Id_OfTextThatIsSeen_IsTakenAsItIs(string id)
    {
        Assert.True(ChatId.TryParse(id, out var parsed));
        Assert.Same(id, parsed);
        Assert.Equal(id, OfBytes(id));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Id_WithAnythingElse_IsNone(string id)
    {
        Assert.False(ChatId.IsValid(id));
        Assert.Null(OfBytes(id));
    }

    // The same name typed on two keyboards must lead to the same topic.
    [Theory]
    [InlineData("Jose\u0301", "José")]
    [InlineData("\u2126", "Ω")]
    [InlineData("\u0958", "\u0915\u093C")] // form C has more characters
    public void Id_InAnotherNormalizationForm_IsTheOneInFormC(string text, string id)
    {
        Assert.True(ChatId.TryParse(text, out var parsed));
        Assert.Equal((id, id), (parsed, OfBytes(text)));
    }

    [Fact]
    public void Id_IsAsLongAsItIsInFormC()
    {
        var decomposed = string.Concat(Enumerable.Repeat("e\u0301", 64)); // 192 bytes, 128 of them in form C

        Assert.Equal(new string('é', 64), OfBytes(decomposed));
        Assert.Null(OfBytes(decomposed + "a"));
    }

    [Fact]
    public void Bytes_ThatAreNotUtf8_AreNoId() => Assert.False(ChatId.TryParse([(byte)'a', 0xC3], new byte[ChatId.MaxBytes], out _));

    [Fact]
    public void Id_AsTextAndAsBytes_IsJudgedAlike_AndIsItsOwnId() => Fuzz.Run(5_000, random =>
    {
        var text = random.Text(140, surrogates: true);
        Assert.Equal(ChatId.TryParse(text, out var id) ? id : null, OfBytes(text));
        Assert.True(id is null || (ChatId.TryParse(id, out var again) && ReferenceEquals(id, again)));
    });

    [Fact]
    public void UsualId_CostsNoAllocation()
    {
        var buffer = new byte[ChatId.MaxBytes];
        var valid = ChatId.TryParse("first"u8, buffer, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            valid &= ChatId.TryParse("anna"u8, buffer, out _) && ChatId.TryParse("John Smith", out _);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((true, 0), (valid, allocated));
    }

    private static string? OfBytes(string text) =>
        ChatId.TryParse(Encoding.UTF8.GetBytes(text), new byte[ChatId.MaxBytes], out var id) ? Encoding.UTF8.GetString(id) : null;
}

using System.Text;
using Chat.Api.Topics;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class ChatIdTests
{
    public static TheoryData<string> Valid => ["1", "anna", "Anna_B.c@d-9", "张伟", "अनुज", "José", "٣", new string('a', 128), new string('张', 42)];

    public static TheoryData<string> Invalid =>
    [
        "", " ", "a b", "a/b", "a:b", "a}b", "{a", "a\nb", "a\0", "a\"b", "a\\b", "a,b", "a*b", "😀", "a\u200Bb", "\uD800", "a\uFFFD", "½",
        "Jose\u0301", // not in normalization form C: the same name would be two topics
        new string('a', 129), new string('张', 43),
    ];

    [Theory]
    [MemberData(nameof(Valid))]
    public void Id_OfLettersMarksAndDigits_IsValid(string id)
    {
        Assert.True(ChatId.IsValid(id));
        Assert.True(ChatId.IsValid(Encoding.UTF8.GetBytes(id)));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Id_WithAnythingElse_IsNot(string id)
    {
        Assert.False(ChatId.IsValid(id));
        Assert.False(ChatId.IsValid(Encoding.UTF8.GetBytes(id)));
    }

    [Fact]
    public void Bytes_ThatAreNotUtf8_AreNoId() => Assert.False(ChatId.IsValid([(byte)'a', 0xC3]));

    [Fact]
    public void Id_AsTextAndAsBytes_IsJudgedAlike() => Fuzz.Run(2_000, random =>
    {
        var text = random.Text(140, surrogates: true);
        Assert.Equal(ChatId.IsValid(text), ChatId.IsValid(Encoding.UTF8.GetBytes(text)));
    });
}

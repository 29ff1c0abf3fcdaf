using Chat.Api.Access;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Access;

public sealed class UnansweredUsersTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void User_IsRememberedForAMinuteAfterTheLastQuestion()
    {
        var users = new UnansweredUsers(_time);
        users.Add("anna");
        _time.Advance(TimeSpan.FromSeconds(40));
        users.Add("anna");
        users.Add("ben");
        _time.Advance(TimeSpan.FromSeconds(59));
        users.Add("carl"); // his arrival drops anna's first place
        Assert.True(users.Contains("anna") && users.Contains("ben") && users.Contains("carl"));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(!users.Contains("anna") && !users.Contains("ben") && users.Contains("carl"));
    }

    [Fact]
    public void Users_BeyondTheMost_MakeRoom_TheOldestFirst()
    {
        var users = new UnansweredUsers(_time);
        for (var i = 0; i <= 100_000; i++)
        {
            users.Add($"user{i}");
        }

        Assert.True(!users.Contains("user0") && users.Contains("user1") && users.Contains("user100000"));
    }
}

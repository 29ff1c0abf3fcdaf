using System.Text;
using Chat.Api.Redis;
using Chat.Api.Topics;

namespace Chat.Api.Hubs;

/// <summary>Names of the SignalR groups that carry signals. The prefix keeps clusters apart that share a Redis. Ids are encoded, so that none
/// contains another colon.</summary>
internal sealed class SignalNames(string prefix)
{
    /// <summary>The name for the hub connections in a group. The group's messages do not go this way (<see cref="LocalTopic"/>).</summary>
    public string Group(string id) => $"{prefix}group:{Encoded(id)}";

    private static string Encoded(string id) => Encoding.UTF8.GetString(KeyText.Encode(id));
}

using System.Text;
using Chat.Api.Redis;
using Chat.Api.Topics;

namespace Chat.Api.Hubs;

/// <summary>Names of the SignalR groups that carry signals. Their prefixes keep users and groups apart, whatever they are
/// called, and clusters that share a Redis. Ids are encoded, so that none contains another colon.</summary>
internal sealed class SignalNames(string prefix)
{
    /// <summary>The hub connections in a group. A group's messages do not go this way (<see cref="LocalTopic"/>).</summary>
    public string Group(string id) => $"{prefix}group:{Encoded(id)}";

    private static string Encoded(string id) => Encoding.UTF8.GetString(KeyText.Encode(id));
}

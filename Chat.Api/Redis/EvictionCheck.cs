using System.Text;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Asks a server whether it evicts keys when its memory is full, as managed servers do by default. Clients that may miss
/// messages because of that are told. But nobody is told of a ban or a membership that the server has forgotten.</summary>
/// <param name="found">Called with the policy, if the server evicts.</param>
internal sealed class EvictionCheck(Action<string> found) : IRespReply
{
    public void Send(RespLink link) => link.TrySend(new CommandBuffer().Command(2).Bulk("INFO"u8).Bulk("memory"u8).Span, this);

    public void Complete(ref RespReader reply)
    {
        var info = reply.ReadAny() is byte[] text ? Encoding.UTF8.GetString(text) : "";
        if (ServerLife.Field(info, "maxmemory:") is not ("" or "0") && ServerLife.Field(info, "maxmemory_policy:") is var policy and not ("" or "noeviction"))
        {
            found(policy);
        }
    }

    public void Fail()
    {
        // The next link asks again.
    }
}

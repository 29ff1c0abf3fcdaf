using System.Text;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Asks the server of a link that is up whether it is still in the life that it was in when the link was made.</summary>
/// <remarks>A server can be demoted to a replica and promoted again while connections stay open: its data are then another server's. The
/// link breaks, and the next one asks everything that a new link asks. Redis also takes a new replication id when its first replica
/// comes, and an hour after the last one went. Then, too, the link breaks once, and nothing is lost.</remarks>
internal sealed class LifeCheck(RespLink link)
{
    private readonly string _life = link.Life;
    private string _server = "";

    public void Send()
    {
        if (_life != ServerLife.Unknown)
        {
            Ask("server"u8, info => _server = info);
            Ask("replication"u8, info =>
            {
                // If asking has been forbidden meanwhile, nothing is known.
                if (ServerLife.Of(_server, info) is var life && life != _life && life != ServerLife.Unknown)
                {
                    link.Break();
                }
            });
        }
    }

    private void Ask(ReadOnlySpan<byte> section, Action<string> answered) =>
        link.TrySend(new CommandBuffer().Command(2).Bulk("INFO"u8).Bulk(section).Span, new Answer(answered));

    private sealed class Answer(Action<string> answered) : IRespReply
    {
        public void Complete(ref RespReader reply) => answered(reply.ReadAny() is byte[] text ? Encoding.UTF8.GetString(text) : "");

        public void Fail()
        {
            // The link broke by itself.
        }
    }
}

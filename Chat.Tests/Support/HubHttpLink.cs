using System.Buffers;
using System.Net;

namespace Chat.Tests.Support;

/// <summary>What server-sent events and long polling have in common: each message to the server is a POST.</summary>
internal abstract class HubHttpLink : HubLink
{
    protected HubHttpLink(HttpClient http, Uri address, string node)
    {
        Http = http;
        Address = address;
        Node = node;
    }

    protected HttpClient Http { get; }

    protected Uri Address { get; }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Http.Dispose();
    }

    protected override async Task SendAsync()
    {
        while (true)
        {
            var read = await ToSend.ReadAsync(Ending);
            if (!read.Buffer.IsEmpty)
            {
                using var answer = await Http.PostAsync(Address, new ByteArrayContent(read.Buffer.ToArray()), Ending);
                Demand(answer);
            }

            ToSend.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    protected static void Demand(HttpResponseMessage answer)
    {
        if (answer.StatusCode is not HttpStatusCode.OK and not HttpStatusCode.Accepted)
        {
            throw new RefusedException((int)answer.StatusCode, null);
        }
    }
}

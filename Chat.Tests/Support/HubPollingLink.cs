using System.Net;
using Microsoft.AspNetCore.Connections.Features;

namespace Chat.Tests.Support;

/// <summary>Long polling: a GET waits at the server until there is something to answer.</summary>
internal sealed class HubPollingLink : HubHttpLink, IConnectionInherentKeepAliveFeature
{
    private bool _hasEnded;

    private HubPollingLink(HttpClient http, Uri address, string node)
        : base(http, address, node)
    {
        // The polls show that the server lives; the client expects no pings then.
        Features.Set<IConnectionInherentKeepAliveFeature>(this);
        Start();
    }

    public bool HasInherentKeepAlive => true;

    public static async Task<HubPollingLink> ConnectAsync(HttpClient http, Uri address, string node, CancellationToken cancellationToken)
    {
        // The first poll is answered at once: it makes the connection.
        using var answer = await http.GetAsync(address, cancellationToken);
        Demand(answer);
        return new HubPollingLink(http, address, node);
    }

    protected override async Task ReceiveAsync()
    {
        while (true)
        {
            using var answer = await Http.GetAsync(Address, Ending);
            if (answer.StatusCode == HttpStatusCode.NoContent)
            {
                _hasEnded = true;
                return;
            }

            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                _hasEnded = true;
            }

            Demand(answer);
            await Received.WriteAsync(await answer.Content.ReadAsByteArrayAsync(Ending), Ending);
        }
    }

    protected override async Task StopAsync()
    {
        if (!_hasEnded)
        {
            try
            {
                using var answer = await Http.DeleteAsync(Address);
            }
            catch (HttpRequestException)
            {
                // Nobody is there to be told.
            }
        }
    }
}

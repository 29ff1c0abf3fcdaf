using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Logs a link in again when the login has changed, before the server ends the connection because the old login has expired.</summary>
/// <remarks>Only links for commands can do that. A link with subscriptions must not send AUTH in RESP2. When its server ends it, it is
/// made anew with the current login, and topics read from their logs what they missed meanwhile.</remarks>
internal sealed class LoginRenewal : IRespReply
{
    public static readonly LoginRenewal Instance = new();

    /// <summary>Called once a tick.</summary>
    public static void Send(RespLink link)
    {
        if (Current(link) is { Password: not null } login && login != link.Login && link.IsUp)
        {
            link.Login = login;
            link.TrySend(RespHandshake.Auth(new CommandBuffer(), login).Span, Instance);
        }
    }

    // Where a provider of logins fails, the link keeps the login that it has. The next link that is made reports why there is none.
    private static (string? User, string? Password)? Current(RespLink link)
    {
        try
        {
            return link.Endpoint.CurrentLogin;
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <exception cref="RespException">The new login was refused. The link breaks, says why, and tries again with whatever login is current then.</exception>
    public void Complete(ref RespReader reply)
    {
        if (reply.Kind == '-')
        {
            throw new RespException("Redis refused the login: " + reply.ReadLine());
        }
    }

    public void Fail()
    {
        // The next connection logs in anyway.
    }
}

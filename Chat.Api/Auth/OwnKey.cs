using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>The keys of HS256 tokens.</summary>
internal sealed partial class OwnKey
{
    public OwnKey(IOptions<AuthOptions> options, IHostEnvironment environment, ILogger<OwnKey> logger)
    {
        if (options.Value.SecurityKey is { } text)
        {
            Key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(text));
        }
        else if (environment.IsDevelopment())
        {
            Log.Random(logger);
            Key = new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32));
        }

        if (Key is not null)
        {
            Accepted = options.Value.OtherSecurityKey is { } other ? [Key, new SymmetricSecurityKey(Encoding.UTF8.GetBytes(other))] : [Key];
        }
    }

    /// <summary>The key that signs them. Null if HS256 tokens are neither accepted nor made.</summary>
    public SymmetricSecurityKey? Key { get; }

    /// <summary>The keys with which they may be signed.</summary>
    public IReadOnlyList<SecurityKey> Accepted { get; } = [];

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "RandomKey",
            Message = "Auth:SecurityKey is not set. This node signs tokens with a random key. It accepts no tokens from other nodes, or from before its start.")]
        public static partial void Random(ILogger logger);
    }
}

using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Edge.Proxy.Affinity;

/// <summary>
/// The value of the cookie that brings a hub client back to its node: a hash of the node's id under a key that all edges share, so
/// that any edge can read it, and nobody can name a node that no edge has named before.
/// </summary>
/// <remarks>The key is <see cref="EdgeOptions.AffinityKey"/>, or else the one on which the edges agree in Redis. If the key
/// ever changes, cookies of the last few keys are still understood.</remarks>
internal sealed class NodeCookie(IOptions<EdgeOptions> options)
{
    private const int KeptKeys = 3;
    private volatile Signer[] _signers = [new(options.Value.AffinityKey ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(32)))];

    /// <summary>The key in use.</summary>
    public string Key => _signers[0].Key;

    /// <summary>Whether the settings name the key, so that there is nothing to agree on.</summary>
    public bool IsConfigured { get; } = options.Value.AffinityKey is not null;

    /// <summary>Uses this key from now on. Called from one loop only.</summary>
    public void Use(string key)
    {
        if (key != Key)
        {
            _signers = [new(key), .. _signers.Where(signer => signer.Key != key).Take(KeptKeys - 1)];
        }
    }

    public string Of(string node) => _signers[0].Sign(node);

    public bool Names(string cookie, string node) => _signers.Any(signer => signer.Sign(node) == cookie);

    private sealed class Signer(string key)
    {
        private readonly byte[] _key = Encoding.UTF8.GetBytes(key);
        private readonly ConcurrentDictionary<string, string> _known = []; // as many as there were nodes

        public string Key => key;

        public string Sign(string node) => _known.GetOrAdd(
            node, static (node, key) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(node))), _key);
    }
}

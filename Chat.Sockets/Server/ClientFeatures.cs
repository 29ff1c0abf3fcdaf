using System.Collections;
using Microsoft.AspNetCore.Http.Features;

namespace Chat.Sockets.Server;

/// <summary>The features that the connection object implements itself.</summary>
internal sealed class ClientFeatures(ClientLink link) : IFeatureCollection
{
    public bool IsReadOnly => true;

    public int Revision => 0;

    public object? this[Type key]
    {
        get => key.IsInstanceOfType(link) ? link : null;
        set => throw new NotSupportedException();
    }

    public TFeature? Get<TFeature>() => link is TFeature feature ? feature : default;

    public void Set<TFeature>(TFeature? instance) => throw new NotSupportedException();

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => Enumerable.Empty<KeyValuePair<Type, object>>().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

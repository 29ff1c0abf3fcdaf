namespace Chat.Api.Events;

/// <summary>The places that requests are made from, as many as there may be at once.</summary>
/// <remarks>A quarter of them is aside: for topics whose last attempt failed, and for requests that take unusually long while others wait.
/// So whatever topics the receiver does not take, and however long it keeps their requests, all others have the rest.</remarks>
internal sealed class EventPlaces : IDisposable
{
    private readonly int _usualCount;
    private readonly int _asideCount;
    private readonly SemaphoreSlim _usual;
    private readonly SemaphoreSlim _aside;

    public EventPlaces(int requestsAtOnce)
    {
        _asideCount = Math.Max(1, requestsAtOnce / 4);
        _usualCount = Math.Max(1, requestsAtOnce - _asideCount);
        _usual = new SemaphoreSlim(_usualCount);
        _aside = new SemaphoreSlim(_asideCount);
    }

    /// <summary>Waits for a place. It is free again when it is disposed of.</summary>
    public async Task<EventPlace> TakeAsync(bool aside, CancellationToken cancellationToken)
    {
        var kind = aside ? _aside : _usual;
        await kind.WaitAsync(cancellationToken);
        return new EventPlace(kind, _aside);
    }

    /// <summary>Waits until nothing is under way, and nothing can be any more.</summary>
    public async Task CloseAsync()
    {
        for (var i = 0; i < _usualCount; i++)
        {
            await _usual.WaitAsync();
        }

        for (var i = 0; i < _asideCount; i++)
        {
            await _aside.WaitAsync(); // nobody steps aside any more
        }
    }

    public void Dispose()
    {
        _usual.Dispose();
        _aside.Dispose();
    }
}

/// <summary>One of them, which is taken.</summary>
internal sealed class EventPlace(SemaphoreSlim kind, SemaphoreSlim aside) : IDisposable
{
    private SemaphoreSlim _kind = kind;

    public bool IsAside => _kind == aside;

    /// <summary>Gives it back for one aside, if one of those is free.</summary>
    public bool TryStepAside()
    {
        if (!aside.Wait(0))
        {
            return false;
        }

        _kind.Release();
        _kind = aside;
        return true;
    }

    public void Dispose() => _kind.Release();
}

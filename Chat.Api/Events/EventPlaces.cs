namespace Chat.Api.Events;

/// <summary>The places from which requests are made: as many as there may be requests at once.</summary>
/// <remarks>A quarter of them is set aside, for topics whose last attempt failed and for requests that take unusually long while others wait. So all
/// other topics have the rest, whichever topics the receiver does not take, and however long it keeps their requests.</remarks>
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

    /// <summary>Waits for a place. Disposing of the place frees it.</summary>
    public async Task<EventPlace> TakeAsync(bool aside, CancellationToken cancellationToken)
    {
        var kind = aside ? _aside : _usual;
        await kind.WaitAsync(cancellationToken);
        return new EventPlace(kind, _aside);
    }

    /// <summary>Waits until no request is under way, and none can begin any more.</summary>
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

/// <summary>A place that is taken.</summary>
internal sealed class EventPlace(SemaphoreSlim kind, SemaphoreSlim aside) : IDisposable
{
    private SemaphoreSlim _kind = kind;

    public bool IsAside => _kind == aside;

    /// <summary>Exchanges the place for one set aside, if one of those is free.</summary>
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

namespace Chat.Sockets.Loops;

/// <summary>The sockets of a loop, each under a number. Any thread may add a socket; everything else is for the loop's thread.</summary>
internal sealed class SocketTable
{
    private readonly Lock _gate = new(); // guards the fields below, except for reading a place
    private readonly Stack<int> _free = [];
    private readonly List<int> _leaving = [];
    private LoopSocket?[] _sockets = new LoopSocket?[64];
    private int _count;

    /// <summary>All places, taken or free.</summary>
    public ReadOnlySpan<LoopSocket?> All => Volatile.Read(ref _sockets);

    public int Add(LoopSocket socket)
    {
        lock (_gate)
        {
            if (!_free.TryPop(out var number))
            {
                number = _count++;
                if (number == _sockets.Length)
                {
                    Array.Resize(ref _sockets, number * 2);
                }
            }

            _sockets[number] = socket;
            return number;
        }
    }

    /// <summary>The number is not used again before <see cref="Recycle"/>.</summary>
    public void Remove(int number)
    {
        lock (_gate)
        {
            _sockets[number] = null;
            _leaving.Add(number);
        }
    }

    /// <summary>Frees the numbers of removed sockets. Called when all events that may have been meant for these are handled.</summary>
    public void Recycle()
    {
        if (_leaving.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var number in _leaving)
            {
                _free.Push(number);
            }

            _leaving.Clear();
        }
    }
}

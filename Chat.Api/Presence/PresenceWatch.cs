using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Presence;

/// <summary>The connections on this node that are told who is in a topic.</summary>
/// <remarks>Guarantee: each gets a list, and then every change to it, once and in order, or a new list if changes were missed. The node itself keeps
/// no list. Not thread-safe: <see cref="PresenceWatches"/> holds its lock.</remarks>
internal sealed class PresenceWatch(Topic topic, PresenceMetrics metrics)
{
    private const int MostWaiting = 1000; // most news for a watcher that waits for its list; beyond it, a newer list is needed

    private readonly List<Watcher> _watchers = [];
    private long _version; // of the latest news; 0: none yet
    private long _asked; // how many lists have been asked for
    private bool _isCountOnly;
    private long _countToTell = -1; // -1: there is none to tell

    public Topic Topic => topic;

    public bool IsEmpty => _watchers.Count == 0;

    /// <summary>Whether the topic's channel is listened to.</summary>
    public bool IsSubscribed { get; set; }

    /// <summary>Whether some watchers wait for a list.</summary>
    public bool NeedsList { get; private set; }

    /// <summary>Whether a number is to be told because the topic has too many users to name them.</summary>
    public bool HasCount => _countToTell >= 0;

    private bool HasTold => _watchers.Exists(static watcher => watcher.Waiting is null);

    /// <summary>Adds a connection, which gets a list at the next occasion. Returns false if it watches already.</summary>
    public bool TryAdd(Connection connection)
    {
        if (_watchers.Exists(watcher => watcher.Connection == connection))
        {
            return false;
        }

        var watcher = new Watcher(connection);
        _watchers.Add(watcher);
        NeedList(watcher);
        return true;
    }

    public void Remove(Connection connection) => _watchers.RemoveAll(watcher => watcher.Connection == connection);

    /// <summary>Called when news came over the channel.</summary>
    public void OnNews(PresenceNews news)
    {
        if (news.Version <= _version)
        {
            return; // a list has included it
        }

        var isNext = (_version == 0 && !HasTold) || Follows(news, _version);
        _version = news.Version;
        if (news.IsCountOnly)
        {
            _isCountOnly = true;
            _countToTell = news.Count;
            return;
        }

        if (!isNext || _isCountOnly)
        {
            ListAnew(); // something was lost, or so many have left that users can be named again
            return;
        }

        Span<Frame?> frames = new Frame?[IFrameFormat.Count];
        foreach (var watcher in _watchers)
        {
            if (watcher.Waiting is not null)
            {
                if (watcher.Waiting.Count == MostWaiting)
                {
                    NeedList(watcher);
                }

                watcher.Waiting.Add(news);
            }
            else if (news.Version > watcher.Version)
            {
                Tell(watcher, news, frames);
            }
        }
    }

    /// <summary>Called when news may have been missed. All watchers get a list at the next occasion.</summary>
    public void ListAnew() => _watchers.ForEach(NeedList);

    /// <summary>To be called before a list is asked for, while the channel is listened to. The result is to be handed to <see cref="OnList"/> with
    /// the list.</summary>
    public PresenceQuestion Ask() => new(++_asked, _version);

    /// <summary>Called when a list was read. The watchers that waited for one when it was asked for get it, and the news since.</summary>
    public void OnList(PresenceNews list, PresenceQuestion question)
    {
        NeedsList = false;
        var isLatest = list.Version >= _version || question.Version == _version; // without news since the question, the list is right, even if versions went back
        if (isLatest)
        {
            _version = list.Version;
            _isCountOnly = list.IsCountOnly;
            _countToTell = -1; // what everybody is told now, or with the next list, is newer
        }

        Span<Frame?> frames = new Frame?[IFrameFormat.Count];
        foreach (var watcher in _watchers)
        {
            if (watcher.Waiting is { } waiting)
            {
                TellList(watcher, waiting, list, question, frames);
            }
            else if (isLatest && watcher.Version != list.Version)
            {
                Tell(watcher, list, frames); // the news in between, if it was not lost, is dropped when it comes
            }
        }
    }

    private void TellList(Watcher watcher, List<PresenceNews> waiting, PresenceNews list, PresenceQuestion question, Span<Frame?> frames)
    {
        var known = Math.Max(list.Version, question.Version); // news heard before the question is in the list, even if that is of an empty record
        var since = waiting.Find(news => news.Version > known);
        if (watcher.ListFrom > question.Number)
        {
            NeedsList = true; // the watcher may have missed news between that list and its own coming
            return;
        }

        if (since is not null && !Follows(since, list.Version))
        {
            NeedList(watcher); // the news between the list and the first waiting news was lost
            return;
        }

        Tell(watcher, list, frames);
        watcher.Waiting = null;
        foreach (var news in waiting.Where(news => news.Version > known))
        {
            Tell(watcher, news, new Frame?[IFrameFormat.Count]);
        }
    }

    /// <summary>Called when the record's version was read. If that is not the version that was told, all watchers get a list.</summary>
    public void OnVersion(long version, PresenceQuestion question)
    {
        if (version != _version && question.Version == _version) // otherwise news came meanwhile, and tells more
        {
            ListAnew();
        }
    }

    /// <summary>Tells the number of users if there are too many to name them.</summary>
    public void TellCount()
    {
        var news = new PresenceNews(_version, _countToTell);
        _countToTell = -1;
        Span<Frame?> frames = new Frame?[IFrameFormat.Count];
        foreach (var watcher in _watchers.Where(static watcher => watcher.Waiting is null))
        {
            Tell(watcher, news, frames);
        }
    }

    // An empty record has no version. The first news of a new record names everybody who is in it.
    private static bool Follows(PresenceNews news, long version) =>
        version == 0 ? news.Count > 0 && news.Count == news.Joined.Count : news.Version == version + 1;

    // A list that was asked for earlier will not do. A list that is asked for from now on includes all news heard before.
    private void NeedList(Watcher watcher)
    {
        watcher.Waiting = [];
        watcher.ListFrom = _asked + 1;
        NeedsList = true;
    }

    private void Tell(Watcher watcher, PresenceNews news, Span<Frame?> frames)
    {
        watcher.Version = news.Version;
        var format = watcher.Connection.Format;
        if ((frames[format.Index] ??= format.Presence(topic, news)) is { } frame)
        {
            watcher.Connection.Enqueue(frame);
            metrics.Told(1);
        }
    }

    private sealed class Watcher(Connection connection)
    {
        public Connection Connection => connection;

        /// <summary>The version that it was told last.</summary>
        public long Version { get; set; }

        /// <summary>The first question whose answer will do as its list.</summary>
        public long ListFrom { get; set; }

        /// <summary>News that waits for the watcher's list; null once it has one.</summary>
        public List<PresenceNews>? Waiting { get; set; }
    }
}

/// <summary>The number of the list that is asked for, and the version that had been told by then.</summary>
internal readonly record struct PresenceQuestion(long Number, long Version);

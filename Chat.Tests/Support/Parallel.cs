using Xunit;

// Most of the time tests wait for processes, leases and deadlines, so more of them than there are cores get through sooner.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]

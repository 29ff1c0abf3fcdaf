using Chat.Api.Redis.Resp;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class FairQueueTests
{
    private readonly FairQueue _queue = new(capacity: 1_000_000);

    [Fact]
    public void Stranger_BehindAFlood_IsServedAfterATurnOfIt()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.True(_queue.TryAdd(new Command("flooder", 10_000, i)));
        }

        Assert.True(_queue.TryAdd(new Command("stranger", 100, 0)));

        Assert.InRange(Order().IndexOf("stranger 0"), 0, 2);
    }

    [Fact]
    public void Parties_GetEqualShares_WhateverTheSizeOfTheirCommands()
    {
        for (var i = 0; i < 100; i++)
        {
            _queue.TryAdd(new Command("small", 1_000, i));
            _queue.TryAdd(new Command("large", 5_000, i));
        }

        var first = Order().Take(60).ToList();

        Assert.InRange(first.Count(one => one.StartsWith("small", StringComparison.Ordinal)), 45, 55); // a ratio of five to one
    }

    [Fact]
    public void Commands_OfOneParty_KeepTheirOrder()
    {
        for (var i = 0; i < 50; i++)
        {
            _queue.TryAdd(new Command(i % 2 == 0 ? "even" : "odd", 1 + (i * 997 % 20_000), i));
        }

        var order = Order();

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"even {2 * i}"), order.Where(one => one.StartsWith("even", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"odd {(2 * i) + 1}"), order.Where(one => one.StartsWith("odd", StringComparison.Ordinal)));
    }

    [Fact]
    public void Room_IsNeverAllTakenByThoseWhoFlood()
    {
        foreach (var flooder in new[] { "a", "b", "c" })
        {
            while (_queue.TryAdd(new Command(flooder, 10_000, 0)))
            {
                // Continues until it is refused.
            }
        }

        Assert.True(_queue.TryAdd(new Command("stranger", 10_000, 0)));
    }

    private List<string> Order()
    {
        var order = new List<string>();
        while (_queue.TryTake(out var command))
        {
            order.Add(command.ToString()!);
        }

        Assert.True(_queue.IsEmpty);
        return order;
    }

    private sealed class Command(string party, int bytes, int number) : IPatientCommand
    {
        private readonly byte[] _bytes = new byte[bytes];

        public ReadOnlySpan<byte> Bytes => _bytes;

        public string Party => party;

        public void Complete(ref RespReader reply) => throw new NotSupportedException();

        public void Fail() => throw new NotSupportedException();

        public override string ToString() => $"{party} {number}";
    }
}

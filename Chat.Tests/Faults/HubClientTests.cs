using System.Text.Json;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Faults;

/// <summary>The clients of tests and of the fault table count messages as duplicates that a server sent twice, not those that a library delivers late.</summary>
public sealed class HubClientTests
{
    /// <summary>A client that reconnected twice in a row still had messages of its last but one connection to deliver. They once counted as the
    /// server's duplicates, since the last connection had asked for all that follows them.</summary>
    [Fact]
    public async Task Messages_ThatComeOutLate_OfConnectionsThatHaveEnded_AreNobodysFault_AndHeardOnce()
    {
        await using var client = new Client();
        var first = client.Begins();
        client.Hear(first, 1, 2);
        var second = client.Resumes();
        client.Hear(first, 3, 4); // the second connection asks for these
        client.Hear(second, 3);
        var third = client.Resumes();
        client.Hear(second, 4, 5);
        client.Hear(third, 4, 5, 6);

        Assert.Equal([1, 2, 3, 4, 5, 6], client.Offsets);
        Assert.Equal(0, client.Repeated);
    }

    [Fact]
    public async Task Message_ThatComesTwiceOnAConnection_IsTheServersFault()
    {
        await using var client = new Client();
        client.Hear(client.Begins(), 1, 2, 2);

        Assert.Equal([1, 2], client.Offsets);
        Assert.Equal(1, client.Repeated);
    }

    [Fact]
    public async Task Message_FromBeforeWhatAConnectionAskedFor_IsTheServersFault()
    {
        await using var client = new Client();
        client.Hear(client.Begins(), 1, 2, 3);
        client.Hear(client.Resumes(), 2, 3, 4);

        Assert.Equal([1, 2, 3, 4], client.Offsets);
        Assert.Equal(2, client.Repeated);
    }

    private sealed class Client() : HubClient("anna")
    {
        public override string Node => "";

        public IEnumerable<long> Offsets => Pending().Select(next => next.Offset);

        public override Task<JsonElement> InvokeAsync(string method, params object?[] arguments) => throw new NotSupportedException();

        public override Task StopAsync() => Task.CompletedTask;

        public object Begins()
        {
            Begin();
            return Present;
        }

        public object Resumes()
        {
            BeginSince();
            return Present;
        }

        public void Hear(object connection, params long[] offsets) =>
            Array.ForEach(offsets, offset => OnEvent(new HubEvent("message", "g", Epoch: "e", Offset: offset), connection));
    }
}

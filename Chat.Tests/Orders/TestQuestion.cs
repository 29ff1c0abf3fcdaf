using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Orders;

namespace Chat.Tests.Orders;

/// <summary>Gives the answer that a test wants.</summary>
internal sealed class TestQuestion : INodeQuestion
{
    public const string Question = "ask";

    private int _asked;

    public string Name => Question;

    /// <summary>The answer. Null: it cannot answer.</summary>
    public string? Says { get; set; } = "yes";

    public int Asked => Volatile.Read(ref _asked);

    public Task<byte[]> AnswerAsync()
    {
        Interlocked.Increment(ref _asked);
        return Task.FromResult(Encoding.UTF8.GetBytes(Says ?? throw new BackplaneUnavailableException("so the test wants")));
    }
}

using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Nodes;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;
using Microsoft.Extensions.Options;

namespace Chat.Api.Orders;

/// <summary>Gives every node an order or a question, and waits for each to confirm or answer.</summary>
/// <remarks>
/// Guarantee: a node that confirmed an order has carried it out. A node that did not confirm may have carried it out or not; giving the order again
/// is safe.
/// Mechanism: the order is published to all nodes on one channel. Each node publishes its confirmation on the channel of the node that gave the
/// order. A node that has died is not waited for; a node that hangs counts as not confirmed.
/// </remarks>
internal sealed partial class NodeOrders
{
    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisKeys _keys;
    private readonly NodeIdentity _node;
    private readonly LiveNodes _nodes;
    private readonly Dictionary<string, INodeOrder> _orders;
    private readonly Dictionary<string, INodeQuestion> _questions;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, NodeAnswers> _given = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, NodeAnswers> _asked = new(StringComparer.Ordinal);
    private long _last;

    public NodeOrders(
        RedisCommands commands, RedisSubscriptions subscriptions, RedisKeys keys, NodeIdentity node, LiveNodes nodes, IEnumerable<INodeOrder> orders,
        IEnumerable<INodeQuestion> questions, IOptions<NodeOptions> options, TimeProvider time, ILogger<NodeOrders> logger)
    {
        (_commands, _subscriptions, _keys, _node, _nodes, _timeout, _time, _logger) =
            (commands, subscriptions, keys, node, nodes, options.Value.OrderTimeout, time, logger);
        _orders = orders.ToDictionary(static order => order.Name, StringComparer.Ordinal);
        _questions = questions.ToDictionary(static question => question.Name, StringComparer.Ordinal);
        subscriptions.Attach(RedisKeys.OrdersKind, OnMessage, () => _ = ListenAsync());
    }

    /// <summary>Gives an order. Completes when every node has confirmed, or after <see cref="NodeOptions.OrderTimeout"/>.</summary>
    /// <param name="name">The name of a registered order.</param>
    /// <param name="order">The text of the order.</param>
    /// <exception cref="BackplaneUnavailableException">The order may or may not have been given; trying again is safe.</exception>
    public async Task<Confirmed> GiveAsync(string name, byte[] order)
    {
        using var answers = new NodeAnswers(_node, _nodes);
        await TellAsync(_given, answers, name, order);
        return answers.Confirmed;
    }

    /// <summary>Asks a question. Completes as <see cref="GiveAsync"/> does, and returns the answers that have come by then.</summary>
    /// <param name="name">The name of a registered question.</param>
    /// <exception cref="BackplaneUnavailableException">Nobody could be asked.</exception>
    public async Task<IReadOnlyDictionary<string, byte[]>> AskAsync(string name)
    {
        using var answers = new NodeAnswers(_node, _nodes);
        await TellAsync(_asked, answers, name, []);
        return answers.Texts;
    }

    private async Task TellAsync(ConcurrentDictionary<string, NodeAnswers> pending, NodeAnswers answers, string name, byte[] what)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{_node.Id}:{Interlocked.Increment(ref _last)}");
        pending[id] = answers;
        try
        {
            var call = new RedisCall();
            call.Buffer.Command(3).Bulk("PUBLISH"u8).Bulk(_keys.OrdersChannel).Bulk([.. Encoding.ASCII.GetBytes($"{id} {name} "), .. what]);
            await _commands.CallAsync(call, RedisKeys.NodesTag);
            await answers.Done.WaitAsync(_timeout, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            pending.TryRemove(id, out _);
        }
    }

    // Runs after every connect. If the channels are subscribed already, nothing changes.
    private async Task ListenAsync()
    {
        try
        {
            await Task.WhenAll(_subscriptions.SubscribeAsync(_keys.OrdersChannel), _subscriptions.SubscribeAsync(_keys.OrderedChannel(_node.Id)));
        }
        catch (BackplaneUnavailableException)
        {
            // The link broke; the next connect comes here again.
        }
    }

    // Runs on the thread that reads from Redis. A message to all nodes is "{id} {name} {order}". A message to the node that gave an order is "{id}
    // {node} {count}", with the text of the answer instead of the count if it asked a question.
    private void OnMessage(ReadOnlySpan<byte> to, ReadOnlySpan<byte> message)
    {
        var space = message.IndexOf((byte)' ');
        var second = space < 0 ? -1 : message[(space + 1)..].IndexOf((byte)' ');
        if (second < 0)
        {
            return;
        }

        var id = Encoding.UTF8.GetString(message[..space]);
        var word = Encoding.UTF8.GetString(message.Slice(space + 1, second));
        var rest = message[(space + second + 2)..];
        if (!to.IsEmpty)
        {
            OnAnswer(id, word, rest);
        }
        else if (_orders.TryGetValue(word, out var order))
        {
            var what = rest.ToArray();
            _ = AnswerAsync(id, word, async () => Encoding.ASCII.GetBytes((await order.CarryOutAsync(what)).ToString(CultureInfo.InvariantCulture)));
        }
        else if (_questions.TryGetValue(word, out var question))
        {
            _ = AnswerAsync(id, word, question.AnswerAsync);
        }
    }

    private void OnAnswer(string id, string node, ReadOnlySpan<byte> text)
    {
        if (_asked.TryGetValue(id, out var asked))
        {
            asked.Answer(node, text.ToArray());
        }
        else if (_given.TryGetValue(id, out var given) && Utf8Parser.TryParse(text, out long count, out _))
        {
            given.Confirm(node, count);
        }
    }

    private async Task AnswerAsync(string id, string name, Func<Task<byte[]>> carryOut)
    {
        await Task.Yield(); // off the thread that reads from Redis
        try
        {
            byte[] answer = [.. Encoding.ASCII.GetBytes($"{id} {_node.Id} "), .. await carryOut()];
            _commands.TrySendUnrouted(new CommandBuffer().Command(3).Bulk("PUBLISH"u8).Bulk(_keys.OrderedChannel(id.Split(':')[0])).Bulk(answer).Span);
        }
        catch (BackplaneUnavailableException exception)
        {
            Log.NotCarriedOut(_logger, name, exception.Message);
        }
        catch (Exception exception)
        {
            Log.Failed(_logger, exception, name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "OrderNotCarriedOut", Message = "The order {Order} was not carried out here, and not confirmed: {Reason}")]
        public static partial void NotCarriedOut(ILogger logger, string order, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "OrderFailed", Message = "The order {Order} failed here, and is not confirmed.")]
        public static partial void Failed(ILogger logger, Exception exception, string order);
    }
}

using System.Net;
using System.Net.Sockets;
using Chat.Sockets.Loops;

namespace Edge.Proxy.Relay;

/// <summary>Connects to a node, asks for the upgrade, and reads its answer. That takes a few events of the loop, and no thread that waits.</summary>
internal sealed class NodeRequest : ISocketOwner
{
    // A node that does not accept within this time is as good as gone; the next one is tried.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);
    private const int FirstBuffer = 1024;

    private readonly TaskCompletionSource<NodeAnswer> _answer = new();
    private readonly SocketLoop _loop;
    private readonly IPEndPoint _node;
    private readonly TimeSpan _timeout;
    private readonly long _began;
    private LoopSocket? _socket;
    private LoopSocket? _answered;
    private ReadOnlyMemory<byte> _unsent;
    private byte[] _received = [];
    private int _count;
    private bool _isConnected;
    private HttpResponseMessage? _response; // not the upgrade: its body is being read

    private NodeRequest(SocketLoop loop, IPEndPoint node, byte[] head, TimeSpan timeout)
    {
        _loop = loop;
        _node = node;
        _unsent = head;
        _timeout = timeout;
        _began = loop.Now;
    }

    /// <summary>Asks a node. Called on the loop's thread, on which the task completes as well.</summary>
    /// <exception cref="HttpRequestException">There is no answer, or none that can be understood. An HTTP client would throw the same.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public static async Task<NodeAnswer> SendAsync(SocketLoop loop, IPEndPoint node, byte[] head, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new NodeRequest(loop, node, head, timeout);
        request.Connect();
        await using var cancelled = cancellationToken.UnsafeRegister(
            static request => ((NodeRequest)request!).Cancel(), request);
        return await request._answer.Task;
    }

    public void OnReady(uint events)
    {
        if (_socket is null)
        {
            _answered!.Watch(0); // until its new owner watches
        }
        else if (!_isConnected && (events & SocketLoop.Failed) != 0)
        {
            Refuse(_socket.TakeError());
        }
        else if (!_unsent.IsEmpty)
        {
            Send();
        }
        else
        {
            Receive();
        }
    }

    public void Tend()
    {
        if (!_isConnected && _loop.Since(_began) >= ConnectTimeout)
        {
            Fail(new HttpRequestException(HttpRequestError.ConnectionError, "The node did not accept in time.", new TimeoutException()));
        }
        else if (_loop.Since(_began) >= _timeout)
        {
            Fail(new HttpRequestException("The node did not answer in time.", new TimeoutException()));
        }
    }

    public void OnFault(Exception fault) => Fail(fault);

    private void Connect()
    {
        var address = _node.Serialize();
        var file = Libc.OpenTcp(_node.AddressFamily == AddressFamily.InterNetworkV6 ? Libc.Inet6 : Libc.Inet);
        if (file < 0)
        {
            Refuse(-file);
            return;
        }

        _socket = new LoopSocket(_loop, file, this);
        if (Libc.Connect(file, ref address.Buffer.Span[0], address.Size) < 0 && Libc.Error is var error and not (Libc.InProgress or Libc.Interrupted))
        {
            Refuse(error);
            return;
        }

        Send(); // on the same machine it is connected by now
    }

    private void Send()
    {
        var count = _socket!.Send(_unsent.Span);
        if (count >= 0)
        {
            _isConnected = true;
            _unsent = _unsent[count..];
            _socket.Watch(_unsent.IsEmpty ? SocketLoop.Readable : SocketLoop.Writable);
        }
        else if (LoopSocket.IsBusy(count))
        {
            _socket.Watch(SocketLoop.Writable);
        }
        else if (_isConnected)
        {
            Break("The node ended the connection.");
        }
        else
        {
            Refuse(-count);
        }
    }

    private void Receive()
    {
        var buffer = _loop.Buffer;
        var count = _socket!.Receive(buffer);
        if (count > 0 && _count == 0 && _response is null)
        {
            // Nearly always the answer arrives all at once. Then only the bytes behind it are copied.
            ReadHead(buffer.AsSpan(0, count), isKept: false);
        }
        else if (count > 0)
        {
            Keep(buffer.AsSpan(0, count));
            Read(isEnd: false);
        }
        else if (count == 0 && _response is not null)
        {
            Read(isEnd: true);
        }
        else if (!LoopSocket.IsBusy(count))
        {
            Break("The node ended the connection before it had answered.");
        }
    }

    private void Read(bool isEnd)
    {
        if (_response is null)
        {
            ReadHead(_received.AsSpan(0, _count), isKept: true);
        }
        else
        {
            ReadBody(_response, isEnd);
        }
    }

    private void ReadHead(ReadOnlySpan<byte> bytes, bool isKept)
    {
        switch (ResponseHead.TryRead(bytes, out var length, out var response))
        {
            case HeadStatus.Malformed:
                Break("The node's answer is malformed or too long.", HttpRequestError.InvalidResponse);
                break;
            case HeadStatus.Incomplete when !isKept:
                Keep(bytes);
                break;
            case HeadStatus.Incomplete:
                break;
            case HeadStatus.Complete when response!.StatusCode == HttpStatusCode.SwitchingProtocols:
                (_answered, _socket) = (_socket, null);
                _answer.TrySetResult(new NodeAnswer(response, _answered, bytes[length..].ToArray()));
                break;
            case HeadStatus.Complete:
                var behind = bytes[length..].ToArray();
                _count = 0;
                Keep(behind);
                _response = (int)response!.StatusCode < 200 ? null : response; // 100, 103: the answer is still to come
                if (_response is not null || _count > 0)
                {
                    Read(isEnd: false);
                }

                break;
        }
    }

    private void ReadBody(HttpResponseMessage response, bool isEnd)
    {
        switch (ResponseBody.TryRead(response, _received.AsSpan(0, _count), isEnd, out var body))
        {
            case HeadStatus.Malformed:
                Break("The node's answer is malformed or too long.", HttpRequestError.InvalidResponse);
                break;
            case HeadStatus.Complete:
                _socket!.Close();
                _answer.TrySetResult(new NodeAnswer(response, Socket: null, body));
                break;
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_received.Length - _count < bytes.Length)
        {
            Array.Resize(ref _received, Math.Max(Math.Max(_received.Length * 2, FirstBuffer), _count + bytes.Length));
        }

        bytes.CopyTo(_received.AsSpan(_count));
        _count += bytes.Length;
    }

    private void Refuse(int error)
    {
        var cause = Libc.SocketErrorOf(error);
        Fail(new HttpRequestException(HttpRequestError.ConnectionError, $"{cause.Message} ({_node})", cause));
    }

    private void Break(string reason, HttpRequestError error = HttpRequestError.ResponseEnded) => Fail(new HttpRequestException(error, reason));

    private void Cancel() => _loop.Run(() => Fail(new OperationCanceledException()));

    private void Fail(Exception cause)
    {
        _socket?.Close();
        _answer.TrySetException(cause);
    }
}

using System.Reflection;
using StackExchange.Redis;

namespace Chat.Tests.Hubs.Offline;

/// <summary>A Redis that takes its time to confirm the subscription of one channel.</summary>
internal sealed class HeldSubscriptions(string channel)
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _released.SetResult();

    public IConnectionMultiplexer Wrap(IConnectionMultiplexer redis) => Between.Make(redis, (method, arguments, call) =>
        method.Name == nameof(redis.GetSubscriber) ? Between.Make((ISubscriber)call()!, Subscribe) : call());

    private object? Subscribe(MethodInfo method, object?[] arguments, Func<object?> call) =>
        method.Name == nameof(ISubscriber.SubscribeAsync) && arguments[0] is RedisChannel name && name.ToString() == channel
            ? LaterAsync(call)
            : call();

    private async Task LaterAsync(Func<object?> call)
    {
        await _released.Task;
        await (Task)call()!;
    }
}

/// <summary>Stands between an interface and what implements it.</summary>
public class Between : DispatchProxy
{
    private object _target = null!;
    private Func<MethodInfo, object?[], Func<object?>, object?> _intercept = null!;

    public static T Make<T>(T target, Func<MethodInfo, object?[], Func<object?>, object?> intercept)
        where T : class
    {
        var proxy = Create<T, Between>();
        var between = (Between)(object)proxy;
        (between._target, between._intercept) = (target, intercept);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _intercept(targetMethod!, args!, () => targetMethod!.Invoke(_target, args));
}

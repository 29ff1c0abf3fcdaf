using System.Reflection;
using System.Runtime.ExceptionServices;
using Aspire.Hosting.Offline;

namespace Aspire.Hosting.Testing;

/// <summary>One run of an AppHost's entry point, on a thread of its own. It is held at <c>Build()</c> until the test continues.</summary>
internal sealed class AppHostRun
{
    private readonly TaskCompletionSource<DistributedApplicationBuilder> _building = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<int> _code;

    public AppHostRun(Assembly appHost, string[] args)
    {
        var hook = new AppHostHook(appHost, OnBuilding, application => _built.TrySetResult(application));
        _code = Task.Factory.StartNew(
            () => Enter(appHost, args, hook), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Task<DistributedApplicationBuilder> ReachBuildAsync(CancellationToken cancellationToken) =>
        ReachAsync(_building.Task, cancellationToken);

    public Task<DistributedApplication> GoOnAsync(CancellationToken cancellationToken)
    {
        _goOn.TrySetResult();
        return ReachAsync(_built.Task, cancellationToken);
    }

    /// <summary>Ends the AppHost's code at the point where it is held.</summary>
    public void GiveUp() => _goOn.TrySetCanceled();

    private static int Enter(Assembly appHost, string[] args, AppHostHook hook)
    {
        var main = appHost.EntryPoint ?? throw new InvalidOperationException($"{appHost.GetName().Name} has no entry point.");
        AppHostHook.Current = hook;
        try
        {
            return main.Invoke(null, main.GetParameters().Length == 0 ? null : [args]) as int? ?? 0;
        }
        catch (TargetInvocationException failure) when (failure.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(failure.InnerException);
            throw;
        }
    }

    private void OnBuilding(DistributedApplicationBuilder builder)
    {
        _building.TrySetResult(builder);
        _goOn.Task.GetAwaiter().GetResult(); // this thread is the AppHost's own
    }

    private async Task<T> ReachAsync<T>(Task<T> milestone, CancellationToken cancellationToken)
    {
        if (await Task.WhenAny(milestone, _code).WaitAsync(cancellationToken).ConfigureAwait(false) == milestone)
        {
            return await milestone.ConfigureAwait(false);
        }

        var exitCode = await _code.ConfigureAwait(false); // throws what the AppHost threw
        throw new InvalidOperationException($"The AppHost ended with exit code {exitCode} before it built an application.");
    }
}

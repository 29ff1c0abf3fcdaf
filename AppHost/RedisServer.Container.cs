namespace AppHost;

internal sealed partial record RedisServer
{
    static partial void TellContainers(ref bool has) => has = true;

    static partial void TryAddContainer(IDistributedApplicationBuilder builder, RedisSettings settings, ref RedisServer? redis)
    {
        if (!builder.ExecutionContext.IsPublishMode && settings.Server != "container" && !ContainerEngine.Answers())
        {
            return;
        }

        // Plain TCP: on one machine there is nobody to hide from, and no certificate that the nodes would trust.
        var container = builder.AddRedis(Name).WithoutHttpsCertificate();
        if (settings.Persist)
        {
            container.WithDataVolume().WithPersistence();
        }

        redis = new RedisServer("container", container, container);
    }
}

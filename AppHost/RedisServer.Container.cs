using AppHost.Publishing;

namespace AppHost;

internal sealed partial record RedisServer
{
    static partial void TellContainers(ref bool has) => has = true;

    static partial void TryAddContainer(IDistributedApplicationBuilder builder, RedisSettings settings, Deployment? deployment, ref RedisServer? redis)
    {
        if (deployment is null && settings.Server != "container" && !ContainerEngine.Answers())
        {
            return;
        }

        // Plain TCP, within one machine or the private network of a deployment: there is no certificate that the nodes would trust.
        var container = builder.AddRedis(Name).WithoutHttpsCertificate();
        if (settings.Persist || deployment is not null)
        {
            container.WithDataVolume("redis-data").WithPersistence();
        }

        deployment?.Redis(container);

        redis = new RedisServer("container", container, container);
    }
}

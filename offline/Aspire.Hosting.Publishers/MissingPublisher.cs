namespace Aspire.Hosting;

/// <summary>Says that nothing can be published.</summary>
internal static class MissingPublisher
{
    public static DistributedApplicationException Of(string package) =>
        new($"Publishing for this needs the package {package}, which this feed lacks: nothing was published. Delete artifacts/feed.props to ask the feed again.");
}

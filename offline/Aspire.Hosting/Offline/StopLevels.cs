using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>The order of the end: nobody loses what it still depends on.</summary>
internal static class StopLevels
{
    /// <summary>Groups the resources; whoever waits for another comes in an earlier group than that other.</summary>
    public static IEnumerable<IReadOnlyList<IResource>> Of(IEnumerable<IResource> resources)
    {
        var left = resources.ToList();
        while (left.Count > 0)
        {
            var needed = left.SelectMany(resource => resource.Annotations.OfType<WaitAnnotation>()).Select(wait => wait.Resource).ToHashSet();
            var level = left.Where(resource => !needed.Contains(resource)).ToList();
            if (level.Count == 0)
            {
                level = [.. left]; // they wait for each other, so none of them ever started
            }

            yield return level;
            left.RemoveAll(level.Contains);
        }
    }
}

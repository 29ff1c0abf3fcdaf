using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>The order in which resources stop: none loses another that it still depends on.</summary>
internal static class StopLevels
{
    /// <summary>Groups the resources. A resource that waits for another is in an earlier group than the other.</summary>
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

using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Where a project of this solution is; one class per project is generated under <c>Projects</c>.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>The project file.</summary>
    string ProjectPath { get; }

    /// <summary>What its build made. Not part of the real interface, which builds when it starts.</summary>
    string TargetPath { get; }
}

/// <summary>The application cannot be put together or started, for a reason its author can do something about.</summary>
public class DistributedApplicationException(string message, Exception? innerException = null) : Exception(message, innerException);

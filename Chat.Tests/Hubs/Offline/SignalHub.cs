using Microsoft.AspNetCore.SignalR;

namespace Chat.Tests.Hubs.Offline;

/// <summary>Only its name matters: it is in front of every channel.</summary>
public sealed class SignalHub : Hub;

namespace Chat.Api.Connections;

/// <summary>Hears which users have connections to this node. Must not wait, block or throw.</summary>
internal interface IConnectionListener
{
    void OnOpened(string userId);

    void OnClosed(string userId);
}

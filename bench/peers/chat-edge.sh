# Chat behind one Edge.Proxy, as users run it: the nodes of chat.sh, and the edge as "proxy". For nginx in its place: PROXY=nginx run.sh chat.
. "$(dirname "${BASH_SOURCE[0]}")/chat.sh"
eval "chat_nodes_$(declare -f peer_start)"

peer_start() {
    build_release Edge.Proxy
    chat_nodes_peer_start
    spawn proxy env ASPNETCORE_ENVIRONMENT=Production ASPNETCORE_URLS=http://127.0.0.1:17460 "ConnectionStrings__redis=127.0.0.1:$RPORT" \
        Logging__LogLevel__Default=Warning Edge__ConnectionsPerSecond=0 Edge__UpgradesAtOnce=0 $EDGE_SETTINGS \
        dotnet "$CHAT_REPO/artifacts/bin/Edge.Proxy/release/Edge.Proxy.dll"
    PORTS=(17460)
    chat_wait_ready http://127.0.0.1:17460/health
}

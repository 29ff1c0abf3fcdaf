# Chat on the embedded Redis, Garnet, which runs the same way as under the AppHost.
. "$(dirname "${BASH_SOURCE[0]}")/chat.sh"
CHAT_REDIS=start_garnet

start_garnet() {
    local library
    dotnet restore "$CHAT_REPO/AppHost" -v quiet >"$SCRATCH/$PEER-restore.log" 2>&1 || { cat "$SCRATCH/$PEER-restore.log" >&2; exit 1; }
    library=$(dotnet msbuild "$CHAT_REPO/AppHost" -getItem:AssemblyMetadata | sed -n 's/.*"Value": "\(.*GarnetServer\.dll\)".*/\1/p')
    spawn redis env DOTNET_gcServer=0 DOTNET_gcConcurrent=0 DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0 \
        dotnet "$library" --port "$RPORT" --bind 127.0.0.1 --lua true -q
    wait_port "$RPORT"
}

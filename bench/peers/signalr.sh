# SignalR with its Redis backplane (Microsoft.AspNetCore.SignalR.StackExchangeRedis), as one would write it without Chat (bench/signalr). To be compared
# with chat-hub.
CHAT_REPO=${CHAT_REPO:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}

peer_start() {
    local i
    [ -n "${CHAT_BUILT:-}" ] || dotnet build "$CHAT_REPO/bench/signalr" -c Release -v quiet --nologo >"$SCRATCH/$PEER-build.log" 2>&1 || { cat "$SCRATCH/$PEER-build.log" >&2; exit 1; }
    start_redis
    for i in 1 2 3; do
        spawn n$i env "ASPNETCORE_URLS=http://127.0.0.1:1747$i" "ConnectionStrings__redis=127.0.0.1:$RPORT" Logging__LogLevel__Default=Warning \
            dotnet "$CHAT_REPO/artifacts/bin/SignalR/release/SignalR.dll"
        PORTS+=(1747$i)
    done
    for i in 1 2 3; do wait_port 1747$i; done
}

peer_args() {
    urls "/signalr/chat?nick=u{i}"
    ARGS=("${URLS[@]}" --init '{"protocol":"json","version":1}\x1e' --expect '{}')
    if [ "$1" = room ]; then
        ARGS+=(--init '{"type":1,"invocationId":"j","target":"join","arguments":[{"group":"r{run}.{room}"}]}\x1e' --expect '"type":3')
        ARGS+=(--msg '{"type":1,"target":"post","arguments":[{"message":"{m}","group":"r{run}.{room}"}]}\x1e')
    else
        ARGS+=(--msg '{"type":1,"target":"send","arguments":[{"message":"{m}","to":"u{peer}"}]}\x1e')
    fi
}

# Chat: a Redis and three Release nodes, driven directly like the other peers. Rooms are /chat/group, pairs /chat/user.
# Limits that the load exceeds on purpose are off; everything else is the default. See bench/README.md.
CHAT_REPO=${CHAT_REPO:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
CHAT_FORMAT=${CHAT_FORMAT:-text}
CHAT_REDIS=${CHAT_REDIS:-start_redis} # a function that starts a Redis on $RPORT
CHAT_SETTINGS=${CHAT_SETTINGS:-} # further settings, as environment variables

# Does nothing if CHAT_BUILT says that the build has been done.
build_release() {
    [ -z "${CHAT_BUILT:-}" ] || return 0
    dotnet build "$CHAT_REPO/$1" -c Release -v quiet --nologo >"$SCRATCH/$PEER-build.log" 2>&1 || { cat "$SCRATCH/$PEER-build.log" >&2; exit 1; }
}

peer_start() {
    build_release Chat.Api
    $CHAT_REDIS
    chat_nodes "$CHAT_REPO/artifacts/bin/Chat.Api/release" 17450
}

# chat_nodes BUILD PORT: three nodes of the build in this folder, at the ports after PORT.
chat_nodes() {
    local i
    for i in 1 2 3; do
        spawn n$i env ASPNETCORE_ENVIRONMENT=Production "ASPNETCORE_URLS=http://127.0.0.1:$(($2 + i))" "ConnectionStrings__redis=127.0.0.1:$RPORT" \
            Logging__LogLevel__Default=Warning Chat__Connections__MessagesPerSecond=0 Chat__Connections__PerUser=0 \
            Chat__Connections__BytesPerSecond=0 Chat__Connections__UserMessagesPerSecond=0 \
            Chat__Connections__UserBytesPerSecond=0 Chat__Connections__UserTopicsPerSecond=0 Chat__Connections__UserEntriesPerSecond=0 \
            Chat__Backplane__TopicMessagesPerSecond=0 Chat__Backplane__TopicBytesPerSecond=0 \
            Auth__SecurityKey=for-measuring-only-0123456789abcdef Auth__RequireToken=false \
            $CHAT_SETTINGS dotnet "$1/Chat.Api.dll"
        PORTS+=($(($2 + i)))
    done
    for i in 1 2 3; do chat_wait_ready "http://127.0.0.1:$(($2 + i))/health"; done
}

# An open port is not enough: a node refuses connections until its link to Redis is up.
chat_wait_ready() {
    local _
    for _ in $(seq 150); do curl -fs -m 2 -o "$SCRATCH/$PEER-health" "$1" && return 0; sleep 0.1; done
    echo "$1 is not ready; see $SCRATCH/$PEER-*.log" >&2
    exit 1
}

# A sender does not receive its own message, hence --no-echo in rooms as well. A text frame of a group is just the message.
peer_args() {
    local query=
    [ "$CHAT_FORMAT" = text ] || query="?format=$CHAT_FORMAT"
    if [ "$1" = room ]; then
        urls "/chat/group/{room}/{i}$query"
        ARGS=("${URLS[@]}" --no-echo)
        [ "$CHAT_FORMAT" = text ] || ARGS+=(--msg '{"Msg":"{m}"}')
    else
        urls "/chat/user/{i}$query"
        ARGS=("${URLS[@]}" --msg '{"Id":"{peer}","Msg":"{m}"}')
    fi
}

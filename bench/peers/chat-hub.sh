# Chat's SignalR hub, straight over WebSockets, on the nodes of chat.sh. Rooms are groups (post), pairs are users (send).
# F has all members under one name. The others need a name for each connection, and so more URLs than the generator accepts
# unless it is changed: see bench/README.md.
. "$(dirname "${BASH_SOURCE[0]}")/chat.sh"
CHAT_HUB_SETTINGS="Auth__TokenEndpoint=true Chat__Connections__TopicsPerConnection=100000"
CHAT_SETTINGS="$CHAT_SETTINGS $CHAT_HUB_SETTINGS"
TOKENS=()

peer_args() {
    local users=$N token i=0
    [ "${kind:-F}" != F ] || users=1
    if [ ${#TOKENS[@]} -lt "$users" ]; then # fetched once: fetching them is not measured
        mapfile -t TOKENS < <(curl -fs "http://127.0.0.1:${PORTS[0]}/api/auth/token?nick=u[0-$((users - 1))]" -w '\n')
    fi
    URLS=()
    for token in "${TOKENS[@]:0:users}"; do
        URLS+=("ws://127.0.0.1:${PORTS[i % ${#PORTS[@]}]}/signalr/chat?access_token=$token")
        i=$((i + 1))
    done
    if [ "$users" = 1 ] && [ ${#PORTS[@]} = 3 ]; then URLS+=("${URLS[0]/${PORTS[0]}/${PORTS[1]}}" "${URLS[0]/${PORTS[0]}/${PORTS[2]}}"); fi
    ARGS=("${URLS[@]}" --init '{"protocol":"json","version":1}\x1e' --expect '{}')
    if [ "$1" = room ]; then
        ARGS+=(--init '{"type":1,"invocationId":"j","target":"join","arguments":[{"group":"r{run}.{room}"}]}\x1e' --expect '"type":3')
        ARGS+=(--msg '{"type":1,"target":"post","arguments":[{"message":"{m}","group":"r{run}.{room}"}]}\x1e')
    else
        ARGS+=(--msg '{"type":1,"target":"send","arguments":[{"message":"{m}","to":"u{peer}"}]}\x1e')
    fi
}

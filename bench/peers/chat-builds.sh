# Several builds of Chat at once, three nodes and a Redis each, that take turns, one repetition each: two runs one after the other differ by more than
# most changes make. CHAT_BUILDS="name=folder name=folder": what to compare, as copies of artifacts/bin/Chat.Api/release. CHAT_TURNS="name name+":
# in which order; with a plus, 200 calls a second to the server API are made beside (chat-api.sh). Results bear the names of the turns; those of the first
# two rounds are called warm, since much is compiled during them. Take a multiple of the turns as REPS.
. "$(dirname "${BASH_SOURCE[0]}")/chat-api.sh"
eval "chat_$(declare -f peer_args)"
declare -A BUILD_PIDS BUILD_PORTS
read -ra TURNS <<<"${CHAT_TURNS:-$(sed -E 's/=[^ ]*//g' <<<"$CHAT_BUILDS")}"
TURN=0 CALLER=

peer_start() {
    local build name port=17450
    for build in $CHAT_BUILDS; do
        name=${build%%=*} PIDS=() PORTS=()
        PEER=$name # what the logs are called by
        $CHAT_REDIS
        chat_nodes "${build#*=}" "$port"
        api_warm
        BUILD_PIDS[$name]=${PIDS[*]} BUILD_PORTS[$name]=${PORTS[*]}
        port=$((port + 3)) RPORT=$((RPORT + 1))
    done
}

# Asked for before each repetition.
peer_args() {
    [ -z "$CALLER" ] || kill "$CALLER"
    CALLER=
    PEER=${TURNS[TURN % ${#TURNS[@]}]}
    read -ra PIDS <<<"${BUILD_PIDS[${PEER%+}]}"
    read -ra PORTS <<<"${BUILD_PORTS[${PEER%+}]}"
    [ "$PEER" = "${PEER%+}" ] || api_call "$API_KEY" "${PORTS[@]}"
    [ $((TURN++)) -ge $((2 * ${#TURNS[@]})) ] || PEER=warm
    chat_peer_args "$@"
}

# Several builds of Chat at once, each with three nodes and a Redis. They take turns, one repetition each, since two runs one after the other differ by
# more than most changes do. CHAT_BUILDS="name=folder name=folder": the builds to compare, copies of artifacts/bin/Chat.Api/release. CHAT_TURNS="name
# name+": their order; a plus adds 200 calls a second to the server API (chat-api.sh). Results have the names of the turns; those of the first two rounds
# are called warm, since much code is compiled during them. REPS should be a multiple of the turns.
. "$(dirname "${BASH_SOURCE[0]}")/chat-api.sh"
eval "chat_$(declare -f peer_args)"
declare -A BUILD_PIDS BUILD_PORTS
read -ra TURNS <<<"${CHAT_TURNS:-$(sed -E 's/=[^ ]*//g' <<<"$CHAT_BUILDS")}"
TURN=0 CALLER=

peer_start() {
    local build name port=17450
    for build in $CHAT_BUILDS; do
        name=${build%%=*} PIDS=() PORTS=()
        PEER=$name # for the names of the logs
        $CHAT_REDIS
        chat_nodes "${build#*=}" "$port"
        api_warm
        BUILD_PIDS[$name]=${PIDS[*]} BUILD_PORTS[$name]=${PORTS[*]}
        port=$((port + 3)) RPORT=$((RPORT + 1))
    done
}

# Called before each repetition.
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

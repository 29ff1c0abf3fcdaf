# chat, chat-api and chat-beside in turn, on the same nodes, one repetition each, since two nodes that were started one after the other may differ by
# more than the calls cost. Results have the names of the three; those of the first round are called warm, since much code is compiled during it. REPS
# should be a multiple of three.
. "$(dirname "${BASH_SOURCE[0]}")/chat-beside.sh"
eval "chat_$(declare -f peer_args)"
TURNS=(chat chat-api chat-beside) TURN=0

peer_start() {
    chat_peer_start
    api_warm
    beside_start
}

# Called before each repetition.
peer_args() {
    [ -z "${CALLER:-}" ] || kill "$CALLER"
    CALLER=
    PEER=${TURNS[TURN % 3]}
    case $PEER in
        chat-api) api_call "$API_KEY" "${PORTS[@]}" ;;
        chat-beside) api_call none 17459 ;;
    esac
    [ $((TURN++)) -gt 3 ] || PEER=warm # the first run is run.sh's own warm-up, which does not count
    chat_peer_args "$@"
}

# Chat, with 200 calls a second to the server API beside the measured load, to see what backends cost the users. chat-turns.sh compares it with chat.sh.
. "$(dirname "${BASH_SOURCE[0]}")/chat.sh"
API_KEY=for-measuring-only-0123456789abcdef
CHAT_SETTINGS="$CHAT_SETTINGS Api__Keys__0__Name=bench Api__Keys__0__Secret=$API_KEY"
eval "chat_$(declare -f peer_start)"

peer_start() {
    chat_peer_start
    api_warm
    api_call "$API_KEY" "${PORTS[@]}"
}

# Makes sure that the cost of calls is measured, not that of the compiler: a node recompiles the code of a call until it has run some thousand times.
api_warm() {
    timeout "${API_WARM:-20}" node "$CHAT_REPO/bench/peers/api-calls.mjs" 1500 "$API_KEY" "${PORTS[@]}" >"$SCRATCH/$PEER-warm.log" 2>&1
}

# Not spawned as a process of the peer, since the caller's cost is not the nodes'.
api_call() {
    node "$CHAT_REPO/bench/peers/api-calls.mjs" "${API_RATE:-200}" "$@" >"$SCRATCH/$PEER-calls.log" 2>&1 &
    CALLER=$!
    STARTED+=("$CALLER")
}

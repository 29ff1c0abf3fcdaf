# Chat, with 200 calls a second to the server API beside what is measured: what do backends cost those who talk? chat-turns.sh compares it with chat.sh.
. "$(dirname "${BASH_SOURCE[0]}")/chat.sh"
API_KEY=for-measuring-only-0123456789abcdef
CHAT_SETTINGS="$CHAT_SETTINGS Api__Keys__0__Name=bench Api__Keys__0__Secret=$API_KEY"
eval "chat_$(declare -f peer_start)"

peer_start() {
    chat_peer_start
    api_warm
    api_call "$API_KEY" "${PORTS[@]}"
}

# What is measured is a call's cost, not the compiler's: a node compiles what a call runs through anew until it has run some thousand times.
api_warm() {
    timeout "${API_WARM:-20}" node "$CHAT_REPO/bench/peers/api-calls.mjs" 1500 "$API_KEY" "${PORTS[@]}" >"$SCRATCH/$PEER-warm.log" 2>&1
}

# Not spawned: what the caller costs is not the nodes'.
api_call() {
    node "$CHAT_REPO/bench/peers/api-calls.mjs" "${API_RATE:-200}" "$@" >"$SCRATCH/$PEER-calls.log" 2>&1 &
    CALLER=$!
    STARTED+=("$CALLER")
}

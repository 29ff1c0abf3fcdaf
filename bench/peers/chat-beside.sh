# Chat, with the calls of chat-api.sh made to a program that has nothing to do with it. What a delivery costs more here than with chat.sh is the
# machine's share of it: caches and processors are shared with whoever calls. What chat-api.sh costs beyond this is the server API's.
. "$(dirname "${BASH_SOURCE[0]}")/chat.sh"
eval "chat_$(declare -f peer_start)"

peer_start() {
    chat_peer_start
    node -e 'require("http").createServer((q, r) => { q.resume(); q.on("end", () => r.end("{}")); }).listen(17459, "127.0.0.1")' &
    STARTED+=("$!")
    wait_port 17459
    node "$CHAT_REPO/bench/peers/api-calls.mjs" "${API_RATE:-200}" none 17459 >"$SCRATCH/$PEER-calls.log" 2>&1 &
    STARTED+=("$!")
}

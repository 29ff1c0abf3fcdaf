# Chat, with the calls of chat-api.sh made to an unrelated program. The extra cost of a delivery compared to chat.sh is the machine's share: the nodes
# share caches and processors with the caller. The cost of chat-api.sh beyond this one is the server API's share.
. "$(dirname "${BASH_SOURCE[0]}")/chat-api.sh"

peer_start() {
    chat_peer_start
    beside_start
    api_call none 17459
}

beside_start() {
    node -e 'require("http").createServer((q, r) => { q.resume(); q.on("end", () => r.end("{}")); }).listen(17459, "127.0.0.1")' &
    STARTED+=("$!")
    wait_port 17459
}

# Chat, with the calls of chat-api.sh made to a program that has nothing to do with it. What a delivery costs more here than with chat.sh is the
# machine's share of it: caches and processors are shared with whoever calls. What chat-api.sh costs beyond this is the server API's.
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

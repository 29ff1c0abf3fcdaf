# Chat's SignalR hub behind one Edge.Proxy: the nodes and users of chat-hub.sh, and the edge as "proxy".
. "$(dirname "${BASH_SOURCE[0]}")/chat-hub.sh"
eval "hub_$(declare -f peer_args)"
. "$(dirname "${BASH_SOURCE[0]}")/chat-edge.sh"
peer_args() { hub_peer_args "$@"; }

# Chat with JSON frames: the same as chat.sh, with ids and positions on the wire.
CHAT_FORMAT=json
. "$(dirname "${BASH_SOURCE[0]}")/chat.sh"

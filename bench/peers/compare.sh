#!/bin/bash
# compare.sh [PEER...]     measures Chat beside the alternatives, and prints one table of all measurements so far.
#   Peers, by default all: chat chat-edge chat-hub chat-hub-edge ws socketio signalr signalr-nginx; a peer with -nginx behind its name is
#   measured through nginx. If something that a peer needs is missing (node's packages, nginx), that is reported and the peer left out.
# Environment: BENCH_TOOL, the folder of the generator with its run.sh; OUT, the file that collects results (compare.jsonl), so that they can be measured
#   in several calls; REPS (3), TIME (3 s) and WARM (1.5 s) of a load; SETTLE (10 s) between the last connect and the measurement of idle connections.
# Each peer runs three times: for the cost of a message, for connects, and, from a fresh start each time, for idle connections.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export WSBENCH_PEERS=$HERE OUT=${OUT:-compare.jsonl} REPS=${REPS:-3} TIME=${TIME:-3} WARM=${WARM:-1.5} SETTLE=${SETTLE:-10}
export NODE_MODULES_AT=${NODE_MODULES_AT:-$HOME/.cache/wsbench}
RUN=${BENCH_TOOL:?the folder of the generator, with run.sh in it}/run.sh
STORMS=$((REPS + 5)) # the first ones do not count: code is compiled in them
IDLE=${IDLE:-10000} COMING=${COMING:-3000}
ulimit -s unlimited # every user of the hub has a token, and the generator takes each as an argument

missing() {
    case $1 in
        ws | socketio) command -v node >/dev/null || { echo "no node"; return; }
            local need=ws
            [ "$1" = ws ] || need=socket.io
            [ -d "$NODE_MODULES_AT/node_modules/$need" ] || echo "no $need in $NODE_MODULES_AT/node_modules" ;;
        *-nginx) command -v nginx >/dev/null || echo "no nginx" ;;
    esac
}

measure() { # label peer
    local label=$1 peer=$2 gathered rep
    gathered=$(mktemp)
    OUT=$gathered "$RUN" "$peer" F100 M2000 O5000 F100 M2000 O5000 # code is compiled in the first ones; the table takes the last
    OUT=$gathered N=$COMING REPS=$STORMS "$RUN" "$peer" "S$COMING"
    for ((rep = 0; rep < REPS; rep++)); do OUT=$gathered "$RUN" "$peer" "I$IDLE"; done
    sed "s|\"label\":\"$peer/|\"label\":\"$label/|" "$gathered" >>"$OUT"
    rm -f "$gathered"
}

# Runs before anything is measured, and leaves no compiler process behind that would still be busy while the first peer runs.
build() {
    local project
    for project in Chat.Api Edge.Proxy bench/signalr; do
        dotnet build "$HERE/../../$project" -c Release -v quiet --nologo -nodeReuse:false -p:UseSharedCompilation=false >&2 || exit 1
    done
    export CHAT_BUILT=1
}

[ $# -gt 0 ] || set -- chat chat-edge chat-hub chat-hub-edge ws socketio signalr signalr-nginx
[ "$1" = --table ] || [ -n "${CHAT_BUILT:-}" ] || build
for label in "$@"; do
    [ "$label" != --table ] || continue
    why=$(missing "$label")
    if [ -n "$why" ]; then echo "$label is left out: $why." >&2; continue; fi
    case $label in
        *-nginx) PROXY=nginx measure "$label" "${label%-nginx}" ;;
        *) measure "$label" "$label" ;;
    esac
done
node "$HERE/compare.mjs" "$REPS" "$OUT"

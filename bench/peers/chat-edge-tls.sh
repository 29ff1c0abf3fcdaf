# Chat behind one Edge.Proxy at which TLS ends. The generator speaks no TLS, so an nginx with the module stream adds TLS to each of its connections, with
# a handshake for each, as for as many clients. The CPU of that nginx is not counted.
. "$(dirname "${BASH_SOURCE[0]}")/chat-edge.sh"
eval "chat_edge_$(declare -f peer_start)"
TLS_PORT=17462 TLS_CERTIFICATE=$SCRATCH/tls.pem TLS_KEY=$SCRATCH/tls.key
EDGE_SETTINGS="$EDGE_SETTINGS ASPNETCORE_URLS=http://127.0.0.1:17460;https://127.0.0.1:$TLS_PORT
    Kestrel__Certificates__Default__Path=$TLS_CERTIFICATE Kestrel__Certificates__Default__KeyPath=$TLS_KEY"

peer_start() {
    tls_certificate
    chat_edge_peer_start
    tls_around
}

tls_certificate() {
    # shellcheck disable=SC2086
    openssl req -x509 -newkey ${TLS_NEWKEY:-rsa:2048} -nodes -days 2 -subj /CN=localhost -out "$TLS_CERTIFICATE" -keyout "$TLS_KEY" 2>"$SCRATCH/tls.log"
}

tls_around() {
    wait_port "$TLS_PORT"
    tls_nginx around "load_module modules/ngx_stream_module.so;" "stream { server { listen 127.0.0.1:17463 backlog=4096; proxy_timeout 1h;
        proxy_pass 127.0.0.1:$TLS_PORT; proxy_ssl on; proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse off; } }"
    wait_port 17463
    PORTS=(17463)
}

# tls_nginx NAME FIRST REST: starts an nginx with two workers; $LAST is its master
tls_nginx() {
    echo "$2 daemon off; worker_processes 2; worker_rlimit_nofile $(ulimit -n); pid $SCRATCH/$1.pid; error_log $SCRATCH/$1.err; events { worker_connections 30000; } $3" >"$SCRATCH/$1.conf"
    nginx -c "$SCRATCH/$1.conf" >"$SCRATCH/$1.log" 2>&1 &
    LAST=$!
    STARTED+=("$LAST")
}

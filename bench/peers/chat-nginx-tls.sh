# Chat behind nginx at which TLS ends, to compare with the edge of chat-edge-tls.sh: the same certificate and the same nodes.
. "$(dirname "${BASH_SOURCE[0]}")/chat-edge-tls.sh"

peer_start() {
    tls_certificate
    chat_nodes_peer_start
    local port temp nodes= k=1
    for port in "${PORTS[@]}"; do nodes+="server 127.0.0.1:$port; "; done
    temp=$(for port in client_body proxy fastcgi uwsgi scgi; do echo "${port}_temp_path $SCRATCH/t_$port;"; done)
    tls_nginx balance "" "http { access_log off; $temp upstream nodes { least_conn; $nodes } server {
        listen 127.0.0.1:$TLS_PORT ssl backlog=4096; ssl_certificate $TLS_CERTIFICATE; ssl_certificate_key $TLS_KEY; ssl_protocols TLSv1.3;
        location / { proxy_pass http://nodes; proxy_http_version 1.1; proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection upgrade;
            proxy_set_header Host \$host; proxy_read_timeout 1h; } } }"
    wait_port "$TLS_PORT"
    for port in $(pgrep -P "$LAST"); do PIDS+=("proxy$((k++))=$port"); done
    tls_around
}

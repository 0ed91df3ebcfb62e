#!/bin/bash
# Honours the official dind image's contract: an engine on port 2376 that asks for the certificate
# which it leaves under $DOCKER_TLS_CERTDIR/client. Options go to dockerd; a command is run instead.
set -euo pipefail

if [ $# -gt 0 ] && [ "${1:0:1}" != - ]; then exec "$@"; fi

FOLDER=$DOCKER_TLS_CERTDIR
NAMES="DNS:docker,DNS:localhost,DNS:$(hostname),IP:127.0.0.1"

key_and_certificate() { # of whom, in which folder, extensions
    mkdir -p "$FOLDER/$2"
    openssl req -new -nodes -newkey rsa:2048 -subj "/CN=docker:dind $1" \
        -keyout "$FOLDER/$2/key.pem" -out "$FOLDER/$2/request.pem" 2>/dev/null
    openssl x509 -req -days 825 -in "$FOLDER/$2/request.pem" -out "$FOLDER/$2/cert.pem" \
        -CA "$FOLDER/ca/cert.pem" -CAkey "$FOLDER/ca/key.pem" -CAcreateserial \
        -extfile <(printf '%s\n' "$3") 2>/dev/null
    cp "$FOLDER/ca/cert.pem" "$FOLDER/$2/ca.pem"
    chmod 0644 "$FOLDER/$2/"*.pem
    rm "$FOLDER/$2/request.pem"
}

mkdir -p "$FOLDER/ca"
openssl req -new -x509 -nodes -newkey rsa:2048 -days 825 -subj "/CN=docker:dind CA" \
    -addext keyUsage=critical,digitalSignature,keyCertSign \
    -keyout "$FOLDER/ca/key.pem" -out "$FOLDER/ca/cert.pem" 2>/dev/null
key_and_certificate server server "extendedKeyUsage = serverAuth
subjectAltName = $NAMES"
key_and_certificate client client "extendedKeyUsage = clientAuth"

# Where the container has its capabilities one by one instead of --privileged, these are read-only.
for folder in /proc/sys $(find /sys/fs/cgroup -maxdepth 1); do
    if mountpoint --quiet "$folder"; then mount -o remount,bind,rw "$folder" || true; fi
done

# What an engine of the same container has left behind.
rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
exec dockerd --host=unix:///var/run/docker.sock --host=tcp://0.0.0.0:2376 --tlsverify \
    --tlscacert="$FOLDER/server/ca.pem" --tlscert="$FOLDER/server/cert.pem" \
    --tlskey="$FOLDER/server/key.pem" "$@"

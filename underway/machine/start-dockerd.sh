#!/bin/sh
# Start dockerd where no init system does. It outlives whoever starts it; its log is file $1.
set -eu
export PATH="$PATH:/usr/sbin:/sbin"

# Whether the process of pid file $1 is the program $2, and neither another one that has its number
# since nor what is left of it before its parent takes note.
alive() {
    [ -s "$1" ] || return 1
    case "$(readlink "/proc/$(cat "$1")/exe")" in
        */"$2" | */"$2 (deleted)") return 0 ;;
        *) return 1 ;;
    esac
}

if alive /var/run/docker.pid dockerd; then
    exit 0
fi
# After a hard stop these stay behind, and a number in them may be another process by now.
rm -f /var/run/docker.pid /var/run/docker.sock
if ! alive /var/run/docker/containerd/containerd.pid containerd; then
    rm -f /var/run/docker/containerd/containerd.pid /var/run/docker/containerd/*.sock*
fi
exec setsid --fork dockerd >"$1" 2>&1 </dev/null

#!/bin/sh
# docker for gitlab-ci-local: what it makes bears the labels of its run, by which it is found again;
# and where this machine's user lacks a part of what --privileged asks, an engine gets what it needs.
case "$1 ${2-}" in
    create\ * | run\ *) labelled=1 ;;
    network\ create | volume\ create) labelled=2 ;;
    *) labelled=0 ;;
esac
count=0
for word; do
    shift
    count=$((count + 1))
    if [ "$word" = --privileged ] && [ "$UNDERWAY_PRIVILEGED" = 0 ]; then
        set -- "$@" --cap-add=SYS_ADMIN --cap-add=NET_ADMIN \
            --security-opt=seccomp=unconfined --security-opt=apparmor=unconfined
    else
        set -- "$@" "$word"
    fi
    if [ "$count" -eq "$labelled" ]; then
        # shellcheck disable=SC2086 # Several options, none with a space in it.
        set -- "$@" $UNDERWAY_LABELS
    fi
done
exec docker "$@"

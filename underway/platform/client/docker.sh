#!/bin/sh
# The user's own docker, with Heroku's registry leading to the platform's. An engine takes plain
# HTTP from 127.0.0.0/8 only, and does not know the platform's names.
set -eu

for argument do
    shift
    case "$argument" in
    *registry.heroku.localhost* | *registry.heroku.com*)
        argument=$(printf '%s' "$argument" |
            sed -E "s/registry\.heroku\.(localhost|com)/127.0.0.1:$UNDERWAY_PLATFORM_REGISTRY/g")
        ;;
    esac
    set -- "$@" "$argument"
done

exec "$UNDERWAY_DOCKER" "$@"

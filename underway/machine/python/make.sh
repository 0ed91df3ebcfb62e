#!/bin/sh
# Debian trixie with its Python, laid out like the official slim image. In folder $1 lie the
# certificates to trust; image.tar and version, Python's, come to lie beside them.
set -eu
here=$(dirname -- "$0")
export WORK="$1" CUSTOMIZE="$here/customize.sh"

# What the official image leaves out too, and what apt adds to it later.
mmdebstrap \
    --variant=minbase \
    --include=ca-certificates,netbase,python3,python3-pip,python3-venv,tzdata \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/groff/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-include=/usr/share/locale/locale.alias' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='force-unsafe-io' \
    --customize-hook='sh "$CUSTOMIZE" "$1" "$WORK"' \
    trixie "$WORK/image.tar"
chmod a+r "$WORK/image.tar" "$WORK/version"

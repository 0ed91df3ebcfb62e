#!/bin/sh
# Make the Debian of folder $1 an image for Python; $2 is the work folder of make.sh.
set -eu
root=$1
work=$2

for name in python python3; do ln -s /usr/bin/python3 "$root/usr/local/bin/$name"; done
for name in pip pip3; do ln -s /usr/bin/pip3 "$root/usr/local/bin/$name"; done
# A container needs no second environment to keep pip from the system's packages.
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED

# The official image comes without bytecode.
find "$root/usr/lib" -name __pycache__ -prune -exec rm -rf {} +

for certificate in "$work"/certificates/*.crt; do
    [ -e "$certificate" ] && cp "$certificate" "$root/usr/local/share/ca-certificates/"
done
chroot "$root" update-ca-certificates
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$root/etc/pip.conf"

# As in the official image: a layer that installs packages does not keep their archives.
cat >"$root/etc/apt/apt.conf.d/docker-clean" <<'CLEAN'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
CLEAN

chroot "$root" python3 -c 'import platform; print(platform.python_version())' >"$work/version"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/debconf/*-old \
    "$root"/var/log/*.log "$root"/var/log/apt "$root"/var/cache/ldconfig/aux-cache \
    "$root"/etc/resolv.conf "$root"/etc/hostname

#!/bin/sh
# Makes the file system of an image for tests, as a tar file, without a registry: Python and BusyBox from Debian's packages,
# Node.js and Java from this machine.
#   usage: image.sh TAR JAVA_HOME
set -eu
target=$1
java_home=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/usr/bin" "$work/packages"

apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  python3 busybox-static libc-bin | grep '^[a-z0-9]' | sort -u \
  | grep -vE '^(perl|libperl|dpkg|tar$|install-info|mailcap|mime-support|media-types|libdb|libgdbm)' >"$work/names"
(cd "$work/packages" && xargs apt-get download -q <"$work/names" >/dev/null)
for each in "$work"/packages/*.deb; do
  dpkg -x "$each" "$root"
done
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale "$root"/usr/share/lintian
for each in bin lib lib64; do
  [ -e "$root/$each" ] || ln -s "usr/$each" "$root/$each"
done
chroot "$root" /bin/busybox --install -s /bin

node=$(command -v node || true)
if [ -n "$node" ]; then
  cp -L "$node" "$root/usr/bin/node"
  ldd "$node" | grep -o '/[^ ]*' | while read -r library; do
    [ -e "$root$library" ] && continue
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
fi
if "$java_home/bin/jlink" --add-modules java.base,jdk.compiler --strip-debug --no-header-files --no-man-pages \
  --output "$root/opt/java" >/dev/null 2>&1; then
  ln -s ../../opt/java/bin/java "$root/usr/bin/java"
fi

mkdir -p "$root/run" "$root/var/tmp" "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/etc"
chmod 1777 "$root/tmp"
chmod 755 "$root"
ldconfig -r "$root"
tar -C "$root" -cf "$target.part" .
mv "$target.part" "$target"

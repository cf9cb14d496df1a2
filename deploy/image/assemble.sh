#!/usr/bin/env bash
# Lays the tree of the image: Python, our code, a shell with a few tools for people, and the libraries that these load.
set -euo pipefail
tree=$1
user=opensqt id=10001
tools="bash sh cat cp date df du env head hostname id kill ls mkdir mv rm sleep stat tail tar gzip touch unshare"

# Nothing may lie in two places: the folders of old are links, as in Debian.
mkdir -p "$tree"/{usr/bin,usr/sbin,usr/lib,usr/lib64,usr/local/bin,etc/ssl/certs,data,tmp,run,var,proc,sys,dev}
for name in bin sbin lib lib64; do ln -s "usr/$name" "$tree/$name"; done
chmod 1777 "$tree/tmp"

# take FILE: copy a file, and what it is a link to, under its real path.
take() {
  local real
  real=$(readlink -f "$1")
  mkdir -p "$tree$(dirname "$real")"
  cp -an "$real" "$tree$real"
  if [ "$1" != "$real" ]; then
    local shown
    shown=$(readlink -f "$(dirname "$1")")/$(basename "$1")
    mkdir -p "$tree$(dirname "$shown")"
    [ -e "$tree$shown" ] || ln -s "$real" "$tree$shown"
  fi
}

python=$(readlink -f /opt/venv/bin/python)
stdlib=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
take "$python"
mkdir -p "$tree$stdlib"
tar -C "$stdlib" --exclude=test --exclude=tests --exclude=idlelib --exclude=tkinter --exclude=turtledemo \
  --exclude=ensurepip --exclude=lib2to3 --exclude=site-packages --exclude=dist-packages --exclude=__pycache__ \
  --exclude='config-*' --exclude=pydoc_data -cf - . | tar -C "$tree$stdlib" -xf -
for tool in $tools; do
  found=$(type -P "$tool" || true)
  [ -z "$found" ] || take "$found"
done
cp -a --parents /opt/venv /app "$tree"
ln -sf "$python" "$tree/opt/venv/bin/python3"
install -m 0755 /build/image/opensqt "$tree/usr/local/bin/opensqt"

# Libraries, by name: what Python, its modules, the tools and the servers ask the loader for.
{ find "$tree" -type f \( -name '*.so*' -o -perm /111 \) -print0 | xargs -0 -n 50 ldd 2>/dev/null || true; } \
  | grep -oE '(=> )?/[^ ]+ \(0x' | grep -oE '/[^ ]+' | sort -u | while read -r library; do
  case $library in "$tree"*|/opt/venv/*) ;; *) take "$library" ;; esac
done
cp -aL /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/" 2>/dev/null || true
cp -a --parents /usr/lib/locale/C.utf8 "$tree" 2>/dev/null || true
cp /etc/nsswitch.conf "$tree/etc/" 2>/dev/null || echo "hosts: files dns" >"$tree/etc/nsswitch.conf"

printf 'root:x:0:0:root:/root:/usr/sbin/nologin\n%s:x:%s:%s:OpenSQT:/data:/bin/sh\n' "$user" "$id" "$id" >"$tree/etc/passwd"
printf 'root:x:0:\n%s:x:%s:\n' "$user" "$id" >"$tree/etc/group"
chown "$id:$id" "$tree/data"
chmod 0750 "$tree/data"

find "$tree" -name __pycache__ -type d -prune -exec rm -rf {} +
chmod -R go+rX,go-w "$tree/app" "$tree/opt"
# Compiled by content, not by time: nothing in the image changes, so nobody looks at the source again.
PYTHONHASHSEED=0 "$python" -m compileall -q -s "$tree" --invalidation-mode unchecked-hash \
  "$tree/app" "$tree$stdlib" "$tree/opt/venv/lib" >/dev/null || true
find "$tree" -exec touch --no-dereference --date=@0 {} +

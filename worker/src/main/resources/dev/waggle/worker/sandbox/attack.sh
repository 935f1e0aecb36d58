# What code in the shell tries in order to get out; see attack.py.
attack=$1 bait=$2 loopback=$3 lan=$4 lan_port=$5 names=$6 token=$7 amount=$8

tell() { printf '%s %s\n' "$1" "$2"; }

attempt() {
  name=$1
  shift
  if "$@" >/dev/null 2>&1; then tell "$name" done; else tell "$name" denied; fi
}

write() { (echo "$token" >"$1"); }

reach() {
  perl -e 'use IO::Socket::INET; exit(IO::Socket::INET->new(PeerAddr => "$ARGV[0]:$ARGV[1]", Timeout => 1) ? 0 : 1)' "$1" "$2" && return 0
  command -v bash >/dev/null && timeout 1 bash -c ": </dev/tcp/$1/$2"
}

interfaces() { tail -n +3 /proc/net/dev | grep -qv '^ *lo:'; }

environments() {
  pattern=^\($(printf %s "$names" | tr , '|')\)=
  for each in /proc/[0-9]*/environ; do
    tr '\0' '\n' <"$each" | grep -Eq "$pattern" && return 0
  done
  return 1
}

others() { cat /proc/[0-9]*/root"$bait"; }

probe() {
  attempt host-file cat "$bait"
  attempt host-file-through-others others
  attempt shadow cat /etc/shadow
  for each in /escape /usr/escape /etc/escape /dev/escape /proc/escape; do
    attempt "write$(printf %s "$each" | tr / -)" write "$each"
  done
  attempt write-bait write "$bait.escape"
  attempt kernel-setting write /proc/sys/kernel/core_pattern
  attempt loopback reach 127.0.0.1 "$loopback"
  [ "$lan" = none ] || attempt own-address reach "$lan" "$lan_port"
  attempt interfaces interfaces
  attempt environments environments
  attempt unshare unshare -U true
  attempt unshare-net unshare -n true
  attempt mount mount -t tmpfs x /tmp
  attempt remount mount -o remount,rw /
  attempt mount-as-root unshare -r -m mount -t tmpfs x /tmp
  attempt device mknod device b 8 0
  attempt set-uid setpriv --reuid=0 true
  raw_calls
  fill
  attempt end false
  head -c "$amount" /dev/zero
}

# A program that came with the script, which tells by itself what was not denied.
raw_calls() {
  ./raw-calls
  [ $? -ne 126 ] || tell raw-calls denied # Nobody may run it.
}

fill() {
  written=0
  for directory in . /tmp /var/tmp /dev/shm /run / /home; do
    for number in 1 2 3; do
      head -c "$((8 * amount))" /dev/zero >"$directory/fill$number"
      size=$(wc -c <"$directory/fill$number") && written=$((written + size))
    done
  done 2>/dev/null
  tell disk "$written"
}

fork() {
  linger
  count=0
  while [ "$count" -lt "$amount" ]; do
    sleep 60 &
    count=$((count + 1))
    tell processes "$count"
  done 2>/dev/null
}

hoard() {
  text=xxxxxxxxxxxxxxxx
  while [ "${#text}" -lt "$((amount / 2))" ]; do
    text=$text$text
    tell memory "${#text}" # Each as much again as all before.
  done
  sleep 60
}

linger() {
  sh -c "trap '' TERM HUP INT; while :; do :; done; : $token" >/dev/null 2>&1 &
  tell daemon none
}

spin() {
  while :; do :; done
}

"$attack"

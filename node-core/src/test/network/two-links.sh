#!/bin/sh
# A machine and two others, "w1" and "w2", each at the end of a link of its own that can be cut, slow or well, all in
# namespaces that end with this script. The nodes' link is 10.8.N.1 to 10.8.N.2; another one that is always well,
# 10.9.N.1 to 10.9.N.2, is for the engines, which run on the first machine.
# usage: unshare -r -n -m -p --fork --kill-child --mount-proc sh two-links.sh probe
#        ... two-links.sh run COMMAND...   makes the links, and runs a command in the middle of them
#        two-links.sh cut|slow|heal w1|w2  within that command
set -eu

# shaped AT DEVICE: at most 384 kbit/s, with delay and loss where the kernel can do that by itself
shaped() {
  $1 tc qdisc replace dev "$2" root netem delay 40ms 10ms loss 2% rate 384kbit 2>/dev/null && return
  # What waits in this queue is late, by up to a second and a half; nft drops some of it.
  $1 tc qdisc replace dev "$2" root tbf rate 384kbit burst 4kb latency 1500ms
  nft add element inet links lossy "{ \"to-$w\" }"
}

case $1 in
cut)
  # Nothing comes through any more, and nobody is told.
  nft add element inet links cut "{ \"to-$2\" }"
  ;;
slow)
  w=$2
  shaped "" "to-$w"
  shaped "ip netns exec $w" mesh
  ;;
heal)
  nft delete element inet links cut "{ \"to-$2\" }" 2>/dev/null || true
  nft delete element inet links lossy "{ \"to-$2\" }" 2>/dev/null || true
  tc qdisc del dev "to-$2" root 2>/dev/null || true
  ip netns exec "$2" tc qdisc del dev mesh root 2>/dev/null || true
  ;;
probe | run)
  ip link set lo up
  mount -t tmpfs none /run
  mkdir -p /run/netns
  for n in 1 2; do
    ip netns add w$n
    ip -n w$n link set lo up
    for link in mesh:8:to-w$n engine:9:engine-w$n; do
      inner=${link%%:*}
      outer=${link##*:}
      net=${link#*:}
      net=10.${net%%:*}.$n
      ip link add "$outer" type veth peer name "$inner" netns w$n
      ip address add "$net.1/30" dev "$outer"
      ip -n w$n address add "$net.2/30" dev "$inner"
      ip link set "$outer" up
      ip -n w$n link set "$inner" up
    done
  done
  nft -f - <<N
table inet links {
  set cut { type ifname; }
  set lossy { type ifname; }
  chain arriving {
    type filter hook input priority 0; policy accept;
    iifname @cut drop
    iifname @lossy numgen random mod 100 < 3 drop
  }
  chain leaving {
    type filter hook output priority 0; policy accept;
    oifname @cut drop
  }
}
N
  sh "$0" slow w1
  sh "$0" cut w1
  sh "$0" heal w1
  [ "$1" = run ] || { echo possible; exit 0; }
  shift
  "$@"
  ;;
esac

#!/bin/sh
# Two local networks behind two NATs, a relay on the outside between them, all in namespaces that end with this
# script. Nodes anna and bert are on one local network, carla on the other, rosa outside.
# usage: unshare -r -n -m -p --fork --kill-child --mount-proc sh two-nats.sh probe|run JAVA JAR DIRECTORY
# Prints what happened, one line each; NetworksIT reads them.
set -eu
what=$1

ip link set lo up
mount -t tmpfs none /run
mkdir -p /run/netns

# inner.outer pairs: the router "net" stands for the internet.
for name in net rosa nata natc anna bert carla; do
  ip netns add $name
  ip -n $name link set lo up
done

# link NAME-A ADDRESS-A NAME-B ADDRESS-B: a cable between two namespaces
link() {
  ip link add "$1-$3" netns "$1" type veth peer name "$3-$1" netns "$3"
  ip -n "$1" address add "$2" dev "$1-$3"
  ip -n "$3" address add "$4" dev "$3-$1"
  ip -n "$1" link set "$1-$3" up
  ip -n "$3" link set "$3-$1" up
}
link rosa 203.0.113.2/30 net 203.0.113.1/30
link nata 203.0.113.6/30 net 203.0.113.5/30
link natc 203.0.113.10/30 net 203.0.113.9/30
link anna 192.168.1.2/30 nata 192.168.1.1/30
link bert 192.168.1.6/30 nata 192.168.1.5/30
link carla 192.168.2.2/30 natc 192.168.2.1/30
ip -n rosa route add default via 203.0.113.1
ip -n nata route add default via 203.0.113.5
ip -n natc route add default via 203.0.113.9
ip -n anna route add default via 192.168.1.1
ip -n bert route add default via 192.168.1.5
ip -n carla route add default via 192.168.2.1
for name in net nata natc; do
  ip netns exec $name sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
done
for name in nata natc; do
  ip netns exec $name nft -f - <<N
table ip nat {
  chain leaving { type nat hook postrouting priority 100; oifname "$name-net" masquerade; }
}
table ip filter {
  chain entering {
    type filter hook forward priority 0; policy accept;
    iifname "$name-net" ct state established,related accept
    iifname "$name-net" drop
  }
}
N
done
[ "$what" = run ] || { echo possible; exit 0; }

java=$2
jar=$3
dir=$4

# at NODE COMMAND...: a command of the program where the node is
at() {
  node=$1
  shift
  command=$1
  shift
  ip netns exec "$node" "$java" -jar "$jar" "$command" --data-dir "$dir/$node" "$@"
}
# until SECONDS COMMAND...: repeats a command until it succeeds
until_true() {
  left=$1
  shift
  while ! "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "gave up: $*"; return 1; }
    sleep 1
  done
}
# sees NODE OTHER PATTERN: the peers of a node, as JSON on one line each, match
sees() {
  at "$1" peers --json 2>/dev/null | tr -d ' \n' | sed 's/{"peerId"/\n&/g' | grep "\"name\":\"$2\"" | grep -q "$3"
}
does_not_see() {
  ! at "$1" peers --json 2>/dev/null | tr -d ' \n' | grep -q "\"name\":\"$2\""
}
start() {
  mkdir -p "$dir/$1"
  ip netns exec "$1" "$java" -jar "$jar" start --data-dir "$dir/$1" --name "$1" --sandbox off --no-ollama --no-power-policy --no-mdns \
    --ready-file "$dir/$1/ready" >"$dir/$1.log" 2>&1 &
  until_true 60 test -e "$dir/$1/ready"
}
join() {
  token=$(at rosa invite --json | sed 's/.*"token" *: *"\([^"]*\)".*/\1/')
  at "$1" join "$token" >/dev/null
}

for node in rosa anna bert carla; do
  start $node
done
for node in anna bert carla; do
  join $node
done
echo joined

until_true 90 sees anna carla '"relayed":true'
until_true 90 sees carla anna '"relayed":true'
echo "anna and carla meet through a relay"
until_true 30 sees anna bert '"relayed":false'
until_true 30 sees anna rosa '"relayed":false'
echo "anna and bert do not"

until_true 30 sh -c "ip netns exec anna '$java' -jar '$jar' models --data-dir '$dir/anna' --json | grep -q tiny"
at anna chat -m tiny "tell me of bees" >"$dir/first.answer" 2>&1 || { cat "$dir/first.answer"; exit 1; }
echo "chat: $(tr '\n' ' ' <"$dir/first.answer")"

ip -n natc link set natc-net down
until_true 40 does_not_see anna carla
echo "carla is gone"
ip -n natc link set natc-net up
ip -n natc route replace default via 203.0.113.9
until_true 120 sees anna carla '"connected":true'
until_true 30 sh -c "ip netns exec anna '$java' -jar '$jar' models --data-dir '$dir/anna' --json | grep -q tiny"
at anna chat -m tiny "tell me more of bees" >"$dir/second.answer" 2>&1 || { cat "$dir/second.answer"; exit 1; }
echo "again: $(tr '\n' ' ' <"$dir/second.answer")"
until_true 10 sees anna bert '"relayed":false'
echo done

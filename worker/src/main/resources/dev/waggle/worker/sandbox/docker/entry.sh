# The first process of a task's container: unpacks the task, runs it, ends whatever it left, and then writes to standard
# output what it took and the files that are wanted. Runs in any POSIX shell; needs head, tar and rm beside it.
#   usage: sh -c SCRIPT entry DIRECTORY LENGTH MARK COMMAND [ARGUMENT]...
# Standard input is LENGTH bytes of tar, with what the task reads in .stdin-MARK and the names of the wanted files in
# .wanted-MARK. Nobody closes it, therefore the length. MARK comes after the task's own output and errors.
# After the task only what is built into the shell is used, and exec: a task may have left no process to be had.
length=$2
mark=$3
cd "$1" || exit 125
shift 3
head -c "$length" | tar -x -o -m -f - || exit 125
exec 3<".stdin-$mark" 4<".wanted-$mark" || exit 125
rm ".stdin-$mark" ".wanted-$mark"

trap : TERM
"$@" <&3 3<&- 4<&- &
task=$!
wait "$task" 2>/dev/null
code=$?
trap '' TERM

alive() {
  for each in /proc/[0-9]*; do
    [ "$each" = /proc/1 ] && continue
    value=
    while read -r key value _; do
      [ "$key" = State: ] && break
    done 2>/dev/null <"$each/status"
    case $value in
      Z | X | '') ;;
      *) return 0 ;;
    esac
  done
  return 1
}
# Nobody else is to write from here on, and a kill takes its time.
kill -9 -1 2>/dev/null
tries=0
while alive && [ "$tries" -lt 1000 ]; do
  kill -9 -1 2>/dev/null
  tries=$((tries + 1))
done

number_in() {
  number=
  [ -r "$1" ] && read -r number <"$1"
  printf ' %s' "${number:-0}"
}
number_of() {
  number=
  if [ -r "$2" ]; then
    while read -r key value; do
      [ "$key" = "$1" ] && number=$value
    done <"$2"
  fi
  printf ' %s' "${number:-0}"
}
groups=/sys/fs/cgroup
# The engine carries the two streams each in its own time.
printf '%s' "$mark" >&2
exec 2>/dev/null
printf '%s %s' "$mark" "$code"
if [ -e $groups/cgroup.controllers ]; then
  printf ' us'
  number_of usage_usec $groups/cpu.stat
  number_in $groups/memory.peak
  number_of oom_kill $groups/memory.events
else
  printf ' ns'
  number_in $groups/cpuacct/cpuacct.usage
  number_in $groups/memory/memory.max_usage_in_bytes
  number_of oom_kill $groups/memory/memory.oom_control
fi
echo

set --
while IFS= read -r file; do
  [ -f "$file" ] && [ ! -h "$file" ] && set -- "$@" "$file"
done <&4
[ $# -eq 0 ] || exec tar -c -f - -- "$@"

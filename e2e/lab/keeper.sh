#!/bin/bash
# Owns one lab: keeper.sh RUN_FOLDER COMMAND...
# Runs the command, whose end is the end of the lab. TERM ends it. Whatever happened, nothing is left afterwards: the
# processes that the folder `pids` names are killed, then the run folder is removed.
run=$1
shift

alive() {
  local file pid state
  for file in "$run"/pids/*; do
    [ -e "$file" ] || continue
    pid=${file##*/}
    # A pid may have been given to another process by now; ours have the run folder in their arguments.
    if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$run"; then echo "$pid"; fi
  done 2>/dev/null
}

setpriv --pdeathsig KILL -- "$@" &
child=$!
trap 'kill -KILL $child 2>/dev/null' TERM INT HUP
while kill -0 $child 2>/dev/null; do wait $child; done
trap '' TERM INT HUP

for _ in {1..100}; do
  left=$(alive)
  [ -z "$left" ] && break
  # shellcheck disable=SC2086 # one argument per pid
  kill -KILL $left 2>/dev/null
  sleep 0.05
done
# The kernel removes the network some time after its last process; its name is free for the next lab at once.
[ -e "$run/link" ] && ip link delete "$(<"$run/link")" 2>/dev/null
# What a real node gave its pods. A group goes when its last process is gone.
for _ in {1..100}; do
  groups=$(ls -d /sys/fs/cgroup/"${run##*/}" /sys/fs/cgroup/*/"${run##*/}" 2>/dev/null)
  [ -z "$groups" ] && break
  # shellcheck disable=SC2086 # one argument per group
  find $groups -depth -type d -exec rmdir {} + 2>/dev/null
  sleep 0.05
done
# Files of the dead may still be held for a moment.
for _ in {1..50}; do
  rm -rf --one-file-system "$run" 2>/dev/null && break
  sleep 0.1
done

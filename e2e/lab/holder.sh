#!/bin/bash
# First process of a lab's namespaces: holder.sh RUN_FOLDER
# Its end ends every process in them, and with the last one go mounts and network. Bash reaps whatever is orphaned.
run=$1
# /proc is still the machine's, so this is the pid that the machine knows.
read -r pid _ </proc/self/stat
mount -t proc proc /proc || exit 1
ip link set lo up || exit 1
echo "$pid" >"$run/holder.new" && mv "$run/holder.new" "$run/holder"
trap 'exit 0' TERM INT
while :; do
  sleep infinity &
  wait $!
done

#!/bin/bash
# Makes the namespaces of a lab a place for a real node: prepare.sh RUN_FOLDER. Runs inside of them.
set -eu
run=$1
group=$(basename "$run")

echo 1 >/proc/sys/net/ipv4/ip_forward
# Otherwise the answer of a pod on the same bridge takes the short way and is not translated back: no Service answers.
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables

# These programs know fixed places; what they write there goes with the run folder.
own() {
  mkdir -p "$run/$1" "$2"
  mount --bind "$run/$1" "$2"
}
own kubelet /var/lib/kubelet
own cni-state /var/lib/cni
own container-logs /var/log/containers
own containerd-run /run/containerd

# kubelet sets these for the whole machine and nobody sets them back. Here it finds them as it wants them.
mkdir -p "$run/sysctl"
for setting in vm/overcommit_memory:1 vm/panic_on_oom:0 kernel/panic:10 kernel/panic_on_oops:1 \
  kernel/keys/root_maxkeys:1000000 kernel/keys/root_maxbytes:25000000; do
  path=${setting%:*}
  echo "${setting#*:}" >"$run/sysctl/${path##*/}"
  mount --bind "$run/sysctl/${path##*/}" "/proc/sys/$path"
done

# Pods of this lab live below a group of its own: two kubelets would take each other's for orphans.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p "/sys/fs/cgroup/$group"
else
  for hierarchy in cpu cpuacct cpuset memory devices freezer blkio pids systemd; do
    [ -d "/sys/fs/cgroup/$hierarchy" ] && mkdir -p "/sys/fs/cgroup/$hierarchy/$group"
  done
  # A new group has no processors and takes no process before it is given some.
  for file in cpuset.cpus cpuset.mems; do
    cat "/sys/fs/cgroup/cpuset/$file" >"/sys/fs/cgroup/cpuset/$group/$file"
  done
fi

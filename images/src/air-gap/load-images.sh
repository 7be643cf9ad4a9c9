#!/bin/sh
# Brings the images of this folder into a registry, or into containerd on this node.
set -eu

usage() {
  cat <<'TEXT'
Usage: load-images.sh [--plain-http] [--public-key FILE] REGISTRY
       load-images.sh [--public-key FILE] --containerd

  REGISTRY           where they go, such as registry.corp.local; the path process-meter/… is put behind it
  --containerd       import them into containerd on this machine (namespace k8s.io) instead
  --plain-http       the registry speaks no TLS
  --public-key FILE  check the signature of the checksums with this key first

Needs skopeo for a registry (sign in before: skopeo login REGISTRY), ctr for containerd, openssl for a signature.
The checksums are always checked first. Exit codes: 0 done, 1 something is wrong, 2 wrong usage.
TEXT
}

fail() {
  echo "load-images: $1" >&2
  exit 1
}

registry='' containerd='' tls=true key=''
while [ $# -gt 0 ]; do
  case $1 in
    --containerd) containerd=yes ;;
    --plain-http) tls=false ;;
    --public-key)
      [ $# -gt 1 ] || { usage >&2; exit 2; }
      key=$(realpath "$2")
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) registry=$1 ;;
  esac
  shift
done
if [ -z "$registry$containerd" ]; then
  usage >&2
  exit 2
fi

cd "$(dirname "$0")"
if [ -n "$key" ]; then
  [ -f SHA256SUMS.sig ] || fail 'this bundle is not signed'
  openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null 2>&1 ||
    fail 'the signature is not of this key, or the checksums were changed'
  echo 'load-images: the signature is right'
fi
sha256sum --check --strict --quiet SHA256SUMS || fail 'a file is not what was packed'
echo 'load-images: all files are what was packed'

if [ -n "$containerd" ]; then
  command -v ctr >/dev/null || fail 'ctr is missing'
else
  command -v skopeo >/dev/null || fail 'skopeo is missing'
fi
while read -r archive name digest; do
  if [ -n "$containerd" ]; then
    ctr --namespace k8s.io images import --digests "images/$archive" >/dev/null || fail "$name could not be imported"
  else
    skopeo copy --quiet --preserve-digests --dest-tls-verify=$tls \
      "oci-archive:images/$archive" "docker://$registry/$name" || fail "$name could not be copied"
  fi
  echo "load-images: $name $digest"
done <images.txt

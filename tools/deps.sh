#!/usr/bin/env bash
# Installs what the tests need and `make run` does not: a browser, a Postgres
# server, Node, Python's gRPC, and the C compiler that Go's race detector links with. Firefox comes along
# where it can be had so; without it the tests say that they ran in Chromium alone.
set -euo pipefail

missing=()
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
  command -v google-chrome >/dev/null || missing+=(chromium)
command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
  missing+=(postgresql)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
# What plugins in Python run on: the system's Python has it, or the first in the PATH.
grpc_python() { "$1" -c 'import grpc, google.protobuf' 2>/dev/null; }
grpc_python python3 || grpc_python /usr/bin/python3 || missing+=(python3 python3-grpcio python3-protobuf)

root_with_apt() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }
firefox() { command -v firefox-esr >/dev/null || command -v firefox >/dev/null; }

# The packages of plugins in Node, as the lock file has them.
node_packages() {
  [ -d sdk/node/node_modules ] || (cd sdk/node && npm ci --silent --no-audit --no-fund)
}

if [ ${#missing[@]} -eq 0 ] && { firefox || ! root_with_apt; }; then
  node_packages
  exit 0
fi
if ! root_with_apt; then
  echo "the tests need: ${missing[*]}; install them, or run this as root where there is apt" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# The tests start servers of their own: no cluster is needed, and none is left running.
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
apt-get update -qq
if ! firefox && [ -n "$(apt-cache search --names-only '^firefox-esr$')" ]; then
  missing+=(firefox-esr)
fi
if [ ${#missing[@]} -eq 0 ]; then
  node_packages
  exit 0
fi
echo "installing ${missing[*]}"
apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
node_packages

#!/usr/bin/env bash
# Makes the generated code anew and fails when that changes it.
set -euo pipefail
cd "$(dirname "$0")/.."

made=(sdk/plugin/pluginv1 widget/dist)
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT

for dir in "${made[@]}"; do
  mkdir -p "$before/$dir"
  cp -R "$dir/." "$before/$dir/"
done
make -s generate
for dir in "${made[@]}"; do
  if ! diff -rq "$before/$dir" "$dir"; then
    echo "$dir was out of date and has been made anew: commit it" >&2
    exit 1
  fi
done

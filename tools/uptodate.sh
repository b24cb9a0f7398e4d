#!/usr/bin/env bash
# Makes the generated code anew and fails when that changes it.
set -euo pipefail
cd "$(dirname "$0")/.."

made=(sdk/plugin/pluginv1 widget/dist sdk/typescript/dist sdk/typescript/schema.d.ts)
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT

for what in "${made[@]}"; do
  mkdir -p "$before/$(dirname "$what")"
  cp -R "$what" "$before/$what"
done
make -s generate
for what in "${made[@]}"; do
  if ! diff -rq "$before/$what" "$what"; then
    echo "$what was out of date and has been made anew: commit it" >&2
    exit 1
  fi
done

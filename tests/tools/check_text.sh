#!/usr/bin/env bash
# Checks the text of a source tree: shell syntax, line ends, ASCII, no traces of the machine it was written on.
#
# Usage: check_text.sh FOLDER
# Looks at the files git tracks, or at all files when FOLDER is no git checkout. Prints every finding, exits 1 if any.
set -uo pipefail

root=$(cd "${1:?folder to check}" && pwd)
cd "$root" || exit 2
findings=0
finding() {
  printf '%s\n' "$*"
  findings=$((findings + 1))
}

# safe.directory: a checkout may belong to another user than the one who runs the tests.
if ! list=$(git -c safe.directory="$root" ls-files 2>/dev/null) || [[ -z $list ]]; then
  list=$(find . -type f -not -path '*/node_modules/*' -not -path './build/*' -not -path './.git/*' | sed 's|^\./||')
fi
files=()
while IFS= read -r file; do
  # A tracked file may be deleted in the working tree; an empty one or one with NUL bytes is no text.
  [[ -f $file ]] && grep -qI . -- "$file" && files+=("$file")
done < <(sort <<<"$list")
if ((${#files[@]} == 0)); then
  echo "$root: no text files found: is this the project?"
  exit 1
fi

# Homes and build folders of single machines. The brackets keep this file from finding itself.
machine_paths='(^|[^A-Za-z0-9_.~-])/(work[/]|root[/]|home[/][a-z]|Users[/][A-Za-z])'
# A lock file may name no registry: npm then uses the one it is configured for, the public one by default.
registry='"resolved": *"http'

# search MESSAGE [grep options] PATTERN: a finding for each line that matches, in the files on standard input (NUL-separated).
search() {
  local message=$1 hit
  shift
  while IFS= read -r hit; do
    finding "$hit  <- $message"
  done < <(LC_ALL=C xargs -0 -r grep -nH "$@" /dev/null | tr -d '\r' | cut -c 1-200)
}
every_file() { printf '%s\0' "${files[@]}"; }
# Only those whose path matches the pattern.
files_like() { every_file | grep -zE "$1"; }

search "ends in a carriage return; a line ends with a single line feed here" -e $'\r' < <(every_file)
search "a path of one machine" -E -e "$machine_paths" < <(every_file)
search "not ASCII" -P -e '[^\x00-\x7F]' < <(files_like '(\.(cpp|hpp|h|cmake|mjs|sh)|CMakeLists\.txt)$')
search "names a registry; write it with: npm install --omit-lockfile-registry-resolved" -E -e "$registry" \
  < <(files_like 'package-lock\.json$')

for file in "${files[@]}"; do
  if [[ -n "$(tail -c 1 -- "$file")" ]]; then
    finding "$file: does not end with a line feed"
  fi
  first=
  IFS= read -r first <"$file"
  if [[ $file == *.sh || $first =~ ^#!.*sh$ ]]; then
    if ! errors=$(bash -n "$file" 2>&1); then
      finding "$errors"
    fi
  fi
done

if ((findings > 0)); then
  echo "$findings findings in ${#files[@]} files"
  exit 1
fi
echo "${#files[@]} files OK"

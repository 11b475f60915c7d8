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
  finding "$root: no text files found: is this the project?"
fi

# Homes and build folders of single machines. The brackets keep this file from finding itself.
machine_paths='(^|[^A-Za-z0-9_.~-])/(work[/]|root[/]|home[/][a-z]|Users[/][A-Za-z])'
# A lock file may name no registry: npm then uses the one it is configured for, the public one by default.
registry='"resolved": *"http'

for file in "${files[@]}"; do
  if grep -q $'\r' -- "$file"; then
    finding "$file: has carriage returns; lines end with a single line feed here"
  fi
  if [[ -n "$(tail -c 1 -- "$file")" ]]; then
    finding "$file: does not end with a line feed"
  fi
  while IFS= read -r hit; do
    finding "$file:$hit  <- a path of one machine"
  done < <(grep -nE -- "$machine_paths" "$file" | cut -c 1-160)
  case $file in
    *.cpp | *.hpp | *.h | *.cmake | CMakeLists.txt | */CMakeLists.txt | *.mjs | *.sh)
      while IFS= read -r hit; do
        finding "$file:$hit  <- not ASCII"
      done < <(LC_ALL=C grep -nP '[^\x00-\x7F]' -- "$file" | cut -c 1-160)
      ;;
    *package-lock.json)
      if grep -qE -- "$registry" "$file"; then
        finding "$file: names a registry (\"resolved\"); write it with: npm install --omit-lockfile-registry-resolved"
      fi
      ;;
  esac
  if [[ $file == *.sh || "$(head -c 100 -- "$file" | head -n 1)" =~ ^#!.*sh$ ]]; then
    if ! errors=$(bash -n "$file" 2>&1); then
      finding "$errors"
    fi
  fi
done

if ((findings > 0)); then
  echo "$findings findings in ${#files[@]} files"
  exit 1
fi
echo "${#files[@]} files are well"

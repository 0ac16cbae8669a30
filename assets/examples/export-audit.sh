#!/bin/sh
# Exports the journal of one month as CSV and JSON Lines, with the head of its chain beside it.
#
#   export-audit.sh FOLDER [YEAR-MONTH]
#
# The chain is verified first: what cannot be trusted is not exported. Keep head.json where nobody who can
# write the journal can reach it; a later journal that does not contain that head was written anew.
set -eu
folder=${1:?a folder} month=${2:-$(date -u +%Y-%m)}
quarterdeck=${QUARTERDECK:-quarterdeck}
year=${month%-*} number=${month#*-}
case $number in
    12) next=$((year + 1))-01 ;;
    *) next=$year-$(printf %02d $((${number#0} + 1))) ;;
esac

mkdir -p "$folder"
"$quarterdeck" audit verify -o json > "$folder/head.json"
span="--from $month-01T00:00:00Z --to $next-01T00:00:00Z"
# shellcheck disable=SC2086
"$quarterdeck" audit export --csv $span > "$folder/$month.csv"
# shellcheck disable=SC2086
"$quarterdeck" audit export $span > "$folder/$month.jsonl"
echo "$(wc -l < "$folder/$month.jsonl") entries of $month in $folder"
